//! Files in a bucket: the same promises as in a folder, on a real server that speaks S3.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the other tests use the rest of it")]
#[path = "../rest/app.rs"]
mod app;
#[allow(dead_code, reason = "the other tests use the rest of it")]
#[path = "../rest/rows.rs"]
mod rows;
mod server;

use std::io::Cursor;
use std::net::SocketAddr;
use std::time::Duration;

use api::sweeper;
use image::{DynamicImage, ImageFormat};
use protocol::ids::AttachmentId;
use protocol::problem::Code;
use reqwest::Method;
use serde_json::json;
use testkit::http::{Client, Reply, User};
use testkit::proxy::Proxy;

use crate::app::TestApp;
use crate::server::Server;

/// Twelve megabytes: three parts of S3's least size.
const LARGE: usize = 12 * 1024 * 1024;
const SOON: Duration = Duration::from_secs(20);

async fn signed(reader: &User, id: AttachmentId) -> String {
    let reply = reader
        .client
        .get(&format!("/v1/attachments/{id}"))
        .await
        .expect(302);
    reply.header("location").to_owned()
}

async fn fetch(reader: &User, id: AttachmentId) -> Reply {
    let at = signed(reader, id).await;
    Client::anonymous(reader.client.base()).get(&at).await
}

async fn start(server: &Server) -> TestApp {
    start_at(server, server.address()).await
}

/// A service that reaches the server by this address.
async fn start_at(server: &Server, address: SocketAddr) -> TestApp {
    let settings = server.settings(address);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    TestApp::with(&settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_large_files_come_back_whole_and_in_parts() {
    let server = Server::start().await;
    let test = start(&server).await;
    let ada = test.user("ada").await;
    let large: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(LARGE).collect();
    for content in [b"small".as_slice(), &large] {
        let file = ada.client.upload("a.bin", content).await;
        let reply = fetch(&ada, file.id).await.expect(200);
        assert!(reply.bytes == content, "other bytes came back");
    }
    let file = ada.client.upload("a.bin", &large).await;
    let request = test
        .client()
        .request(Method::GET, &signed(&ada, file.id).await);
    let reply = request
        .header("range", "bytes=6000000-6000099")
        .send()
        .await
        .expect(206);
    assert_eq!(reply.bytes, large.get(6_000_000..6_000_100).unwrap());
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_small_pictures_and_avatars_are_kept_and_swept() {
    let server = Server::start().await;
    let test = start(&server).await;
    let ada = test.user("ada").await;
    let mut png = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(800, 600)
        .write_to(&mut png, ImageFormat::Png)
        .unwrap();
    let file = ada.client.upload("a.png", png.get_ref()).await;
    let small = ada
        .client
        .get(&file.thumbnail_url.unwrap())
        .await
        .expect(302);
    test.client()
        .get(small.header("location"))
        .await
        .expect(200);
    let me = ada
        .client
        .patch("/v1/me", &json!({ "avatar_upload_id": file.id }))
        .await;
    let me = me.expect(200);
    let avatar = me.body["avatar_url"].as_str().unwrap();
    test.client().get(avatar).await.expect(200);
    assert_eq!(server.objects().len(), 3);

    ada.client
        .patch("/v1/me", &json!({ "avatar_upload_id": null }))
        .await
        .expect(200);
    let age = "WITH pictures AS (UPDATE unshown_pictures SET since = since - interval '25 hours') \
               UPDATE attachments SET deleted_at = clock_timestamp() - interval '25 hours'";
    rows::change(&test.env, age).await;
    sweeper::sweep(&test.app.state).await.unwrap();
    assert_eq!(server.objects(), [""; 0]);
    test.client().get(avatar).await.problem(404, Code::NotFound);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_whose_bucket_goes_away_in_its_middle_nothing_can_be_read() {
    let server = Server::start().await;
    let proxy = Proxy::to(server.address()).await;
    let test = start_at(&server, proxy.address()).await;
    let ada = test.user("ada").await;
    let kept = ada.client.upload("a.bin", b"\x01").await;
    // Slow enough to be cut between the first part and the last.
    proxy.delay(Duration::from_millis(20));
    let large = vec![7; LARGE];
    let upload = ada.client.try_upload("large.bin", &large);
    let cut = async {
        testkit::eventually(SOON, || async {
            let parts = server.unfinished();
            if parts.is_empty() {
                Err("no part yet")
            } else {
                Ok(())
            }
        })
        .await;
        proxy.cut();
    };
    let (refused, ()) = tokio::join!(upload, cut);
    refused.problem(503, Code::Unavailable);
    proxy.restore();
    let known =
        "SELECT id::text || ' ' || (deleted_at IS NULL) AS line FROM attachments ORDER BY id";
    let known = rows::lines(&test.env, known).await;
    let [first, second] = known.as_slice() else {
        panic!("{known:?}");
    };
    assert_eq!(*first, format!("{} true", kept.id));
    let (id, readable) = second.split_once(' ').unwrap();
    assert_eq!(readable, "false");
    let path = format!("/v1/attachments/{id}");
    ada.client.get(&path).await.problem(404, Code::NotFound);
    assert_eq!(server.objects().len(), 1, "{:?}", server.objects());
    // The store is back, and so are uploads.
    let again = ada.client.upload("large.bin", &large).await;
    assert_eq!(fetch(&ada, again.id).await.expect(200).bytes, large);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_an_upload_is_refused_and_everything_else_works() {
    let mut server = Server::start().await;
    let test = start(&server).await;
    let ada = test.user("ada").await;
    let file = ada.client.upload("a.bin", b"\x01").await;
    server.stop();
    let refused = ada.client.try_upload("b.bin", b"\x01").await;
    refused.problem(503, Code::Unavailable);
    fetch(&ada, file.id).await.problem(503, Code::Unavailable);
    ada.client.get("/v1/me").await.expect(200);
    // What was noted of it cannot be read.
    assert_eq!(
        rows::number(
            &test.env,
            "SELECT count(*) AS n FROM attachments WHERE deleted_at IS NULL"
        )
        .await,
        1
    );
    test.app.stop().await;
}

//! What is left of files that nobody can read.

use api::sweeper;
use image::ImageFormat;
use protocol::ids::AttachmentId;
use protocol::problem::Code;
use serde_json::{Value, json};

use super::{address, known, picture, signed, stored};
use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn what_no_message_holds_goes_after_a_day_and_its_bytes_after_another() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let png = picture(30, 30, ImageFormat::Png);
    let forgotten = ada.client.upload("a.png", &png).await;
    let held = ada.client.upload("b.png", &png).await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    ada.client.send_file(chat, held.id).await;
    let fresh = ada.client.upload("c.png", &png).await;
    for (hours, file) in [(25, &forgotten), (25, &held), (23, &fresh)] {
        age(&test, "created_at", hours, file.id).await;
    }
    assert_eq!(stored(&test.env).len(), 6);

    sweeper::sweep(&test.app.state).await.unwrap();
    ada.client
        .get(&address(forgotten.id))
        .await
        .problem(404, Code::NotFound);
    for kept in [&held, &fresh] {
        ada.client.get(&address(kept.id)).await.expect(302);
    }
    assert_eq!(
        (known(&test.env).await, stored(&test.env).len()),
        (3, 6),
        "its bytes are kept a day"
    );

    age(&test, "deleted_at", 23, forgotten.id).await;
    sweeper::sweep(&test.app.state).await.unwrap();
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (3, 6));
    age(&test, "deleted_at", 2, forgotten.id).await;
    sweeper::sweep(&test.app.state).await.unwrap();
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (2, 4));
    assert!(
        !stored(&test.env)
            .iter()
            .any(|path| path.contains(&forgotten.id.to_string()))
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_what_is_deleted_is_nobodys_at_once_and_gone_a_day_later() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let group = ada.client.public_group("Engines").await;
    bob.client.join(group.shared.id).await;
    let group_path = format!("/v1/groups/{}", group.shared.id);
    let general = group.channels[0].id;
    let talk = ada.client.channel(group.shared.id, "talk").await.shared.id;
    let png = picture(30, 30, ImageFormat::Png);
    let kept = bob.client.upload("kept.png", &png).await.id;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    bob.client.send_file(chat, kept).await;

    let mut files = Vec::new();
    let mut messages = Vec::new();
    for room in [general, talk, general] {
        let file = bob.client.upload("a.png", &png).await.id;
        messages.push(bob.client.send_file(room, file).await);
        files.push(file);
    }
    let ways = [
        format!(
            "/v1/conversations/{general}/messages/{}?for=everyone",
            messages[0].id
        ),
        format!("/v1/channels/{talk}"),
        group_path,
    ];
    for (way, file) in ways.iter().zip(files) {
        let urls = [signed(&ada, file).await, signed(&bob, file).await];
        ada.client.delete(way).await.expect(204);
        // Not even their uploader's, nor by an address that was given out before.
        for reader in [&ada, &bob] {
            let reply = reader.client.get(&address(file)).await;
            reply.problem(404, Code::NotFound);
        }
        for url in &urls {
            test.client().get(url).await.problem(404, Code::NotFound);
        }
        // The first sweep learns of it, and the bytes wait a day.
        sweeper::sweep(&test.app.state).await.unwrap();
        age(&test, "deleted_at", 23, file).await;
        sweeper::sweep(&test.app.state).await.unwrap();
        assert!(holds_blobs_of(&test, file), "{way}");
        age(&test, "deleted_at", 2, file).await;
        sweeper::sweep(&test.app.state).await.unwrap();
        assert!(!holds_blobs_of(&test, file), "{way}");
        let row = format!("SELECT count(*) AS n FROM attachments WHERE id = '{file}'");
        assert_eq!(rows::number(&test.env, &row).await, 0, "{way}");
    }
    ada.client.get(&address(kept)).await.expect(302);
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (1, 2));
    test.app.stop().await;
}

/// Makes one of a file's times older.
async fn age(test: &TestApp, column: &str, hours: u32, file: AttachmentId) {
    let age = format!(
        "UPDATE attachments SET {column} = {column} - interval '{hours} hours' WHERE id = '{file}'"
    );
    assert_eq!(rows::change(&test.env, &age).await, 1, "{column} of {file}");
}

fn holds_blobs_of(test: &TestApp, file: AttachmentId) -> bool {
    let paths = stored(&test.env);
    paths.iter().any(|path| path.contains(&file.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_goes_too() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let file = ada.client.upload("a.bin", b"\x01").await;
    // As if it had been killed in the middle of writing, before the row became readable.
    let path = stored(&test.env).into_iter().next().unwrap();
    std::fs::rename(&path, format!("{path}#1")).unwrap();
    let kill = "UPDATE attachments SET deleted_at = clock_timestamp() - interval '25 hours'";
    rows::change(&test.env, kill).await;
    ada.client
        .get(&address(file.id))
        .await
        .problem(404, Code::NotFound);
    sweeper::sweep(&test.app.state).await.unwrap();
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (0, 0));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_nobody_shows_goes_after_a_day() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let upload = ada
        .client
        .upload("a.png", &picture(30, 30, ImageFormat::Png))
        .await
        .id;
    let mut urls = Vec::new();
    for _ in 0..2 {
        let body = json!({ "avatar_upload_id": upload });
        let me = ada.client.patch("/v1/me", &body).await.expect(200);
        urls.push(me.body["avatar_url"].as_str().unwrap().to_owned());
    }
    sweeper::sweep(&test.app.state).await.unwrap();
    test.client().get(&urls[0]).await.expect(200);
    let age = "UPDATE unshown_pictures SET since = since - interval '25 hours'";
    rows::change(&test.env, age).await;
    sweeper::sweep(&test.app.state).await.unwrap();
    test.client()
        .get(&urls[0])
        .await
        .problem(404, Code::NotFound);
    test.client().get(&urls[1]).await.expect(200);
    let me = ada.client.get("/v1/me").await.expect(200);
    assert_eq!(me.body["avatar_url"], Value::from(urls[1].as_str()));
    test.app.stop().await;
}

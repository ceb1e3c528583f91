//! What is left of files that nobody can read.

use api::sweeper;
use image::ImageFormat;
use protocol::problem::Code;
use serde_json::{Value, json};

use super::{address, known, picture, stored};
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
    let age = "UPDATE attachments SET created_at = created_at - interval '25 hours'";
    rows::change(&test.env, age).await;
    let fresh = ada.client.upload("c.png", &png).await;
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

    let age = "UPDATE attachments SET deleted_at = deleted_at - interval '25 hours'";
    rows::change(&test.env, age).await;
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

//! Uploads that lie, dawdle, vanish or come in crowds.

use std::time::Duration;

use protocol::problem::Code;
use testkit::http::{BOUNDARY, User, form_part};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{known, stored};
use crate::app::TestApp;

/// The head of an upload that announces so many bytes.
fn head(user: &User, length: usize) -> String {
    format!(
        "POST /v1/uploads HTTP/1.1\r\nHost: warren\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n",
        user.access_token
    )
}

/// Sends a beginning, then one byte at each step, until an answer comes.
async fn drip(test: &TestApp, head: &str, begin: &[u8], step: Duration) -> String {
    let stream = TcpStream::connect(test.app.http).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    writer.write_all(begin).await.unwrap();
    let dripping = async {
        loop {
            tokio::time::sleep(step).await;
            // The server may have hung up: then its answer is there.
            _ = writer.write_all(b"x").await;
        }
    };
    let mut answer = vec![0; 4096];
    let count = tokio::select! {
        count = reader.read(&mut answer) => count.unwrap(),
        () = dripping => 0,
    };
    String::from_utf8_lossy(answer.get(..count).unwrap()).into_owned()
}

/// Nothing is known of an upload, and the server takes the next one.
async fn assert_nothing_left(test: &TestApp, user: &User) {
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (0, 0));
    user.client.upload("next.txt", b"next").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stops_is_given_up() {
    let test = TestApp::with(&[("WARREN_FILES_UPLOAD_STALL_MS", "500")]).await;
    let ada = test.user("ada").await;
    let begin = form_part("file", "a.bin", &[1; 1000]);
    // It announces more than it sends.
    let answer = drip(
        &test,
        &head(&ada, 100_000),
        &begin,
        Duration::from_secs(600),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_nothing_left(&test, &ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_never_ends_is_given_up() {
    let test = TestApp::with(&[("WARREN_FILES_UPLOAD_DEADLINE_MS", "1500")]).await;
    let ada = test.user("ada").await;
    let begin = form_part("file", "a.bin", &[1; 1000]);
    let answer = drip(
        &test,
        &head(&ada, 100_000),
        &begin,
        Duration::from_millis(50),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_nothing_left(&test, &ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_longer_than_it_says_is_cut_off() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let form = form_part("file", "a.bin", &[1; 1000]);
    let answer = drip(&test, &head(&ada, 300), &form, Duration::from_secs(600)).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_nothing_left(&test, &ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_leaves_nothing() {
    // One turn: the next upload waits for the end of the one before.
    let test = TestApp::with(&[("WARREN_FILES_PARALLEL_UPLOADS", "1")]).await;
    let ada = test.user("ada").await;
    for _ in 0..3 {
        let mut stream = TcpStream::connect(test.app.http).await.unwrap();
        stream
            .write_all(head(&ada, 10_000_000).as_bytes())
            .await
            .unwrap();
        stream
            .write_all(&form_part("file", "a.bin", &[1; 100_000]))
            .await
            .unwrap();
        drop(stream);
    }
    assert_nothing_left(&test, &ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_waits_for_its_turn_and_is_served() {
    let test = TestApp::with(&[("WARREN_FILES_PARALLEL_UPLOADS", "3")]).await;
    let ada = test.user("ada").await;
    let content = vec![7; 300_000];
    let uploads = (0..100).map(|_| ada.client.upload("crowd.bin", &content));
    let files = futures_util::future::join_all(uploads).await;
    assert!(files.iter().all(|file| file.size == 300_000));
    assert_eq!(
        (known(&test.env).await, stored(&test.env).len()),
        (100, 100)
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_place_in_the_line_is_told_to_come_again() {
    let test = TestApp::with(&[
        ("WARREN_FILES_PARALLEL_UPLOADS", "1"),
        ("WARREN_FILES_WAITING_UPLOADS", "0"),
    ])
    .await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let intake = &test.app.state.files.intake;
    let turn = intake.turn(ada.id()).await.unwrap();
    let reply = bob.client.try_upload("b.txt", b"b").await;
    reply.problem(503, Code::Unavailable);
    drop(turn);
    bob.client.upload("b.txt", b"b").await;
    test.app.stop().await;
}

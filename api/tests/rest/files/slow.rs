//! Uploads that lie, dawdle, vanish or come in crowds.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use protocol::problem::Code;
use testkit::TestEnv;
use testkit::http::{BOUNDARY, User, form_part};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{known, list, stored};
use crate::app::TestApp;

/// The service notices that a client is gone when it reads on.
const SOON: Duration = Duration::from_secs(20);

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

/// A service whose spool is nobody else's.
async fn start(settings: &[(&str, &str)]) -> TestApp {
    let env = TestEnv::new().await;
    let spool = spool(&env);
    std::fs::create_dir(&spool).unwrap();
    let spool = spool.display().to_string();
    let own = [("WARREN_FILES_SPOOL_DIR", spool.as_str())];
    TestApp::on(env, &[&own[..], settings].concat()).await
}

fn spool(env: &TestEnv) -> PathBuf {
    env.dir().join("spool")
}

/// What waits in the spool: files that have no name are there as long as somebody has them open.
fn spooled(test: &TestApp) -> Vec<String> {
    let spool = spool(&test.env);
    let mut found = Vec::new();
    list(&spool, &mut found);
    for open in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        // Others of this process are closed meanwhile.
        let path = std::fs::read_link(open.path()).unwrap_or_default();
        if path.starts_with(&spool) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Nothing is known or kept of an upload, and the server takes the next one.
async fn assert_nothing_left(test: &TestApp, user: &User) {
    testkit::eventually(SOON, || async {
        let left = (known(&test.env).await, stored(&test.env), spooled(test));
        if left == (0, vec![], vec![]) {
            Ok(())
        } else {
            Err(left)
        }
    })
    .await;
    user.client.upload("next.txt", b"next").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stops_is_given_up() {
    let test = start(&[("WARREN_FILES_UPLOAD_STALL_MS", "500")]).await;
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
    let test = start(&[("WARREN_FILES_UPLOAD_DEADLINE_MS", "1500")]).await;
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
    let test = start(&[]).await;
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
    let test = start(&[("WARREN_FILES_PARALLEL_UPLOADS", "1")]).await;
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
        // It vanishes in the middle, not before the server has begun.
        testkit::eventually(SOON, || async {
            let begun = spooled(&test).len();
            if begun == 1 { Ok(()) } else { Err(begun) }
        })
        .await;
        drop(stream);
        testkit::eventually(SOON, || async {
            let left = spooled(&test);
            if left.is_empty() { Ok(()) } else { Err(left) }
        })
        .await;
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

#[tokio::test(flavor = "multi_thread")]
async fn nobody_fills_the_line_alone() {
    let test = TestApp::with(&[
        ("WARREN_FILES_PARALLEL_UPLOADS", "2"),
        ("WARREN_FILES_PARALLEL_UPLOADS_PER_USER", "1"),
        ("WARREN_FILES_WAITING_UPLOADS", "2"),
    ])
    .await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let intake = &test.app.state.files.intake;
    let turn = intake.turn(ada.id()).await.unwrap();
    let mut waiting = Box::pin(intake.turn(ada.id()));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    // Half of the places are hers.
    let third = intake.turn(ada.id()).now_or_never();
    assert!(third.expect("it does not wait").is_err());
    bob.client.upload("b.txt", b"b").await;
    drop(turn);
    drop(waiting.await.unwrap());
    test.app.stop().await;
}

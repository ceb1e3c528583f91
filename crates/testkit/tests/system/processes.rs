//! Real processes: started, talked to, killed, started again.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use protocol::ids::ClientId;
use protocol::message::Message;
use protocol::problem::Code;
use testkit::client::Device;
use testkit::process::{ORIGIN, System};
use testkit::ws::Connect;
use testkit::{TempDir, TestEnv, eventually};

const SOON: Duration = Duration::from_secs(20);
/// Set in the copy of this program that a test kills.
const HELPER: &str = "TESTKIT_HELPER";

#[tokio::test]
async fn two_api_processes_share_what_they_know_and_survive_a_kill() {
    let mut system = System::builder().await.api(2).ws(0).start().await;
    let ada = system.register("ada").await;
    let bob = system.client(1).register("bob").await;

    let chat = ada.client.direct(bob.id()).await.shared.id;
    let mut device = Device::fresh(&bob).await;
    let client_id = ClientId::new();
    let first: Message = ada
        .client
        .try_send(chat, client_id, "one")
        .await
        .expect(201)
        .json();
    system.api[0].kill9();
    assert!(!system.api[0].is_running());

    // The other one knows it, and does not take it twice.
    let ada = system.user_at(1, &ada);
    let again: Message = ada
        .client
        .try_send(chat, client_id, "one")
        .await
        .expect(200)
        .json();
    assert_eq!(again.id, first.id);
    ada.client.send(chat, "two").await;

    device.sync().await;
    assert_eq!(device.snapshot(), Device::fresh(&bob).await.snapshot());
    let bodies: Vec<String> = device.snapshot()[&chat]
        .messages
        .iter()
        .map(|message| message.body.clone())
        .collect();
    assert_eq!(bodies, ["one", "two"]);

    system.api[0].restart().await;
    let reply = system.user_at(0, &ada).client.get("/v1/me").await;
    assert_eq!(reply.expect(200).body["username"], "ada");
    let eve = system.client(0).register("eve").await;
    let foreign = eve.client.get(&format!("/v1/conversations/{chat}")).await;
    let problem = foreign.problem(404, Code::NotFound);
    assert!(!problem.detail.is_empty());
}

#[tokio::test]
async fn a_process_ends_when_it_is_asked_to_and_its_logs_tell() {
    let mut system = System::builder().await.ws(0).start().await;
    let api = &mut system.api[0];
    api.logs()
        .expect(|record| record["service"] == "api", SOON)
        .await;
    api.terminate();
    let status = api.wait_exit(SOON).await;
    assert!(status.success(), "{status}\n{}", api.logs());
}

#[tokio::test]
async fn a_fault_between_a_process_and_its_database_shows_in_readyz() {
    let env = TestEnv::with_faults().await;
    let system = System::on(env).ws(0).start().await;
    let api = &system.api[0];
    system.env.faults().database.cut();
    let body = api.wait_readyz(503, SOON).await;
    assert!(body.contains("postgres"), "{body}");
    system.env.faults().database.restore();
    api.wait_readyz(200, SOON).await;
}

#[tokio::test]
#[should_panic(expected = "WARREN_DATABASE_URL")]
async fn a_process_that_does_not_start_says_why() {
    let builder = System::builder().await;
    builder.set("WARREN_DATABASE_URL", "nonsense").start().await;
}

#[tokio::test]
async fn processes_die_with_a_test_that_is_killed() {
    let program = std::env::current_exe().expect("it runs");
    let mut helper = Command::new(program)
        .args(["--exact", "processes::what_is_killed", "--nocapture"])
        .env(HELPER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let lines = BufReader::new(helper.stdout.take().expect("it is piped")).lines();
    let told = tokio::task::spawn_blocking(move || {
        let mut lines = lines.map_while(Result::ok);
        lines.find_map(|line| Some(line.split_once("started=")?.1.to_owned()))
    });
    let told = told.await.expect("it reads");
    let told = told.expect("the helper says what it started");
    let (pid, dir) = told.split_once(' ').expect("a process and a folder");
    let process = format!("/proc/{pid}");
    assert!(Path::new(&process).exists());

    helper.kill().expect("it runs");
    helper.wait().expect("it was killed");
    // A process of a parent that is gone is collected by somebody else, perhaps never.
    eventually(SOON, || async {
        let stat = std::fs::read_to_string(format!("{process}/stat"));
        stat.map_or(true, |stat| stat.contains(") Z "))
    })
    .await;
    // The next test process does this by itself.
    assert!(Path::new(&dir).exists());
    TempDir::sweep();
    assert!(!Path::new(&dir).exists());
}

/// Not a test by itself: what the one above starts and kills.
#[tokio::test]
async fn what_is_killed() {
    if std::env::var_os(HELPER).is_none() {
        return;
    }
    let system = System::builder().await.ws(0).start().await;
    let pid = system.api[0].id().expect("it runs");
    let told = format!("\nstarted={pid} {}\n", system.env.dir().display());
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes()).expect("the test listens");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_device_that_lives_by_events_agrees_with_the_database() {
    let mut system = System::builder().await.api(2).ws(2).start().await;
    let ada = system.register("ada").await;
    let bob = system.client(1).register("bob").await;
    let socket = system.socket(0, &bob).await;
    let mut device = Device::fresh(&bob).await;

    let chat = ada.client.direct(bob.id()).await.shared.id;
    for body in ["one", "two", "three"] {
        ada.client.send(chat, body).await;
    }
    device.converge(&socket, &bob, SOON).await;
    assert_eq!(device.snapshot()[&chat].me.unread, 3);

    // Its server dies; it goes on at the other one.
    system.ws[0].kill9();
    assert_eq!(socket.expect_close().await, 1006);
    ada.client.send(chat, "while it was away").await;
    let socket = system.socket(1, &bob).await;
    device.moved();
    device.sync().await;
    ada.client.send(chat, "and after").await;
    device.converge(&socket, &bob, SOON).await;
    assert_eq!(device.snapshot()[&chat].messages.len(), 5);
}

#[tokio::test]
async fn a_browser_needs_an_origin_that_is_allowed() {
    let system = System::builder().await.start().await;
    let ada = system.register("ada").await;
    let url = system.ws_url(0);
    let open = |origin| {
        let connect = Connect::to(&url).subprotocol(&ada.access_token);
        connect.origin(origin).open()
    };
    let socket = open(ORIGIN).await.expect("this one is allowed");
    assert_eq!(socket.protocol.as_deref(), Some("warren.v1"));
    socket.expect_hello().await;
    let refused = open("http://elsewhere.test").await;
    assert_eq!(refused.expect_err("this one is not").status, 403);
    let refused = Connect::to(&url).open().await;
    assert_eq!(refused.expect_err("no token").status, 401);
}

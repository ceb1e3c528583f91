//! The binary itself: its command line, its faults and its signals.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use protocol::frame::{ReadyReason, ServerFrame};
use testkit::TestEnv;
use testkit::ws::Socket;

use crate::api::{self, Api};
use crate::server::{DEADLINE, pairs};

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ws-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WARREN_")) {
        command.env_remove(name);
    }
    command
}

#[test]
fn config_prints_every_setting() {
    let output = binary().arg("config").output().unwrap();
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    for name in [
        "WARREN_BROKER_URL",
        "WARREN_WS_HEARTBEAT_MS",
        "WARREN_PRESENCE_SERVERS",
        "WARREN_RATE_LIMITS",
    ] {
        assert!(table.contains(&format!("| `{name}` |")), "{name}\n{table}");
    }
}

#[test]
fn faulty_settings_are_all_named_and_end_with_64() {
    let output = binary().env("WARREN_WS_SWEEP_MS", "0").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let faults = String::from_utf8(output.stderr).unwrap();
    for name in [
        "WARREN_WS_SWEEP_MS",
        "WARREN_BROKER_URL",
        "WARREN_API_JWKS_URLS",
    ] {
        assert!(faults.contains(name), "{faults}");
    }
}

#[tokio::test]
async fn a_signal_drains_and_the_logs_say_who_came_and_nothing_secret() {
    let env = TestEnv::new().await;
    let api = Api::start(&env);
    let overrides = [("WARREN_WS_DRAIN_SPREAD_MS", "200")];
    let mut child = binary()
        .envs(pairs(&env, &api, &overrides))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut log = Vec::new();
    let address = loop {
        let line = lines
            .next()
            .expect("a line that says where it listens")
            .unwrap();
        let fields: serde_json::Value = serde_json::from_str(&line).unwrap();
        log.push(line);
        if fields["message"] == "listening" {
            break fields["address"].as_str().unwrap().to_owned();
        }
    };
    let person = api::person(&env.secrets().signing_key);
    let url = format!("ws://{address}/ws");
    let socket = testkit::eventually(DEADLINE, || async {
        testkit::ws::Connect::to(&url)
            .bearer(&person.token)
            .open()
            .await
    })
    .await;
    let hello = socket.expect_hello().await;
    socket.expect_ready(ReadyReason::Connected).await;
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let draining = |frame: &ServerFrame| matches!(frame, ServerFrame::Draining { .. });
    Socket::expect_event(&socket, draining, DEADLINE).await;
    assert_eq!(socket.expect_close().await, 1001);
    let status = tokio::task::spawn_blocking(move || {
        log.extend(lines.map(|line| line.unwrap()));
        (child.wait().unwrap(), log)
    });
    let (status, log) = tokio::time::timeout(DEADLINE, status)
        .await
        .unwrap()
        .unwrap();
    assert!(status.success(), "{status}");
    let log = log.join("\n");
    for part in [
        hello.connection_id.to_string(),
        person.user_id.to_string(),
        "socket opened".to_owned(),
        "socket closed".to_owned(),
    ] {
        assert!(log.contains(&part), "{part} is not in\n{log}");
    }
    let secrets = [&person.token, &env.secrets().internal_credential];
    assert!(!secrets.iter().any(|secret| log.contains(*secret)), "{log}");
    api.stop().await;
    env.close().await;
}

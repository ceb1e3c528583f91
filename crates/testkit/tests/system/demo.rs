//! The demo, as somebody sees it who tries the system for the first time.

use std::process::{Command, Output, Stdio};

use testkit::process::System;

use crate::programs;

async fn play(url: String, ws: String) -> Output {
    let mut command = Command::new(programs::example("demo"));
    command.stdin(Stdio::null());
    command
        .env("WARREN_DEMO_URL", url)
        .env("WARREN_DEMO_WS", ws);
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.expect("it waits").expect("it runs")
}

fn url(system: &System) -> String {
    format!("http://{}", system.api[0].http())
}

#[tokio::test]
async fn the_demo_plays_to_its_end() {
    let system = System::builder().await.api(2).ws(2).start().await;
    let ws = format!("{},{}", system.ws_url(0), system.ws_url(1));
    let output = play(url(&system), ws).await;
    let told = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    println!("{told}{faults}");
    assert!(output.status.success(), "{}", output.status);
    assert!(told.contains("6 messages, 0 lost, 0 doubled, 0 out of order"));
}

#[tokio::test]
async fn the_demo_says_what_to_do_when_it_cannot_play() {
    let builder = System::builder().await.ws(0);
    let builder = builder.set("WARREN_AUTH_REGISTRATION", "closed");
    let system = builder.start().await;
    let nobody = "http://127.0.0.1:1".to_owned();
    for (url, advice) in [
        (url(&system), "WARREN_AUTH_REGISTRATION=open make up"),
        (nobody, "make up"),
    ] {
        let output = play(url, "ws://nowhere/ws,ws://nowhere/ws".to_owned()).await;
        let faults = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && faults.contains(advice),
            "{faults}"
        );
    }
}

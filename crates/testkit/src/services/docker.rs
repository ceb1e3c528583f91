//! Servers in containers.
//!
//! A static is never dropped, so the containers' own destructors do not run at the end of the
//! process. A keeper does it: a shell that waits for the end of its stdin, which comes when this
//! process ends in any way, and then removes them. Should the keeper be killed too, the next start
//! sweeps containers whose owner is gone.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use testcontainers::core::{ContainerPort, IntoContainerPort};
use testcontainers::runners::AsyncRunner;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Services;
use crate::owner;
use crate::wait::eventually;

/// The process that started a container.
const OWNER_LABEL: &str = "org.warren.testkit.owner";
const START_DEADLINE: Duration = Duration::from_secs(120);
const POSTGRES: u16 = 5432;
const AMQP: u16 = 5672;
const MANAGEMENT: u16 = 15672;
const MEMCACHED: u16 = 11211;

pub(super) async fn start() -> Services {
    sweep();
    let (postgres, rabbitmq, memcached) = tokio::join!(
        run(image("POSTGRES", "postgres:15", &[POSTGRES])
            .with_env_var("POSTGRES_USER", "warren")
            .with_env_var("POSTGRES_PASSWORD", "warren")
            .with_env_var("POSTGRES_DB", "warren")),
        run(image(
            "RABBITMQ",
            "rabbitmq:3-management",
            &[AMQP, MANAGEMENT]
        )),
        run(image("MEMCACHED", "memcached:1.6", &[MEMCACHED])),
    );
    let keeper = keeper(&[postgres.id(), rabbitmq.id(), memcached.id()]);
    let database = address(&postgres, POSTGRES).await;
    let broker = address(&rabbitmq, AMQP).await;
    let management = address(&rabbitmq, MANAGEMENT).await;
    let presence = address(&memcached, MEMCACHED).await;
    let lines = HashMap::from([
        (
            super::DATABASE.to_owned(),
            format!("postgres://warren:warren@{database}/warren"),
        ),
        (
            super::BROKER.to_owned(),
            format!("amqp://guest:guest@{broker}"),
        ),
        (
            super::MANAGEMENT.to_owned(),
            format!("http://guest:guest@{management}"),
        ),
        (super::PRESENCE.to_owned(), presence.to_string()),
    ]);
    let services = Services::from_lines(&lines, Some(keeper), "docker");
    await_answers(&services, presence).await;
    // From here on the keeper owns them.
    std::mem::forget((postgres, rabbitmq, memcached));
    services
}

/// `WARREN_TEST_<NAME>_IMAGE` or the default. No log line is waited for: images differ in theirs.
fn image(name: &str, default: &str, ports: &[u16]) -> ContainerRequest<GenericImage> {
    let variable = format!("WARREN_TEST_{name}_IMAGE");
    let reference = std::env::var(&variable).unwrap_or_else(|_unset| default.to_owned());
    // A colon before the last slash belongs to a registry's port.
    let (repository, tag) = match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (reference.as_str(), "latest"),
    };
    let image = ports
        .iter()
        .fold(GenericImage::new(repository, tag), |image, port| {
            image.with_exposed_port(port.tcp())
        });
    image
        .with_label(OWNER_LABEL, owner::own())
        .with_startup_timeout(START_DEADLINE)
}

async fn run(request: ContainerRequest<GenericImage>) -> ContainerAsync<GenericImage> {
    let started: Result<_, TestcontainersError> = request.start().await;
    started.unwrap_or_else(|error| {
        panic!("WARREN_TEST_SERVICES=docker, but a container cannot be started: {error}")
    })
}

async fn address(container: &ContainerAsync<GenericImage>, port: u16) -> SocketAddr {
    let mapped = container
        .get_host_port_ipv4(ContainerPort::Tcp(port))
        .await
        .unwrap();
    ([127, 0, 0, 1], mapped).into()
}

/// Until each of them really serves: a mapped port accepts connections before its server does.
async fn await_answers(services: &Services, presence: SocketAddr) {
    tokio::join!(
        eventually(START_DEADLINE, || AsyncPgConnection::establish(
            &services.database_url
        )),
        eventually(START_DEADLINE, || lapin::Connection::connect(
            &services.broker_url,
            lapin::ConnectionProperties::default()
        )),
        eventually(START_DEADLINE, || async {
            let answer = reqwest::Client::builder().no_proxy().build()?;
            answer
                .get(format!("{}/api/overview", services.management_url))
                .send()
                .await?
                .error_for_status()
        }),
        eventually(START_DEADLINE, || async move {
            let mut stream = TcpStream::connect(presence).await?;
            stream.write_all(b"version\r\n").await?;
            stream.read_u8().await
        }),
    );
}

fn keeper(ids: &[&str]) -> Child {
    Command::new("sh")
        .args([
            "-c",
            "cat >/dev/null; exec docker rm --force --volumes \"$@\" >/dev/null",
            "sh",
        ])
        .args(ids)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start the containers' keeper: {error}"))
}

/// Removes containers of test processes that are gone.
fn sweep() {
    let listed = docker(&[
        "ps",
        "--all",
        "--filter",
        &format!("label={OWNER_LABEL}"),
        "--format",
        &format!("{{{{.ID}}}} {{{{.Label \"{OWNER_LABEL}\"}}}}"),
    ]);
    for line in listed.lines() {
        let Some((id, label)) = line.split_once(' ') else {
            continue;
        };
        if owner::is_gone(label) {
            // Its own keeper may be just about to: whoever comes second fails.
            _ = Command::new("docker")
                .args(["rm", "--force", "--volumes", id])
                .output();
        }
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!("WARREN_TEST_SERVICES=docker needs the docker command: {error}")
        });
    assert!(
        output.status.success(),
        "docker {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

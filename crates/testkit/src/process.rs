//! The real binaries as processes: started, watched, killed.

mod binary;
mod front_door;
mod logs;
mod ports;
mod spawner;
mod system;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

pub use binary::Binary;
pub use front_door::FrontDoor;
pub use logs::Logs;
pub use system::{Builder, ORIGIN, System};

use crate::{Answer, eventually};

/// For a debug build on a machine that compiles beside it.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// Other processes may take a port between its choice and its use.
const PORT_TRIES: u32 = 5;

/// One process of a service, with a public and an admin port of its own. It is killed when it is
/// dropped, and also when the test process is killed.
#[derive(Debug)]
pub struct Process {
    binary: Binary,
    name: String,
    settings: BTreeMap<String, String>,
    http: SocketAddr,
    admin: SocketAddr,
    logs: Logs,
    child: Option<Child>,
}

impl Process {
    /// Starts a service on free ports and waits until it is ready. `name` is its instance name.
    ///
    /// # Panics
    /// If it ends or is not ready in time; the message holds its logs.
    pub async fn start(binary: Binary, name: &str, settings: BTreeMap<String, String>) -> Self {
        for _ in 0..PORT_TRIES {
            let mut process = Self {
                binary,
                name: name.to_owned(),
                settings: settings.clone(),
                http: ports::free(),
                admin: ports::free(),
                logs: Logs::default(),
                child: None,
            };
            process.spawn();
            match process.await_ready().await {
                Ok(()) => return process,
                Err(_) if process.logs.mention("ddress already in use") => {}
                Err(reason) => panic!("{name}: {reason}\n{}", process.logs),
            }
        }
        panic!("{name}: no free ports in {PORT_TRIES} tries");
    }

    /// Runs a command of a binary to its end, such as `migrate`, and gives what it printed.
    ///
    /// # Panics
    /// If it fails.
    pub async fn run(
        binary: Binary,
        arguments: &[&str],
        settings: BTreeMap<String, String>,
    ) -> String {
        let mut command = command(binary, arguments, &settings);
        let label = format!("{binary} {}", arguments.join(" "));
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap_or_else(|error| panic!("{label}: {error}"));
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{label}: {}\n{stdout}{stderr}",
            output.status
        );
        stdout
    }

    /// Its instance name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, while it was started and not killed.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Where it serves clients.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Its admin port.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// What it has logged, over all its starts.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.settings.insert(name.to_owned(), value.to_string());
    }

    /// Its `/metrics`.
    pub async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.admin);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// Sends a signal by its name, such as `TERM`, `STOP`, `CONT`.
    ///
    /// # Panics
    /// If it does not run.
    pub fn signal(&mut self, name: &str) {
        assert!(
            self.is_running(),
            "{} does not run\n{}",
            self.name,
            self.logs
        );
        let pid = self.child.as_ref().expect("it runs").id();
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "kill -s {name} {pid}: {status}");
    }

    /// Kills it at once: nothing of it runs any more when this returns.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Asks it to end; [`wait_exit`](Self::wait_exit) waits for that.
    pub fn terminate(&mut self) {
        self.signal("TERM");
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// If it has not by the deadline; the message holds its logs.
    #[track_caller]
    pub fn wait_exit(&mut self, deadline: Duration) -> impl Future<Output = ExitStatus> {
        let look = move || {
            let child = self.child.as_mut().expect("it was started, not killed");
            let ended = child.try_wait().unwrap();
            let (name, logs) = (self.name.clone(), self.logs.clone());
            async move { ended.ok_or_else(|| Explained(format!("{name} still runs\n{logs}"))) }
        };
        eventually(deadline, look)
    }

    /// Starts it again on the same ports, after its end, and waits until it is ready.
    pub async fn restart(&mut self) {
        self.kill9();
        self.spawn();
        if let Err(reason) = self.await_ready().await {
            panic!("{}: {reason}\n{}", self.name, self.logs);
        }
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// Waits until `/readyz` answers with this status: 200, or 503 while a dependency is down.
    #[track_caller]
    pub fn wait_readyz(&self, status: u16, deadline: Duration) -> impl Future<Output = String> {
        let url = format!("http://{}/readyz", self.admin);
        eventually(deadline, move || {
            let url = url.clone();
            async move { readyz(&url, status).await.map_err(Explained) }
        })
    }

    fn spawn(&mut self) {
        let mut settings = self.settings.clone();
        for (name, value) in [
            ("WARREN_HTTP_BIND", self.http.to_string()),
            ("WARREN_ADMIN_BIND", self.admin.to_string()),
            ("WARREN_LOG_SERVICE_INSTANCE", self.name.clone()),
        ] {
            settings.insert(name.to_owned(), value);
        }
        let mut command = command(self.binary, &["serve"], &settings);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawner::spawn(command)
            .unwrap_or_else(|error| panic!("{}: {error}", self.binary.path().display()));
        self.logs.follow(child.stdout.take().expect("it is piped"));
        self.logs.follow(child.stderr.take().expect("it is piped"));
        self.child = Some(child);
    }

    async fn await_ready(&mut self) -> Result<(), String> {
        let url = format!("http://{}/readyz", self.admin);
        let end = tokio::time::Instant::now() + READY_DEADLINE;
        loop {
            if !self.is_running() {
                self.logs.await_end().await;
                return Err("it ended before it was ready".to_owned());
            }
            match readyz(&url, 200).await.into_result() {
                Ok(_) => return Ok(()),
                Err(seen) if tokio::time::Instant::now() > end => {
                    return Err(format!("not ready within {READY_DEADLINE:?}: {seen}"));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// The command, with none of the caller's own settings.
fn command(binary: Binary, arguments: &[&str], settings: &BTreeMap<String, String>) -> Command {
    let mut command = spawner::command(&binary.path());
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WARREN_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).envs(settings);
    command
}

/// A text that is shown as it is, its lines not escaped.
struct Explained(String);

impl std::fmt::Debug for Explained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

async fn readyz(url: &str, status: u16) -> Result<String, String> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).timeout(Duration::from_secs(5)).send().await;
    let answer = answer.map_err(|error| format!("{error:?}"))?;
    let seen = answer.status().as_u16();
    let body = answer.text().await.map_err(|error| format!("{error:?}"))?;
    if seen == status {
        Ok(body)
    } else {
        Err(format!("{seen} {body}"))
    }
}

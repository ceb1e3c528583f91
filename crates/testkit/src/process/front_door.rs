//! nginx before a whole system, with the project's own `nginx.conf`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::{Logs, PORT_TRIES, Process, System, ports, spawner};
use crate::TempDir;

/// It starts in milliseconds; this is for a machine that compiles beside it.
const ANSWER_DEADLINE: Duration = Duration::from_secs(20);

/// One address for every process of a system. It ends when it is dropped, or with its test.
#[derive(Debug)]
pub struct FrontDoor {
    address: SocketAddr,
    logs: Logs,
    child: Child,
    _dir: TempDir,
}

impl FrontDoor {
    /// Starts before the processes of `system`, on a free port, and waits until it answers.
    ///
    /// # Panics
    /// If it does not; the message holds what it said.
    pub async fn start(system: &System) -> Self {
        for _ in 0..PORT_TRIES {
            let mut door = Self::spawn(system, ports::free());
            match door.await_answer().await {
                Ok(()) => return door,
                Err(_) if door.logs.mention("ddress already in use") => {}
                Err(reason) => panic!("nginx {reason}\n{}", door.logs),
            }
        }
        panic!("no free port for nginx in {PORT_TRIES} tries");
    }

    /// Where it takes HTTP, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it takes sockets.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Its own log, and a JSON object for each request.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    fn spawn(system: &System, address: SocketAddr) -> Self {
        let dir = TempDir::new();
        let conf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx.conf");
        let conf = std::fs::read(&conf).unwrap_or_else(|e| panic!("{}: {e}", conf.display()));
        let conf = dir.write("nginx.conf", conf);
        dir.write("site/main.conf", main_conf(dir.path()));
        dir.write("site/http.conf", http_conf(system, dir.path()));
        dir.write(
            "site/server.conf",
            format!("listen {address};\nserver_name _;\n"),
        );
        let mut command = spawner::command(&program());
        command.arg("-p").arg(dir.path()).arg("-c").arg(conf);
        command.args(["-e", "stderr", "-g", "daemon off;"]);
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawner::spawn(command).unwrap_or_else(|error| panic!("nginx: {error}"));
        let logs = Logs::default();
        logs.follow(child.stdout.take().expect("it is piped"));
        logs.follow(child.stderr.take().expect("it is piped"));
        Self {
            address,
            logs,
            child,
            _dir: dir,
        }
    }

    async fn await_answer(&mut self) -> Result<(), String> {
        let end = Instant::now() + ANSWER_DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.logs.await_end().await;
                return Err(format!("ended: {status}"));
            }
            match TcpStream::connect(self.address).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error.to_string()),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for FrontDoor {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Debian has it where a plain user's PATH does not lead.
fn program() -> PathBuf {
    let found = Path::new("/usr/sbin/nginx");
    if found.is_file() {
        found
    } else {
        Path::new("nginx")
    }
    .to_owned()
}

/// One process alone: the workers of a master that is killed would stay.
fn main_conf(dir: &Path) -> String {
    format!(
        "master_process off;\npid {}/pid;\nerror_log stderr warn;\n",
        dir.display()
    )
}

fn http_conf(system: &System, dir: &Path) -> String {
    let mut conf = "access_log /dev/stdout warren;\n".to_owned();
    for (kind, path) in [
        ("client_body", "body"),
        ("proxy", "proxy"),
        ("fastcgi", "fastcgi"),
        ("uwsgi", "uwsgi"),
        ("scgi", "scgi"),
    ] {
        conf += &format!("{kind}_temp_path {}/{path};\n", dir.display());
    }
    conf += &upstream("warren_api", "keepalive 64;", &system.api);
    conf += &upstream("warren_ws", "least_conn;", &system.ws);
    // Nobody asks for a page of the web client here.
    conf += &upstream("warren_web", "keepalive 64;", &system.api);
    conf
}

/// As the dev stack writes it (`infra/dev/lib/front_door.sh`): no replica is ever left out.
fn upstream(name: &str, how: &str, processes: &[Process]) -> String {
    let servers: String = processes
        .iter()
        .map(|process| format!("server {} max_fails=0;\n", process.http()))
        .collect();
    format!("upstream {name} {{\nzone {name} 128k;\n{how}\n{servers}}}\n")
}

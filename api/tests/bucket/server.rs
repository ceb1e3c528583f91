//! A server that speaks S3, for one test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testkit::TempDir;
use testkit::keys::random_secret;
use tokio::net::TcpStream;

const ACCESS_KEY_ID: &str = "warren";
const BUCKET: &str = "files";
/// Where the server keeps what is not whole, inside the bucket's folder.
const UNFINISHED: &str = "/.sgwtmp/";

/// A versitygw over a folder, killed with its test.
pub struct Server {
    child: Child,
    address: SocketAddr,
    secret_file: PathBuf,
    dir: TempDir,
}

impl Server {
    /// Starts one on a free port, with an empty bucket.
    pub async fn start() -> Self {
        let binary = std::env::var_os("WARREN_TEST_S3_SERVER")
            .expect("WARREN_TEST_S3_SERVER names the server: infra/ci/s3-server sets it");
        let dir = TempDir::new();
        let secret = random_secret();
        let secret_file = dir.write("secret", &secret);
        // A folder below the root is a bucket.
        std::fs::create_dir_all(dir.path().join("root").join(BUCKET)).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(binary)
            .args(["--port", &address.to_string(), "posix"])
            .arg(dir.path().join("root"))
            .env("ROOT_ACCESS_KEY", ACCESS_KEY_ID)
            .env("ROOT_SECRET_KEY", &secret)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            address,
            secret_file,
            dir,
        };
        testkit::eventually(Duration::from_secs(30), || async {
            TcpStream::connect(address)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        })
        .await;
        server
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The settings that lead there, by this address or another one.
    pub fn settings(&self, address: SocketAddr) -> [(&'static str, String); 4] {
        [
            ("WARREN_FILES_LOCATION", format!("s3://{BUCKET}")),
            ("WARREN_FILES_S3_ENDPOINT", format!("http://{address}")),
            ("WARREN_FILES_S3_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            (
                "WARREN_FILES_S3_SECRET_KEY_FILE",
                self.secret_file.display().to_string(),
            ),
        ]
    }

    /// What is in the bucket.
    pub fn objects(&self) -> Vec<String> {
        let mut found = self.files();
        found.retain(|path| !path.contains(UNFINISHED));
        found
    }

    /// Parts of files that are not whole yet.
    pub fn unfinished(&self) -> Vec<String> {
        let mut found = self.files();
        found.retain(|path| path.contains(UNFINISHED));
        found
    }

    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(&self.dir.path().join("root").join(BUCKET), &mut found);
        found
    }

    /// Ends it.
    pub fn stop(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn list(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path.display().to_string());
        }
    }
}

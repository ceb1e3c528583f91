//! The binary's commands: settings, migrations, and what their callers see.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use testkit::TestEnv;

/// A call of the binary in the making.
#[derive(Clone)]
pub struct Cli {
    settings: BTreeMap<String, String>,
    input: String,
}

impl Cli {
    /// With the settings of a command that needs the database.
    pub fn on(env: &TestEnv) -> Self {
        Self::with(&[("WARREN_DATABASE_URL", &env.database_url())])
    }

    /// With these settings and no others.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            settings: settings.collect(),
            input: String::new(),
        }
    }

    /// With this setting too.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With this on standard input.
    pub fn input(&self, text: &str) -> Self {
        Self {
            input: text.to_owned(),
            ..self.clone()
        }
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
        command
            .args(arguments)
            .env_clear()
            .envs(&self.settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = self.input.clone();
        let output = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            // It may have ended without reading.
            _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            child.wait_with_output().unwrap()
        });
        Ended(output.await.unwrap())
    }
}

/// A call that has ended.
#[must_use]
pub struct Ended(Output);

impl Ended {
    /// What it printed; it must have succeeded.
    #[track_caller]
    pub fn success(self) -> String {
        let stdout = String::from_utf8(self.0.stdout).unwrap();
        let stderr = String::from_utf8(self.0.stderr).unwrap();
        assert!(
            self.0.status.success(),
            "{}: {stdout}{stderr}",
            self.0.status
        );
        stdout
    }

    /// What it complained of; it must have ended with this code.
    #[track_caller]
    pub fn failure(self, code: i32) -> String {
        let stdout = String::from_utf8(self.0.stdout).unwrap();
        let stderr = String::from_utf8(self.0.stderr).unwrap();
        assert_eq!(self.0.status.code(), Some(code), "{stdout}{stderr}");
        format!("{stdout}{stderr}")
    }
}

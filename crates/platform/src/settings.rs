//! Configuration: declared once, read from the environment over a TOML file, documented from the
//! same declarations.
//!
//! A setting `WARREN_WS_HEARTBEAT_MS` is the key `heartbeat_ms` of the table `[ws]` in the file
//! that `WARREN_CONFIG_FILE` names. Every fault is collected, so that an operator sees all of them
//! at once; the process then exits with 64 (`EX_USAGE` of sysexits.h).

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod value;

pub use value::{Secret, Setting, Url};

/// Exit code of a process whose configuration is faulty.
pub const EXIT_USAGE: i32 = 64;

const PREFIX: &str = "WARREN_";

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its environment variable.
    pub name: String,
    /// What is wrong; never the value of a secret.
    pub reason: String,
}

/// Every setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is faulty:")?;
        for fault in &self.0 {
            write!(f, "\n  {}: {}", fault.name, fault.reason)?;
        }
        Ok(())
    }
}

/// What the documentation says of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its environment variable.
    pub name: &'static str,
    /// Its default; `None` when it must be given.
    pub default: Option<String>,
    /// What it is for.
    pub about: &'static str,
}

/// Reads settings, and remembers what was asked for and what was wrong.
#[derive(Debug, Default)]
pub struct Settings {
    values: BTreeMap<String, String>,
    faults: Vec<Fault>,
    entries: Vec<Entry>,
}

impl Settings {
    /// The process's environment over the file that `WARREN_CONFIG_FILE` names.
    #[must_use]
    pub fn from_process() -> Self {
        let mut settings = Self::default();
        let env: Vec<(String, String)> = std::env::vars()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        if let Some((name, path)) = env.iter().find(|(name, _)| name == "WARREN_CONFIG_FILE") {
            match std::fs::read_to_string(path) {
                Ok(text) => settings.read_toml(&text),
                Err(error) => settings.fault(name, format!("{path}: {error}")),
            }
        }
        settings.values.extend(env);
        settings
    }

    /// Settings from pairs of environment names and values.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let values = pairs
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        Self {
            values,
            ..Self::default()
        }
    }

    fn read_toml(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                // Not the line itself, as the error would show it: a password may stand there.
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.unwrap_or_default().matches('\n').count() + 1;
                self.fault(
                    "WARREN_CONFIG_FILE",
                    format!("line {line}: {}", error.message()),
                );
                return;
            }
        };
        for (area, content) in table {
            let prefix = format!("{PREFIX}{}", area.to_ascii_uppercase());
            match content {
                toml::Value::Table(keys) => {
                    for (key, value) in keys {
                        let name = format!("{prefix}_{}", key.to_ascii_uppercase());
                        self.values.insert(name, plain(&value));
                    }
                }
                value => {
                    self.values.insert(prefix, plain(&value));
                }
            }
        }
    }

    fn fault(&mut self, name: &str, reason: impl Into<String>) {
        self.faults.push(Fault {
            name: name.to_owned(),
            reason: reason.into(),
        });
    }

    /// A setting with a default.
    ///
    /// # Panics
    /// If the default itself does not parse: a mistake in the declaration.
    pub fn get<T: Setting>(&mut self, name: &'static str, default: &str, about: &'static str) -> T {
        self.entries.push(Entry {
            name,
            default: Some(default.to_owned()),
            about,
        });
        let given = self.values.get(name).map(|value| T::parse(value));
        let fault = match given {
            Some(Ok(value)) => return value,
            Some(Err(reason)) => Some(reason),
            None => None,
        };
        if let Some(reason) = fault {
            self.fault(name, reason);
        }
        T::parse(default).unwrap_or_else(|reason| panic!("default of {name}: {reason}"))
    }

    /// A setting that must be given. `example` stands in while the other faults are collected.
    ///
    /// # Panics
    /// If the example itself does not parse: a mistake in the declaration.
    pub fn require<T: Setting>(
        &mut self,
        name: &'static str,
        example: &str,
        about: &'static str,
    ) -> T {
        self.entries.push(Entry {
            name,
            default: None,
            about,
        });
        let reason = match self.values.get(name).map(|value| T::parse(value)) {
            Some(Ok(value)) => return value,
            Some(Err(reason)) => reason,
            None => format!("is required, such as {example}"),
        };
        self.fault(name, reason);
        T::parse(example).unwrap_or_else(|reason| panic!("example of {name}: {reason}"))
    }

    /// A duration in whole milliseconds.
    pub fn millis(&mut self, name: &'static str, default: u64, about: &'static str) -> Duration {
        Duration::from_millis(self.get(name, &default.to_string(), about))
    }

    /// A secret: the trimmed content of the file this setting names, at least `min_bytes` long.
    pub fn secret_file(
        &mut self,
        name: &'static str,
        min_bytes: usize,
        about: &'static str,
    ) -> Secret {
        let path: PathBuf = self.require(name, "/run/secrets/example", about);
        if !self.values.contains_key(name) {
            return Secret::new("");
        }
        self.read_secret(name, &path, min_bytes)
    }

    /// A secret that may be missing: the trimmed content of the file this setting names.
    pub fn optional_secret_file(
        &mut self,
        name: &'static str,
        about: &'static str,
    ) -> Option<Secret> {
        let path: String = self.get(name, "", about);
        (!path.is_empty()).then(|| self.read_secret(name, path.as_ref(), 1))
    }

    fn read_secret(&mut self, name: &str, path: &Path, min_bytes: usize) -> Secret {
        match std::fs::read_to_string(path) {
            Ok(text) if text.trim().len() >= min_bytes => Secret::new(text.trim()),
            Ok(_) => {
                self.fault(
                    name,
                    format!("{}: shorter than {min_bytes} bytes", path.display()),
                );
                Secret::new("")
            }
            Err(error) => {
                self.fault(name, format!("{}: {error}", path.display()));
                Secret::new("")
            }
        }
    }

    /// Says that a value, readable by itself, breaks a rule of its concern.
    pub fn refuse(&mut self, name: &'static str, reason: impl Into<String>) {
        self.fault(name, reason);
    }

    /// Ends reading.
    ///
    /// # Errors
    /// Every fault that was met.
    pub fn finish(self) -> Result<Vec<Entry>, Faults> {
        if self.faults.is_empty() {
            Ok(self.entries)
        } else {
            Err(Faults(self.faults))
        }
    }

    /// The declarations that `read` makes, whatever their values.
    pub fn describe<T>(read: impl FnOnce(&mut Self) -> T) -> Vec<Entry> {
        let mut settings = Self::default();
        read(&mut settings);
        settings.entries
    }
}

/// A Markdown table of settings.
#[must_use]
pub fn markdown(entries: &[Entry]) -> String {
    let mut text = String::from("| setting | default | what it is |\n| --- | --- | --- |\n");
    for Entry {
        name,
        default,
        about,
    } in entries
    {
        let default = match default.as_deref() {
            None => "required".to_owned(),
            Some("") => "empty".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        // Writing to a String cannot fail.
        _ = writeln!(text, "| `{name}` | {default} | {about} |");
    }
    text
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Datetime(at) => at.to_string(),
        toml::Value::Table(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn read(settings: &mut Settings) -> (u16, Duration, bool, Vec<SocketAddr>) {
        (
            settings.require("WARREN_A_PORT", "1", "A port."),
            settings.millis("WARREN_A_WAIT_MS", 250, "A wait."),
            settings.get("WARREN_A_FLAG", "off", "A flag."),
            settings.get("WARREN_A_PEERS", "", "Peers."),
        )
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let mut settings =
            Settings::from_pairs([("WARREN_A_WAIT_MS", "soon"), ("WARREN_A_FLAG", "maybe")]);
        read(&mut settings);
        let faults = settings.finish().unwrap_err();
        let names: Vec<_> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        assert_eq!(
            names,
            ["WARREN_A_PORT", "WARREN_A_WAIT_MS", "WARREN_A_FLAG"]
        );
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let mut settings = Settings::default();
        settings
            .read_toml("[a]\nport = 7\nflag = true\npeers = [\"127.0.0.1:1\", \"127.0.0.1:2\"]");
        settings.values.insert("WARREN_A_PORT".into(), "8".into());
        let (port, wait, flag, peers) = read(&mut settings);
        assert_eq!(
            (port, wait, flag, peers.len()),
            (8, Duration::from_millis(250), true, 2)
        );
        settings.finish().unwrap();
    }

    #[test]
    fn a_faulty_file_is_a_fault() {
        let mut settings = Settings::default();
        settings.read_toml("[a]\nport = \"hunter2");
        let [fault] = &settings.faults[..] else {
            panic!("{:?}", settings.faults)
        };
        assert!(fault.reason.starts_with("line 2: "), "{}", fault.reason);
        assert!(!fault.reason.contains("hunter2"), "{}", fault.reason);
    }

    #[test]
    fn an_address_does_not_show_its_password() {
        let url = Url::parse("amqp://warren:hunter2@localhost:5672/chat").unwrap();
        assert_eq!(format!("{url:?}"), "amqp://…@localhost:5672/chat");
        assert!(Url::parse("localhost").is_err());
    }

    #[test]
    fn the_table_lists_what_is_declared() {
        let table = markdown(&Settings::describe(read));
        assert!(table.contains("| `WARREN_A_PORT` | required | A port. |"));
        assert!(table.contains("| `WARREN_A_WAIT_MS` | `250` | A wait. |"));
        assert!(table.contains("| `WARREN_A_PEERS` | empty | Peers. |"));
    }
}

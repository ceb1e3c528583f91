//! What a run was made on, so that its figures can be read later and elsewhere.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::people::People;

/// The file that tells of it, beside the reports.
pub const FILE: &str = "machine.json";
/// The opening of AMQP 0-9-1 (its specification, section 4.2.2).
const PROTOCOL: &[u8] = b"AMQP\x00\x00\x09\x01";
/// For a broker that says nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// The machine and the servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// What the processor calls itself.
    pub processor: String,
    /// Threads of it that this system has.
    pub threads: usize,
    /// Memory in GiB.
    pub memory_gib: f64,
    /// The kernel's release.
    pub kernel: String,
    /// PostgreSQL's version.
    pub postgres: String,
    /// RabbitMQ's version.
    pub rabbitmq: String,
}

impl Machine {
    /// Looks.
    ///
    /// # Errors
    /// A server does not say what it is.
    pub async fn look(people: &People, broker: SocketAddr) -> Result<Self> {
        let memory = field("/proc/meminfo", "MemTotal");
        let kib = memory.split_whitespace().next().unwrap_or_default();
        Ok(Self {
            processor: field("/proc/cpuinfo", "model name"),
            threads: std::thread::available_parallelism()?.get(),
            memory_gib: kib.parse::<f64>().unwrap_or_default() / 1024.0 / 1024.0,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            postgres: people.server_version().await?,
            rabbitmq: broker_version(broker)?,
        })
    }

    /// Writes it beside the reports.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(fs::write(folder.join(FILE), text)?)
    }
}

/// The first line of a file of `/proc` with this name.
fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(key, _)| key.trim() == name);
    found
        .map_or("unknown", |(_, value)| value.trim())
        .to_owned()
}

/// What a broker says of itself before anyone signs in: its `server-properties`.
fn broker_version(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("the broker")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(PROTOCOL)?;
    // A frame: type, channel, length, and then its payload.
    let mut head = [0; 7];
    stream.read_exact(&mut head).context("the broker")?;
    let [_, _, _, a, b, c, d] = head;
    let mut payload = vec![0; u32::from_be_bytes([a, b, c, d]).min(1 << 16) as usize];
    stream.read_exact(&mut payload).context("the broker")?;
    let version = long_string(&payload, b"version");
    version.context("the broker does not say its version")
}

/// A field of a table: the length and the bytes of its name, `S`, the length and the bytes of its value.
fn long_string(table: &[u8], name: &[u8]) -> Option<String> {
    let key = [&[name.len() as u8], name, b"S"].concat();
    let begin = memchr::memmem::find(table, &key)? + key.len();
    let length = u32::from_be_bytes(*table.get(begin..)?.first_chunk()?) as usize;
    let value = table.get(begin + 4..begin + 4 + length)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_names_its_version_among_other_things() {
        let table =
            b"\x0ccapabilitiesF\x00\x00\x00\x00\x07versionS\x00\x00\x00\x054.1.2\x08platformS";
        assert_eq!(long_string(table, b"version").as_deref(), Some("4.1.2"));
        assert_eq!(long_string(table, b"platform"), None);
    }

    #[test]
    fn this_machine_says_what_it_is() {
        assert_ne!(field("/proc/meminfo", "MemTotal"), "unknown");
        assert_eq!(field("/proc/meminfo", "nothing like it"), "unknown");
    }
}

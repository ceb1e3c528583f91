//! File descriptors: each client is one, and so is each send that is under way.

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the generator needs beside its clients: sends under way, files, threads.
const BESIDE: usize = 2000;
/// As many as the dev stack gives its servers.
const ENOUGH: u64 = 65_536;

/// Takes as many as this process may have.
pub fn raise() {
    let held = getrlimit(Resource::Nofile).maximum;
    let to = |limit| Rlimit {
        current: limit,
        maximum: limit,
    };
    // Beyond its own limit only root gets; up to it, everyone.
    if held.is_some_and(|held| held < ENOUGH)
        && setrlimit(Resource::Nofile, to(Some(ENOUGH))).is_ok()
    {
        return;
    }
    // What there is then, each crowd asks before it comes.
    _ = setrlimit(Resource::Nofile, to(held));
}

/// Whether so many clients can be had at once.
///
/// # Errors
/// They cannot, with what to do about it.
pub fn suffice(clients: usize) -> Result<()> {
    let needed = clients + BESIDE;
    let limit = getrlimit(Resource::Nofile).current;
    ensure!(
        limit.is_none_or(|limit| needed as u64 <= limit),
        "{clients} clients need {needed} file descriptors, and this process may have {}: see `ulimit -Hn`",
        limit.unwrap_or_default()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_clients_than_descriptors_are_refused_before_they_connect() {
        raise();
        assert!(suffice(10).is_ok());
        let error = suffice(usize::MAX / 2).unwrap_err().to_string();
        assert!(error.contains("ulimit"), "{error}");
    }
}

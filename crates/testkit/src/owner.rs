//! Which process something belongs to, so that what a killed one left can be told.

/// `<pid>-<start time>` of a live process: the time tells it from a later one with the same pid.
pub(crate) fn of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name, in parentheses, may hold spaces: count from behind it.
    let (_, fields) = stat.rsplit_once(')')?;
    let start_time = fields.split_whitespace().nth(19)?;
    Some(format!("{pid}-{start_time}"))
}

/// This process.
pub(crate) fn own() -> String {
    of(std::process::id()).expect("this process runs, and /proc shows it")
}

/// Whether the process that this name was made for is gone.
pub(crate) fn is_gone(owner: &str) -> bool {
    let pid = owner.split('-').next().and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| of(pid).as_deref() != Some(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_not_gone_and_an_earlier_one_with_its_pid_is() {
        assert!(!is_gone(&own()));
        assert!(is_gone(&format!("{}-0", std::process::id())));
        assert!(!is_gone("no owner at all"));
    }
}

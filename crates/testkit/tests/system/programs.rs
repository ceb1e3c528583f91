//! The programs beside these tests.

use std::path::PathBuf;

/// Built by `cargo build -p testkit --examples`, beside this test.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("it runs");
    let candidates = test.ancestors().skip(1).take(2);
    candidates
        .map(|dir| dir.join("examples").join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("it is not built: cargo build -p testkit --example {name}"))
}

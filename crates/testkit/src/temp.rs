//! A folder that goes away.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use uuid::Uuid;

use crate::owner;

/// Then the owner, a dot, and something unique.
const PREFIX: &str = "warren-test-";

/// A fresh folder, closed to other users, removed with everything in it when it is dropped.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes one below the system's folder for such things. The first of a process
    /// [sweeps](Self::sweep) before.
    #[must_use]
    pub fn new() -> Self {
        use std::os::unix::fs::DirBuilderExt;
        static SWEPT: Once = Once::new();
        SWEPT.call_once(Self::sweep);
        let unique = Uuid::now_v7().simple();
        let path = std::env::temp_dir().join(format!("{PREFIX}{}.{unique}", owner::own()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
        Self(path)
    }

    /// Removes the folders of test processes that were killed.
    pub fn sweep() {
        let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let owner = name
                .strip_prefix(PREFIX)
                .and_then(|rest| rest.split_once('.'));
            if owner.is_some_and(|(owner, _)| owner::is_gone(owner)) {
                // Another process may sweep too, or it belongs to another user.
                _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file that only this user can read, and says where it is.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).unwrap();
        }
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_ref()))
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }
}

impl Default for TempDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays behind: {error}", self.0.display());
        }
    }
}

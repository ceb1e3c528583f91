//! Where the binaries are.

use std::fmt;
use std::path::PathBuf;

/// A service's binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// The REST service.
    Api,
    /// The WebSocket service.
    WsServer,
}

impl Binary {
    /// The file, in the target folder the test itself was built into.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn path(self) -> PathBuf {
        let test = std::env::current_exe().unwrap();
        // target/<profile>/deps/<test>, or target/<profile>/<program>.
        let candidates = test.ancestors().skip(1).take(2);
        candidates
            .map(|dir| dir.join(self.name()))
            .find(|path| path.is_file())
            .unwrap_or_else(|| {
                panic!(
                    "the binary {self} is not beside {}; build it first: cargo build --bins",
                    test.display()
                )
            })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::WsServer => "ws-server",
        }
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

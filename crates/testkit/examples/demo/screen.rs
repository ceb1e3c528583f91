//! What the demo prints.

use std::io::{IsTerminal, Write};
use std::time::Instant;

/// ANSI styles.
pub const PLAIN: &str = "0";
pub const BOLD: &str = "1";
pub const DIM: &str = "2";
pub const GREEN: &str = "32";
pub const BLUE: &str = "36";

/// Prints at once, in a style if somebody looks on.
pub fn show(style: &str, text: &str) {
    if std::io::stdout().is_terminal() {
        print!("\x1b[{style}m{text}\x1b[0m  ");
    } else {
        print!("{text}  ");
    }
    // A terminal that is gone needs no demo.
    _ = std::io::stdout().flush();
}

/// How long ago this was.
pub fn since(start: Instant) -> String {
    format!("{} ms", start.elapsed().as_millis())
}

//! What a file is called, once nothing in its name can mislead.

use protocol::limits;

use super::text::is_hidden;

/// The name of a file that came without one.
const NAMELESS: &str = "file";
/// Longest ending that is kept when a name is cut, in characters.
const ENDING_CHARS: usize = 16;

/// The last part of a path, without what moves text about or cannot be seen, of a bounded length.
#[must_use]
pub fn clean(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !is_hidden(*c)).collect();
    // Systems hide names that begin with a dot, and drop dots and spaces at the end.
    let name = visible
        .trim_start_matches(['.', ' '])
        .trim_end_matches(['.', ' '])
        .trim();
    if name.is_empty() {
        NAMELESS.to_owned()
    } else {
        bounded(name)
    }
}

/// Cut in its middle, so that its ending still says what it is.
fn bounded(name: &str) -> String {
    let count = name.chars().count();
    if count <= limits::FILE_NAME_CHARS {
        return name.to_owned();
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| format!(".{ending}"));
    let ending = ending.filter(|ending| ending.chars().count() <= ENDING_CHARS);
    let ending = ending.unwrap_or_default();
    let kept = limits::FILE_NAME_CHARS - ending.chars().count();
    name.chars().take(kept).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_and_hidden_characters_are_taken_off() {
        for (given, want) in [
            ("map.png", "map.png"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            (
                "C:\\Users\\ada\\r\u{e9}sum\u{e9}.pdf",
                "r\u{e9}sum\u{e9}.pdf",
            ),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\r\nSet-Cookie: b", "aSet-Cookie: b"),
            ("a\0b\u{200b}c\u{feff}.txt", "abc.txt"),
            (".htaccess", "htaccess"),
            ("name. . ", "name"),
            ("...", "file"),
            ("", "file"),
            ("\u{202e}", "file"),
            ("a/", "file"),
        ] {
            assert_eq!(clean(given), want, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = clean(&format!("{}.tar", "\u{1f600}".repeat(500)));
        assert_eq!(name.chars().count(), limits::FILE_NAME_CHARS);
        assert!(name.ends_with("\u{1f600}.tar"), "{name}");
        let name = clean(&format!("a.{}", "b".repeat(500)));
        assert_eq!(name.chars().count(), limits::FILE_NAME_CHARS);
    }

    proptest! {
        #[test]
        fn any_name_becomes_one_that_stays_as_it_is(given in any::<String>()) {
            let name = clean(&given);
            prop_assert!((1..=limits::FILE_NAME_CHARS).contains(&name.chars().count()));
            prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(is_hidden));
        }
    }
}

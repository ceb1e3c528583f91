//! Names in a text: `@ada`, and `@all` for everyone.

use std::collections::BTreeSet;

use protocol::limits;

/// The name that means everyone.
pub const ALL: &str = "all";

/// What a text names, as far as the text alone says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// What may be usernames: each once, in lower case.
    pub names: Vec<String>,
    /// Whether it says `@all`.
    pub all: bool,
}

impl Mentions {
    /// Reads a text. A name stands alone: not in an e-mail address, a URL or code.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // Most texts name nobody.
        if !text.contains('@') {
            return Self::default();
        }
        let mut names = BTreeSet::new();
        for part in outside_code(text) {
            let words = part.split_whitespace().filter(|word| !word.contains("://"));
            names.extend(words.flat_map(names_in));
        }
        let all = names.remove(ALL);
        Self {
            names: names.into_iter().collect(),
            all,
        }
    }
}

/// The parts of a text that are not between backticks. As in Markdown, as many close as have
/// opened; what nothing closes is no code.
fn outside_code(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('`') {
        let (before, from) = rest.split_at(open);
        parts.push(before);
        let inside = from.trim_start_matches('`');
        let (ticks, _) = from.split_at(from.len() - inside.len());
        rest = closing(inside, ticks).unwrap_or(inside);
    }
    parts.push(rest);
    parts
}

/// What follows the first run of exactly these backticks.
fn closing<'t>(text: &'t str, ticks: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let (_, from) = rest.split_at(rest.find('`')?);
        let after = from.trim_start_matches('`');
        if from.len() - after.len() == ticks.len() {
            return Some(after);
        }
        rest = after;
    }
}

/// The names of one word, such as `(@ada,@bob)`.
fn names_in(word: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut before = None;
    let mut rest = word;
    while let Some(at) = rest.find('@') {
        let (left, from) = rest.split_at(at);
        let from = from.trim_start_matches('@');
        before = left.chars().next_back().or(before);
        let (name, after) = from.split_at(from.find(|c| !is_of_name(c)).unwrap_or(from.len()));
        // A full stop ends a sentence, not a name.
        let bare = name.trim_end_matches('.');
        let stands_alone = before.is_none_or(|c| !continues(c)) && !after.starts_with(continues);
        if stands_alone && limits::USERNAME_CHARS.contains(&bare.len()) {
            names.push(bare.to_ascii_lowercase());
        }
        before = name.chars().next_back().or(Some('@'));
        rest = after;
    }
    names
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

/// Whether a word goes on with this: then what stands beside it is part of an address or a path.
fn continues(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '/' | '+')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        Mentions::of(text).names
    }

    #[test]
    fn names_that_stand_alone_are_read() {
        for (text, want) in [
            ("@ada", vec!["ada"]),
            ("Hello @Ada, and @bob.", vec!["ada", "bob"]),
            ("(@ada) \"@bob\" *@eve*!", vec!["ada", "bob", "eve"]),
            ("@ada @ada @ADA", vec!["ada"]),
            ("@ada.love_99: look", vec!["ada.love_99"]),
            ("@ada,@bob;@eve", vec!["ada", "bob", "eve"]),
            ("one\n@ada\ttwo", vec!["ada"]),
            ("\u{1F44B}@ada", vec!["ada"]),
            ("¡@ada!", vec!["ada"]),
        ] {
            assert_eq!(names(text), want, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_name_is_text() {
        for text in [
            "ada@example.org",
            "@ada@example.org",
            "mailto:ada+x@example",
            "https://example.org/@ada",
            "see https://example.org/?q=@ada now",
            "example.org/@ada",
            "@",
            "@ ada",
            "@ab",
            "@ädä",
            "@adaß",
            "@...",
            "é@ada",
            &format!("@{}", "a".repeat(33)),
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn code_names_nobody() {
        for text in [
            "`@ada`",
            "a `b @ada c` d",
            "```\n@ada\n```",
            "``a ` @ada``",
            "```rust\n@ada ` @bob `` \n``` `@eve`",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
        assert_eq!(names("`code` @ada `code`"), ["ada"]);
        // What nothing closes is no code.
        assert_eq!(names("a ` b @ada"), ["ada"]);
        assert_eq!(names("``a` @ada"), ["ada"]);
    }

    #[test]
    fn all_is_everyone_and_nobody_by_name() {
        let found = Mentions::of("@ALL and @ada");
        assert_eq!((found.all, found.names), (true, vec!["ada".to_owned()]));
        assert!(!Mentions::of("@allison `@all`").all);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_every_name_is_in_it(text in "[@a-c`. /\n\u{e4}]{0,40}|\\PC*") {
            for name in names(&text) {
                let written = format!("@{name}");
                prop_assert!(text.to_ascii_lowercase().contains(&written));
                prop_assert!(limits::USERNAME_CHARS.contains(&name.len()));
            }
        }
    }
}

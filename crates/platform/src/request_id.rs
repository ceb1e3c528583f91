//! The name of a request: the caller's if it is fit for a log, else a new one.

use uuid::Uuid;

/// The header that carries it, both ways.
pub const HEADER: &str = "x-request-id";

/// Longest id taken from a caller, in characters.
const MAX_CHARS: usize = 64;

/// `given` if it is 1–64 of `A-Za-z0-9._-`, else a new id.
#[must_use]
pub fn accept(given: Option<&str>) -> String {
    match given {
        Some(id) if is_fit(id) => id.to_owned(),
        _ => Uuid::now_v7().simple().to_string(),
    }
}

fn is_fit(id: &str) -> bool {
    (1..=MAX_CHARS).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fit_id_of_the_caller_is_kept() {
        assert_eq!(accept(Some("a-B_3.x")), "a-B_3.x");
        for unfit in ["", "a b", "a\nb", "\u{e4}", &"x".repeat(65)] {
            assert_ne!(accept(Some(unfit)), unfit);
        }
        assert_eq!(accept(None).len(), 32);
    }
}

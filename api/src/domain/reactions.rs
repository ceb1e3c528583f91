//! Emojis that people put under a message.

use protocol::ids::UserId;
use protocol::message::Reaction;

use crate::error::ApiError;

/// What makes the one before it a picture rather than a sign of text. People see no difference, so
/// there must be none.
const PICTURE: char = '\u{FE0F}';

/// One emoji, in the one way of writing it that Unicode recommends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji(&'static str);

impl Emoji {
    /// Reads exactly one emoji of Unicode's list (UTS #51, `emoji-test.txt`), with or without the
    /// selectors that ask for a picture.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        emojis::get(text)
            .or_else(|| emojis::get(&text.replace(PICTURE, "")))
            .map(|emoji| Self(emoji.as_str()))
            .ok_or_else(|| ApiError::malformed("emoji: must be one emoji."))
    }

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// What is shown once someone has chosen an emoji; `newest` are those who chose it last, them
/// included. Kinds stand in the order in which they were first used.
#[must_use]
pub fn chosen(mut shown: Vec<Reaction>, emoji: Emoji, newest: Vec<UserId>) -> Vec<Reaction> {
    match shown.iter_mut().find(|one| one.emoji == emoji.as_str()) {
        Some(reaction) => {
            reaction.count += 1;
            reaction.user_ids = newest;
        }
        None => shown.push(Reaction {
            emoji: emoji.as_str().to_owned(),
            count: 1,
            user_ids: newest,
            mine: None,
        }),
    }
    shown
}

/// What is shown once someone has taken an emoji back; `newest` are those of the others who chose it
/// last. A kind that nobody chooses any more is gone.
#[must_use]
pub fn taken_back(mut shown: Vec<Reaction>, emoji: Emoji, newest: Vec<UserId>) -> Vec<Reaction> {
    if let Some(reaction) = shown.iter_mut().find(|one| one.emoji == emoji.as_str()) {
        reaction.count -= 1;
        reaction.user_ids = newest;
    }
    shown.retain(|reaction| reaction.count > 0);
    shown
}

#[cfg(test)]
mod tests {
    use protocol::problem::Code;

    use super::*;

    fn parse(text: &str) -> &'static str {
        Emoji::parse(text).unwrap().as_str()
    }

    #[test]
    fn one_emoji_is_one_however_it_is_written() {
        for emoji in [
            "\u{1F44D}",
            "\u{1F44D}\u{1F3FD}",
            "\u{1F1E9}\u{1F1EA}",
            "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            "1\u{FE0F}\u{20E3}",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        ] {
            assert_eq!(parse(emoji), emoji);
        }
        assert_eq!(parse("\u{1F44D}\u{FE0F}"), "\u{1F44D}");
        assert_eq!(parse("\u{2764}"), "\u{2764}\u{FE0F}");
        assert_eq!(parse("\u{2764}\u{FE0F}"), "\u{2764}\u{FE0F}");
        let flag = "\u{1F3F3}\u{FE0F}\u{200D}\u{1F308}";
        assert_eq!(parse("\u{1F3F3}\u{200D}\u{1F308}"), flag);
    }

    #[test]
    fn anything_but_one_emoji_is_malformed() {
        for text in [
            "",
            "a",
            "1",
            "\u{1F44D}\u{1F44D}",
            "\u{1F44D} ",
            ":+1:",
            "\u{FE0F}",
            "\u{200D}",
            "\u{1F1E9}",
            "\u{1F44D}x",
            "\u{FFFD}",
        ] {
            assert_eq!(
                Emoji::parse(text).unwrap_err().code(),
                Code::Malformed,
                "{text:?}"
            );
        }
    }

    #[test]
    fn kinds_stand_in_the_order_of_their_first_use_and_go_with_the_last_user() {
        let (thumb, heart) = (
            Emoji::parse("\u{1F44D}").unwrap(),
            Emoji::parse("\u{2764}").unwrap(),
        );
        let (ada, bob) = (UserId::new(), UserId::new());
        let shown = chosen(Vec::new(), thumb, vec![ada]);
        let shown = chosen(shown, heart, vec![bob]);
        let shown = chosen(shown, thumb, vec![bob, ada]);
        let counts: Vec<_> = shown
            .iter()
            .map(|one| (one.emoji.as_str(), one.count))
            .collect();
        assert_eq!(counts, [(thumb.as_str(), 2), (heart.as_str(), 1)]);
        assert_eq!(shown[0].user_ids, [bob, ada]);
        let shown = taken_back(shown, heart, vec![]);
        let shown = taken_back(shown, thumb, vec![ada]);
        assert_eq!((shown.len(), shown[0].count), (1, 1));
        assert!(taken_back(shown, thumb, vec![]).is_empty());
    }
}

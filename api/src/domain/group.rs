//! What people make and change of groups and channels, and by which words groups are found.

use std::collections::HashSet;

use protocol::group::{
    CreateChannelRequest, CreateGroupRequest, PatchChannelRequest, PatchGroupRequest, Visibility,
};
use protocol::ids::{ConversationId, GroupId};
use protocol::limits;

use super::fields::{Fields, Rule, at_most, within};
use super::text;
use crate::error::ApiError;

/// A group that may be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// What it will be called on the wire.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Words it is found by.
    pub tags: Vec<String>,
    /// Whether everyone can find and join it.
    pub public: bool,
}

impl NewGroup {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: CreateGroupRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let name = fields.take("name", name(&request.name));
        let description =
            fields.take_optional("description", request.description, |text| about(&text));
        let tags = fields.take_optional("tags", request.tags, tags);
        fields.finish(name.map(|name| Self {
            id: request.id.unwrap_or_default(),
            name,
            description: description.unwrap_or_default(),
            tags: tags.unwrap_or_default(),
            public: request.visibility == Visibility::Public,
        }))
    }
}

/// A change of a group: `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Words it is found by.
    pub tags: Option<Vec<String>>,
    /// Whether everyone can find and join it.
    pub public: Option<bool>,
    /// The name of its picture; `Some(None)` takes it away.
    pub icon_key: Option<Option<String>>,
}

impl GroupChange {
    /// Checks a request, but for the picture, which is made first.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: PatchGroupRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let change = Self {
            name: fields.take_optional("name", request.name, |text| name(&text)),
            description: fields
                .take_optional("description", request.description, |text| about(&text)),
            tags: fields.take_optional("tags", request.tags, tags),
            public: request
                .visibility
                .map(|visibility| visibility == Visibility::Public),
            icon_key: None,
        };
        fields.finish(Some(change))
    }
}

/// A channel that may be made.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// What it will be called on the wire.
    pub id: ConversationId,
    /// Its name.
    pub name: String,
    /// What is talked about.
    pub topic: Option<String>,
    /// The heading it stands under.
    pub category: Option<String>,
    /// Its place; behind the others if it is not said.
    pub position: Option<i32>,
}

impl NewChannel {
    /// The channel that every group is made with.
    #[must_use]
    pub fn general() -> Self {
        Self {
            id: ConversationId::new(),
            name: "general".to_owned(),
            topic: None,
            category: None,
            position: None,
        }
    }

    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: CreateChannelRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let name = fields.take("name", name(&request.name));
        let topic = fields.take_optional("topic", request.topic, |text| topic(&text));
        let category = fields.take_optional("category", request.category, |text| heading(&text));
        let position = fields.take_optional("position", request.position, position);
        fields.finish(name.map(|name| Self {
            id: request.id.unwrap_or_default(),
            name,
            topic: topic.flatten(),
            category,
            position,
        }))
    }
}

/// A change of a channel: `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct ChannelChange {
    /// Its name.
    pub name: Option<String>,
    /// What is talked about.
    pub topic: Option<Option<String>>,
    /// The heading it stands under.
    pub category: Option<Option<String>>,
    /// Its place.
    pub position: Option<i32>,
}

impl ChannelChange {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: PatchChannelRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let change = Self {
            name: fields.take_optional("name", request.name, |text| name(&text)),
            topic: fields.take_optional("topic", request.topic, |given| match given {
                Some(text) => topic(&text),
                None => Ok(None),
            }),
            category: fields.take_optional("category", request.category, |given| {
                given.map(|text| heading(&text)).transpose()
            }),
            position: fields.take_optional("position", request.position, position),
        };
        fields.finish(Some(change))
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.topic.is_none()
            && self.category.is_none()
            && self.position.is_none()
    }
}

fn name(text: &str) -> Result<String, Rule> {
    text::name(text, limits::NAME_CHARS)
}

fn about(text: &str) -> Result<String, Rule> {
    text::paragraph(text, 0..=limits::ABOUT_CHARS)
}

/// A topic of nothing is none.
fn topic(text: &str) -> Result<Option<String>, Rule> {
    let topic = text::paragraph(text, 0..=limits::TOPIC_CHARS)?;
    Ok(Some(topic).filter(|topic| !topic.is_empty()))
}

fn heading(text: &str) -> Result<String, Rule> {
    text::name(text, limits::NAME_CHARS)
}

fn position(place: i32) -> Result<i32, Rule> {
    within(place, 0, i32::MAX)
}

/// Tags in the order given; one that is there twice is there once.
fn tags(given: Vec<String>) -> Result<Vec<String>, Rule> {
    let mut seen = HashSet::new();
    let mut tags = Vec::new();
    for tag in given {
        let tag = text::name(&tag, limits::TAG_CHARS)?;
        if seen.insert(tag.clone()) {
            tags.push(tag);
        }
    }
    if tags.len() > limits::GROUP_TAGS {
        return Err(at_most(limits::GROUP_TAGS));
    }
    Ok(tags)
}

/// The words of a text in lower case: what a group is found by, and what is looked for, are taken
/// apart in the same way.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// What is looked for, as a `tsquery`: every word may go on. `None` if there is no word.
///
/// Words hold letters and digits alone, so nothing in them is an operator.
#[must_use]
pub fn prefix_query(text: &str) -> Option<String> {
    let words: Vec<String> = words(text).map(|word| format!("{word}:*")).collect();
    Some(words.join(" & ")).filter(|query| !query.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_counted_and_not_repeated() {
        let many = |count: usize| (0..count).map(|i| format!("tag{i}")).collect::<Vec<_>>();
        let two = vec![" a ".to_owned(), "a".to_owned(), "B".to_owned()];
        assert_eq!(tags(two).unwrap(), ["a", "B"]);
        assert!(tags(many(20)).is_ok());
        assert_eq!(tags(many(21)).unwrap_err().code, "limit_reached");
        assert_eq!(tags(vec![String::new()]).unwrap_err().code, "required");
        assert_eq!(tags(vec!["x".repeat(33)]).unwrap_err().code, "too_long");
    }

    #[test]
    fn what_is_looked_for_is_words_and_never_an_operator() {
        let query = |text| prefix_query(text).unwrap_or_default();
        assert_eq!(query("Rust-lang  ÄON"), "rust:* & lang:* & äon:*");
        assert_eq!(query("a' | !b:* <-> (c)\\"), "a:* & b:* & c:*");
        assert_eq!(query(" -_!& "), "");
        assert_eq!(query("東京 42"), "東京:* & 42:*");
    }

    #[test]
    fn a_topic_of_spaces_clears_it() {
        let request = PatchChannelRequest {
            topic: Some(Some("  ".to_owned())),
            ..PatchChannelRequest::default()
        };
        assert_eq!(ChannelChange::parse(request).unwrap().topic, Some(None));
    }

    #[test]
    fn every_faulty_field_of_a_channel_is_named() {
        let request = PatchChannelRequest {
            name: Some(String::new()),
            topic: Some(Some("x".repeat(257))),
            category: Some(Some("x".repeat(65))),
            position: Some(-1),
        };
        let text = ChannelChange::parse(request).unwrap_err().to_string();
        for field in ["name", "topic", "category", "position"] {
            assert!(text.contains(field), "{text}");
        }
    }
}

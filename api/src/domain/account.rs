//! Usernames, passwords and profiles.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use protocol::account::{LoginRequest, PatchMeRequest, RegisterRequest, SessionKind};
use protocol::limits;

use super::fields::{Fields, Rule};
use super::{mentions, text};
use crate::error::ApiError;

/// How the names of ended accounts begin. Nobody may take one before: the account could not end.
pub const DELETED_PREFIX: &str = "deleted.";
/// An invitation's code is 32 characters; nothing longer is looked up.
const INVITE_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

/// A username: 3–32 of `a-z 0-9 _ .`, lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Lowers and checks it.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let name = text.trim().to_lowercase();
        let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
        if !name.chars().all(fit) {
            return Err(Rule::new("format", "may hold a-z, 0-9, _ and . only"));
        }
        if name.starts_with(DELETED_PREFIX) {
            return Err(Rule::new(
                "reserved",
                "is kept for accounts that have ended",
            ));
        }
        // A person of that name could not be named.
        if name == mentions::ALL {
            return Err(Rule::new("reserved", "is kept for naming everybody"));
        }
        text::line(&name, limits::USERNAME_CHARS).map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that may be set: 8–128 characters, not a common one.
#[derive(Clone)]
pub struct NewPassword(String);

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword")
    }
}

static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

impl NewPassword {
    /// Checks it. Nothing is trimmed: a space is a character like another.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let count = text.chars().count();
        if count < *limits::PASSWORD_CHARS.start() {
            return Err(Rule::new("too_short", "must have at least 8 characters"));
        }
        if count > *limits::PASSWORD_CHARS.end() {
            return Err(Rule::new("too_long", "must have at most 128 characters"));
        }
        if COMMON.contains(text.to_lowercase().as_str()) {
            return Err(Rule::new("common", "is one of the passwords tried first"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The password, to be hashed and not kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Where a session lives and what it is called.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// What the device calls itself.
    pub device: Option<String>,
    /// Where the refresh token travels.
    pub kind: SessionKind,
}

fn device(text: String) -> Result<String, Rule> {
    text::line(&text, 1..=limits::DEVICE_CHARS)
}

/// A registration that may be carried out.
#[derive(Debug)]
pub struct Registration {
    /// Who they will be.
    pub username: Username,
    /// Their password.
    pub password: NewPassword,
    /// The name people read.
    pub display_name: String,
    /// The operator's invitation.
    pub invite: Option<String>,
    /// The session that begins with it.
    pub session: NewSession,
}

impl Registration {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: RegisterRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let username = fields.take("username", Username::parse(&request.username));
        let password = fields.take("password", NewPassword::parse(&request.password));
        let display_name = fields.take_optional("display_name", request.display_name, |name| {
            text::name(&name, limits::NAME_CHARS)
        });
        let device = fields.take_optional("device", request.device, device);
        let invite = request.invite.filter(|code| !code.is_empty());
        let invite = fields.take_optional("invite", invite, |code| text::line(&code, INVITE_CHARS));
        let whole = username.zip(password).map(|(username, password)| Self {
            display_name: display_name.unwrap_or_else(|| username.as_str().to_owned()),
            username,
            password,
            invite,
            session: NewSession {
                device,
                kind: request.session,
            },
        });
        fields.finish(whole)
    }
}

/// A login that may be tried. Its name and password are not checked by the rules for new ones: a
/// wrong one is simply wrong.
#[derive(Debug)]
pub struct Login {
    /// The account, as it would be written.
    pub username: String,
    /// The password, which may be anything.
    pub password: platform::settings::Secret,
    /// The session that begins with it.
    pub session: NewSession,
}

impl Login {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: LoginRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let device = fields.take_optional("device", request.device, device);
        fields.finish(Some(Self {
            username: request.username.trim().to_lowercase(),
            password: platform::settings::Secret::new(request.password),
            session: NewSession {
                device,
                kind: request.session,
            },
        }))
    }
}

/// A change of one's own profile.
#[derive(Debug, Default, diesel::AsChangeset)]
#[diesel(table_name = crate::schema::users)]
pub struct ProfileChange {
    /// The name people read.
    pub display_name: Option<String>,
    /// What they say of themselves.
    pub about: Option<String>,
    /// The name of their picture; `Some(None)` takes it away.
    pub avatar_key: Option<Option<String>>,
    /// Never seen online.
    pub hide_presence: Option<bool>,
    /// Never seen reading.
    pub hide_read_receipts: Option<bool>,
}

impl ProfileChange {
    /// Checks a request, but for the picture, which is made first.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: PatchMeRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let display_name = fields.take_optional("display_name", request.display_name, |name| {
            text::name(&name, limits::NAME_CHARS)
        });
        let about = fields.take_optional("about", request.about, |about| {
            text::paragraph(&about, 0..=limits::ABOUT_CHARS)
        });
        fields.finish(Some(Self {
            display_name,
            about,
            avatar_key: None,
            hide_presence: request.hide_presence,
            hide_read_receipts: request.hide_read_receipts,
        }))
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.display_name.is_none()
            && self.about.is_none()
            && self.avatar_key.is_none()
            && self.hide_presence.is_none()
            && self.hide_read_receipts.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_lowered_and_of_few_characters() {
        assert_eq!(Username::parse("Ada_9.x").unwrap().as_str(), "ada_9.x");
        for bad in [
            "ab",
            "a b",
            "ädä",
            "a-b-c",
            "",
            &"x".repeat(33),
            "a\0bc",
            "ａｄａ",
            "All",
            "deleted.x",
        ] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_common_password_is_refused_in_any_case() {
        for bad in [
            "password1",
            "PassWord1",
            "12345678",
            "short",
            &"x".repeat(129),
        ] {
            assert!(NewPassword::parse(bad).is_err(), "{bad:?}");
        }
        assert!(NewPassword::parse("correct horse battery").is_ok());
        assert!(NewPassword::parse("\u{1F600}".repeat(8).as_str()).is_ok());
    }

    #[test]
    fn every_faulty_field_is_named_at_once() {
        let request = RegisterRequest {
            username: "a".into(),
            password: "short".into(),
            display_name: Some("\0".into()),
            invite: None,
            device: Some("x".repeat(65)),
            session: SessionKind::Token,
        };
        let text = Registration::parse(request).unwrap_err().to_string();
        for field in ["username", "password", "display_name", "device"] {
            assert!(text.contains(field), "{text}");
        }
    }

    #[test]
    fn the_common_passwords_are_ones_that_length_alone_would_allow() {
        for password in COMMON.iter() {
            assert!(password.chars().count() >= 8, "{password}");
            assert_eq!(&password.to_lowercase(), password);
        }
    }
}

//! What a setting can be: numbers, addresses, lists, and what must not be shown.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret made by the program itself.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, to be used and not kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A type that a setting can have.
pub trait Setting: Sized {
    /// Reads it, or says what is wrong in words that fit after the setting's name.
    ///
    /// # Errors
    /// What is wrong.
    fn parse(text: &str) -> Result<Self, String>;
}

macro_rules! from_str_settings {
    ($($type:ty: $what:literal),+ $(,)?) => {$(
        impl Setting for $type {
            fn parse(text: &str) -> Result<Self, String> {
                <$type>::from_str(text.trim()).map_err(|_error| format!("{text:?} is not {}", $what))
            }
        }
    )+};
}

from_str_settings! {
    u16: "a whole number up to 65535",
    u32: "a whole number",
    u64: "a whole number",
    std::num::NonZeroU32: "a whole number above 0",
    ipnet::IpNet: "a network such as 10.0.0.0/8",
    usize: "a whole number",
    SocketAddr: "an address and port, such as 127.0.0.1:8081",
}

impl Setting for String {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Setting for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Err("is empty".to_owned())
        } else {
            Ok(Self::from(text))
        }
    }
}

impl Setting for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "on" | "true" => Ok(true),
            "off" | "false" => Ok(false),
            _ => Err(format!("{text:?} is neither on nor off")),
        }
    }
}

impl<T: Setting> Setting for Option<T> {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Ok(None)
        } else {
            T::parse(text).map(Some)
        }
    }
}

/// A list is separated by commas.
impl<T: Setting> Setting for Vec<T> {
    fn parse(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(T::parse)
            .collect()
    }
}

/// An address that says with what protocol, such as `amqp://…`: the password in it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// The whole address.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.split_once("://").map_or("", |(scheme, _)| scheme);
        let host = self.0.rsplit_once('@').map_or("", |(_, host)| host);
        write!(f, "{scheme}://…@{host}")
    }
}

impl Setting for Url {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("is not an address such as scheme://user:password@host:port/path".to_owned()),
        }
    }
}

//! What an avatar or icon is called: whoever knows the name may see the picture.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of chance in a key: as many as no one can guess.
const RANDOM_BYTES: usize = 24;

/// 192 random bits, and an ending that says what the picture is: `….png` or `….jpg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureKey(String);

/// What the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// With transparent parts.
    Png,
    /// Without.
    Jpeg,
}

impl PictureKind {
    const ALL: [Self; 2] = [Self::Png, Self::Jpeg];

    const fn ending(self) -> &'static str {
        match self {
            Self::Png => ".png",
            Self::Jpeg => ".jpg",
        }
    }

    /// What it is called when it is saved.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Png => "picture.png",
            Self::Jpeg => "picture.jpg",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

impl PictureKey {
    /// A new one.
    #[must_use]
    pub fn new(kind: PictureKind) -> Self {
        let random: [u8; RANDOM_BYTES] = rand::random();
        Self(format!(
            "{}{}",
            URL_SAFE_NO_PAD.encode(random),
            kind.ending()
        ))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the picture is.
    #[must_use]
    pub fn kind(&self) -> PictureKind {
        if self.0.ends_with(PictureKind::Png.ending()) {
            PictureKind::Png
        } else {
            PictureKind::Jpeg
        }
    }

    /// Two hexadecimal digits that spread keys evenly.
    #[must_use]
    pub fn shard(&self) -> String {
        let sum = self.0.bytes().fold(0_u8, u8::wrapping_add);
        format!("{sum:02x}")
    }

    /// Where the picture of a stored key is.
    #[must_use]
    pub fn url(key: &str) -> String {
        format!("/v1/pictures/{key}")
    }
}

/// It is not the name of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a picture")]
pub struct NotAKey;

impl FromStr for PictureKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut endings = PictureKind::ALL.iter().map(|kind| kind.ending());
        let random = endings
            .find_map(|ending| text.strip_suffix(ending))
            .ok_or(NotAKey)?;
        match URL_SAFE_NO_PAD.decode(random) {
            Ok(bytes) if bytes.len() == RANDOM_BYTES => Ok(Self(text.to_owned())),
            _ => Err(NotAKey),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_again_and_nothing_else_is() {
        for kind in PictureKind::ALL {
            let key = PictureKey::new(kind);
            assert_eq!(key.as_str().parse(), Ok(key.clone()));
            assert_eq!(key.kind(), kind);
            assert_eq!(key.shard().len(), 2);
        }
        let key = PictureKey::new(PictureKind::Png).as_str().to_owned();
        for bad in [
            "",
            ".png",
            "../../etc/passwd.png",
            "a.png",
            &key.replace(".png", ".svg"),
            &format!("a{key}"),
        ] {
            assert_eq!(bad.parse::<PictureKey>(), Err(NotAKey), "{bad}");
        }
    }
}

//! Addresses that prove by themselves that they were given to a reader.
//!
//! An address ends with the 5-minute window after the present one: everyone who asks within a window
//! gets the same, so that browsers keep what they have loaded, and none lives longer than 10 minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use platform::settings::Secret;
use protocol::ids::AttachmentId;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Seconds of a window.
const WINDOW_S: i64 = 5 * 60;
/// No other use of the same secret can be taken for an address.
const PURPOSE: &str = "warren file";

/// Which of a file's blobs is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// The file itself.
    Original,
    /// The small picture of an image.
    Thumbnail,
}

impl Variant {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Thumbnail => "thumbnail",
        }
    }
}

/// What an address carries beside the file's id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// Which blob.
    pub variant: Variant,
    /// Until when, in seconds since 1970.
    pub expires: i64,
    /// By whom that was said.
    pub signature: String,
}

/// Signs addresses, and knows its own again.
#[derive(Clone, Debug)]
pub struct Signer(Secret);

impl Signer {
    /// A signer with this secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// The end of the window after the one that `now` is in.
    #[must_use]
    pub fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
        let windows = now.timestamp().div_euclid(WINDOW_S) + 2;
        DateTime::from_timestamp(windows * WINDOW_S, 0).unwrap_or(now)
    }

    /// The address of a blob until then.
    #[must_use]
    pub fn url(&self, id: AttachmentId, variant: Variant, expires: DateTime<Utc>) -> String {
        let expires = expires.timestamp();
        let signature = self.mac(id, variant, expires).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let variant = variant.as_str();
        format!("/v1/files/{id}?variant={variant}&expires={expires}&signature={signature}")
    }

    /// Whether this signer gave the ticket, and it has not ended.
    #[must_use]
    pub fn accepts(&self, id: AttachmentId, ticket: &Ticket, now: DateTime<Utc>) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(&ticket.signature) else {
            return false;
        };
        let mac = self.mac(id, ticket.variant, ticket.expires);
        mac.verify_slice(&signature).is_ok() && now.timestamp() < ticket.expires
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn mac(&self, id: AttachmentId, variant: Variant, expires: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(format!("{PURPOSE}\n{id}\n{}\n{expires}", variant.as_str()).as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn ticket(url: &str) -> Ticket {
        serde_urlencoded::from_str(url.split_once('?').unwrap().1).unwrap()
    }

    #[test]
    fn an_address_lives_from_five_to_ten_minutes_and_is_the_same_within_a_window() {
        let signer = Signer::new(Secret::new("s".repeat(32)));
        let id = AttachmentId::new();
        let url = |now| signer.url(id, Variant::Original, Signer::expiry(now));
        assert_eq!(url(at(300)), url(at(599)));
        assert_ne!(url(at(599)), url(at(600)));
        for now in [at(300), at(450), at(599)] {
            let left = Signer::expiry(now) - now;
            assert!(
                left > TimeDelta::minutes(5) && left <= TimeDelta::minutes(10),
                "{left}"
            );
        }
    }

    #[test]
    fn only_what_was_signed_is_accepted() {
        let signer = Signer::new(Secret::new("s".repeat(32)));
        let (id, end) = (AttachmentId::new(), at(900));
        let good = ticket(&signer.url(id, Variant::Thumbnail, end));
        assert!(signer.accepts(id, &good, at(899)));
        assert!(!signer.accepts(id, &good, at(900)));
        assert!(!signer.accepts(AttachmentId::new(), &good, at(0)));
        let other = Signer::new(Secret::new("t".repeat(32)));
        assert!(!other.accepts(id, &good, at(0)));
        for forged in [
            Ticket {
                variant: Variant::Original,
                ..good.clone()
            },
            Ticket {
                expires: 901,
                ..good.clone()
            },
            Ticket {
                signature: String::new(),
                ..good.clone()
            },
            Ticket {
                signature: good.signature.chars().take(20).collect(),
                ..good.clone()
            },
        ] {
            assert!(!signer.accepts(id, &forged, at(0)), "{forged:?}");
        }
    }
}

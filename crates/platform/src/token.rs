//! Access tokens: EdDSA JWTs (RFC 7519, RFC 8037), verified with the public keys of a JWKS.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use protocol::account::JwkSet;
use protocol::ids::{SessionId, UserId};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::settings::Settings;

/// For whom tokens are made, and by whom.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
}

impl TokenConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            issuer: settings.get(
                "WARREN_AUTH_ISSUER",
                "warren",
                "The `iss` of access tokens.",
            ),
            audience: settings.get(
                "WARREN_AUTH_AUDIENCE",
                "warren",
                "The `aud` of access tokens.",
            ),
        }
    }
}

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who made it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its key is not among those known: new ones may have been published.
    #[error("the key {0:?} is not known")]
    UnknownKey(String),
    /// It has ended.
    #[error("the token has expired")]
    Expired,
    /// Not a token, another algorithm, a bad signature, or another issuer or audience.
    #[error("the token is not valid")]
    Invalid(#[source] Option<jsonwebtoken::errors::Error>),
}

/// Tokens whose signature need not be looked at again: who asks once asks again, and a signature takes
/// longer than all the rest of a request that sends a message. A quarter of a kilobyte each.
const SEEN_TOKENS: usize = 10_000;

/// Verifies tokens with the keys it was last given.
#[derive(Clone)]
pub struct Verifier {
    validation: Arc<Validation>,
    ring: Arc<ArcSwap<Ring>>,
}

/// Keys, and what was verified with them: a key that goes takes its tokens with it.
struct Ring {
    published: JwkSet,
    keys: HashMap<String, DecodingKey>,
    seen: Cache<[u8; 32], Claims>,
}

impl Ring {
    fn new(published: JwkSet) -> Self {
        let keys = published
            .keys
            .iter()
            .filter(|jwk| jwk.kty == "OKP" && jwk.crv == "Ed25519")
            .filter_map(|jwk| {
                Some((
                    jwk.kid.clone(),
                    DecodingKey::from_ed_components(&jwk.x).ok()?,
                ))
            })
            .collect();
        Self {
            published,
            keys,
            seen: Cache::new(SEEN_TOKENS),
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.ring.load().keys.keys()).finish()
    }
}

impl Verifier {
    /// A verifier that knows no key yet.
    #[must_use]
    pub fn new(config: &TokenConfig) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The services' clocks are the only ones that count: a token ends when it says.
        validation.leeway = 0;
        Self {
            validation: Arc::new(validation),
            ring: Arc::new(ArcSwap::from_pointee(Ring::new(JwkSet::default()))),
        }
    }

    /// Accepts these keys and no others from now on. Keys of another kind are passed over.
    pub fn set_keys(&self, set: &JwkSet) {
        if self.ring.load().published != *set {
            self.ring.store(Arc::new(Ring::new(set.clone())));
        }
    }

    /// Whether it knows any key.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.ring.load().keys.is_empty()
    }

    /// Reads a token.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.verify_at(token, chrono::Utc::now().timestamp())
    }

    fn verify_at(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        let ring = self.ring.load();
        let digest = Sha256::digest(token).into();
        let claims = match ring.seen.get(&digest) {
            Some(claims) => claims,
            None => {
                let claims = self.verify_signature(&ring.keys, token)?;
                ring.seen.insert(digest, claims.clone());
                claims
            }
        };
        // The library lets a token live through the second it ends in; RFC 7519, section 4.1.4, does
        // not.
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    fn verify_signature(
        &self,
        keys: &HashMap<String, DecodingKey>,
        token: &str,
    ) -> Result<Claims, TokenError> {
        use jsonwebtoken::errors::ErrorKind;
        let invalid = |error| TokenError::Invalid(Some(error));
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Invalid(None));
        }
        let kid = header.kid.ok_or(TokenError::Invalid(None))?;
        let Some(key) = keys.get(&kid) else {
            return Err(TokenError::UnknownKey(kid));
        };
        match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => Err(TokenError::Expired),
            Err(error) => Err(invalid(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header};
    use protocol::account::Jwk;

    use super::*;

    // The key of RFC 8037, appendix A.
    const SECRET: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const PKCS8: [u8; 16] = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];

    fn published() -> JwkSet {
        let jwk = Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: PUBLIC.to_owned(),
            kid: "one".to_owned(),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
        };
        JwkSet { keys: vec![jwk] }
    }

    fn verifier() -> Verifier {
        let verifier = Verifier::new(&TokenConfig {
            issuer: "warren".to_owned(),
            audience: "warren".to_owned(),
        });
        verifier.set_keys(&published());
        verifier
    }

    fn token(end: i64) -> (String, Claims) {
        let claims = Claims {
            iss: "warren".to_owned(),
            aud: "warren".to_owned(),
            sub: UserId::new(),
            sid: SessionId::new(),
            iat: end - 900,
            exp: end,
        };
        let header = Header {
            kid: Some("one".to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        let secret = [&PKCS8[..], &URL_SAFE_NO_PAD.decode(SECRET).unwrap()].concat();
        let key = EncodingKey::from_ed_der(&secret);
        (
            jsonwebtoken::encode(&header, &claims, &key).unwrap(),
            claims,
        )
    }

    #[test]
    fn a_token_that_was_seen_ends_when_it_says() {
        let verifier = verifier();
        let end = chrono::Utc::now().timestamp() + 900;
        let (token, claims) = token(end);
        for now in [end - 2, end - 1] {
            assert_eq!(verifier.verify_at(&token, now).unwrap(), claims);
        }
        let late = verifier.verify_at(&token, end);
        assert!(matches!(late, Err(TokenError::Expired)), "{late:?}");
    }

    #[test]
    fn a_token_that_was_seen_goes_with_its_key_and_comes_back_with_it() {
        let verifier = verifier();
        let (token, claims) = token(chrono::Utc::now().timestamp() + 900);
        assert_eq!(verifier.verify(&token).unwrap(), claims);
        verifier.set_keys(&JwkSet::default());
        let gone = verifier.verify(&token);
        assert!(matches!(gone, Err(TokenError::UnknownKey(_))), "{gone:?}");
        verifier.set_keys(&published());
        assert_eq!(verifier.verify(&token).unwrap(), claims);
    }

    #[test]
    fn a_seen_token_vouches_for_no_other() {
        let verifier = verifier();
        let (token, _) = token(chrono::Utc::now().timestamp() + 900);
        verifier.verify(&token).unwrap();
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { "B" } else { "A" };
        for forged in [
            format!("{rest}."),
            format!("{rest}.{other}{}", signature.get(1..).unwrap()),
        ] {
            let refused = verifier.verify(&forged);
            assert!(
                matches!(refused, Err(TokenError::Invalid(_))),
                "{refused:?}"
            );
        }
    }
}

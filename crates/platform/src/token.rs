//! Access tokens: EdDSA JWTs (RFC 7519, RFC 8037), verified with the public keys of a JWKS.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use protocol::account::JwkSet;
use protocol::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};

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

/// Verifies tokens with the keys it was last given.
#[derive(Clone)]
pub struct Verifier {
    validation: Arc<Validation>,
    keys: Arc<ArcSwap<HashMap<String, DecodingKey>>>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys.load().keys()).finish()
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
            keys: Arc::default(),
        }
    }

    /// Accepts these keys and no others from now on. Keys of another kind are passed over.
    pub fn set_keys(&self, set: &JwkSet) {
        let keys = set
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
        self.keys.store(Arc::new(keys));
    }

    /// Whether it knows any key.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.keys.load().is_empty()
    }

    /// Reads a token.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        use jsonwebtoken::errors::ErrorKind;
        let invalid = |error| TokenError::Invalid(Some(error));
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Invalid(None));
        }
        let kid = header.kid.ok_or(TokenError::Invalid(None))?;
        let keys = self.keys.load();
        let Some(key) = keys.get(&kid) else {
            return Err(TokenError::UnknownKey(kid));
        };
        match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
            // The library lets a token live through the second it ends in; RFC 7519, section 4.1.4,
            // does not.
            Ok(data) if data.claims.exp <= chrono::Utc::now().timestamp() => {
                Err(TokenError::Expired)
            }
            Ok(data) => Ok(data.claims),
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => Err(TokenError::Expired),
            Err(error) => Err(invalid(error)),
        }
    }
}

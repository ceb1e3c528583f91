//! The keys that sign access tokens: one PKCS#8 PEM file for each, named `<kid>.pem`.
//!
//! Rotation needs no restart. A file that is put into the folder is read within seconds and its
//! public key published at once; it begins to sign when it has lain there for the activation delay,
//! by when every verifier knows it. The last by name signs. A file that is taken away stops
//! verifying, so leave the old one for as long as its tokens live.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use platform::shutdown::CancellationToken;
use platform::token::{Claims, TokenConfig, Verifier};
use protocol::account::{Jwk, JwkSet};
use protocol::ids::{SessionId, UserId};
use protocol::limits;

use crate::error::{ApiError, Result};

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or a file of it cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no Ed25519 key.
    #[error("{}: not an Ed25519 private key in PKCS#8 PEM", .0.display())]
    NotAKey(PathBuf),
    /// There is no key at all.
    #[error("{}: no *.pem file", .0.display())]
    Empty(PathBuf),
}

/// Where the keys are.
#[derive(Clone, Debug)]
pub struct KeysConfig {
    /// The folder.
    pub dir: PathBuf,
    /// How often it is read again.
    pub reload: Duration,
    /// How long a new key is published before it signs.
    pub activation: Duration,
}

struct Ring {
    kid: String,
    signing: EncodingKey,
    published: JwkSet,
}

/// Signs access tokens, and verifies them.
#[derive(Clone)]
pub struct Keys {
    config: Arc<KeysConfig>,
    token: TokenConfig,
    ring: Arc<ArcSwap<Ring>>,
    verifier: Verifier,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("signing", &self.ring.load().kid)
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Reads the folder.
    ///
    /// # Errors
    /// If there is no key, or one that is none.
    pub fn open(config: KeysConfig, token: &TokenConfig) -> Result<Self, KeyError> {
        let ring = read_ring(&config, SystemTime::now())?;
        let verifier = Verifier::new(token);
        verifier.set_keys(&ring.published);
        Ok(Self {
            config: Arc::new(config),
            token: token.clone(),
            ring: Arc::new(ArcSwap::from_pointee(ring)),
            verifier,
        })
    }

    /// Reads the folder again and again until `stop` is cancelled. A folder that cannot be read
    /// leaves the keys as they are.
    pub async fn watch(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.config.reload) => {}
                () = stop.cancelled() => return,
            }
            match read_ring(&self.config, SystemTime::now()) {
                Ok(ring) => {
                    if ring.kid != self.ring.load().kid {
                        tracing::info!(kid = ring.kid, "another key signs from now on");
                    }
                    self.verifier.set_keys(&ring.published);
                    self.ring.store(Arc::new(ring));
                }
                Err(error) => tracing::error!(%error, "the signing keys stay as they were"),
            }
        }
    }

    /// An access token of a session, fresh for 15 minutes.
    ///
    /// # Errors
    /// If signing fails, which it does not with a key that was read.
    pub fn sign(&self, user_id: UserId, session_id: SessionId) -> Result<String> {
        let now = chrono::Utc::now().timestamp();
        let life = i64::try_from(limits::ACCESS_TOKEN_LIFE.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: self.token.issuer.clone(),
            aud: self.token.audience.clone(),
            sub: user_id,
            sid: session_id,
            iat: now,
            exp: now + life,
        };
        let ring = self.ring.load();
        let header = Header {
            kid: Some(ring.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &ring.signing)
            .map_err(|error| ApiError::internal(&error))
    }

    /// Verifies with every published key.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The public keys.
    #[must_use]
    pub fn published(&self) -> JwkSet {
        self.ring.load().published.clone()
    }
}

fn read_ring(config: &KeysConfig, now: SystemTime) -> Result<Ring, KeyError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| KeyError::Unreadable { path, source }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&config.dir).map_err(unreadable(&config.dir))? {
        let path = entry.map_err(unreadable(&config.dir))?.path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            files.push(path);
        }
    }
    files.sort();
    let mut signing = None;
    let mut published = JwkSet::default();
    for path in &files {
        let pem = std::fs::read_to_string(path).map_err(unreadable(path))?;
        let placed = path
            .metadata()
            .and_then(|data| data.modified())
            .map_err(unreadable(path))?;
        let kid = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let key =
            SigningKey::from_pkcs8_pem(&pem).map_err(|_error| KeyError::NotAKey(path.clone()))?;
        published.keys.push(jwk(&kid, &key));
        let settled = now
            .duration_since(placed)
            .is_ok_and(|age| age >= config.activation);
        if settled || signing.is_none() {
            let encoding = EncodingKey::from_ed_pem(pem.as_bytes())
                .map_err(|_error| KeyError::NotAKey(path.clone()))?;
            signing = Some((kid, encoding));
        }
    }
    let (kid, signing) = signing.ok_or_else(|| KeyError::Empty(config.dir.clone()))?;
    Ok(Ring {
        kid,
        signing,
        published,
    })
}

fn jwk(kid: &str, key: &SigningKey) -> Jwk {
    Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes()),
        kid: kid.to_owned(),
        alg: "EdDSA".to_owned(),
        usage: "sig".to_owned(),
    }
}

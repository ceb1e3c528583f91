//! Access tokens for people who never signed in.
//!
//! Ten thousand sign-ins would cost ten thousand password hashes. A benchmark of one's own stack may
//! use the stack's own signing key; the services cannot tell these tokens from those of the API.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;
use uuid::Uuid;

/// More than any run takes.
const LIFE: Duration = Duration::from_secs(6 * 3600);

/// A stack's signing key.
pub struct TokenMaker {
    kid: String,
    key: SigningKey,
}

impl TokenMaker {
    /// Reads the newest key of a folder of `<kid>.pem` files.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let files = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let newest = files
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "pem"))
            .max()
            .with_context(|| format!("no key in {}", folder.display()))?;
        let pem = std::fs::read_to_string(&newest)?;
        let kid = newest.file_stem().unwrap_or_default();
        Ok(Self {
            kid: kid.to_string_lossy().into_owned(),
            key: SigningKey::from_pkcs8_pem(&pem)
                .map_err(|error| anyhow!("{}: {error}", newest.display()))?,
        })
    }

    /// A token of this user's session.
    #[must_use]
    pub fn token(&self, user: Uuid, session: Uuid) -> String {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let header = json!({ "typ": "JWT", "alg": "EdDSA", "kid": self.kid });
        let claims = json!({
            "iss": "warren", "aud": "warren", "sub": user, "sid": session,
            "iat": now.as_secs(), "exp": (now + LIFE).as_secs(),
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(signed.as_bytes()).to_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

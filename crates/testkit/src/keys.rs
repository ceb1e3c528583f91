//! Signing keys, secrets, and tokens that no server would make.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::TempDir;

/// The files of secrets that the services read.
#[derive(Debug)]
pub struct Secrets {
    /// `WARREN_AUTH_KEYS_DIR`: one signing key in it, more by [`SigningKeyFile::create`].
    pub keys_dir: PathBuf,
    /// `WARREN_AUTH_REFRESH_SECRET_FILE`.
    pub refresh_secret_file: PathBuf,
    /// `WARREN_INTERNAL_CREDENTIAL_FILE`.
    pub internal_credential_file: PathBuf,
    /// `WARREN_FILES_SIGNING_SECRET_FILE`.
    pub files_secret_file: PathBuf,
    /// What the file of the internal credential holds.
    pub internal_credential: String,
    /// The signing key in `keys_dir`.
    pub signing_key: SigningKeyFile,
}

impl Secrets {
    /// Makes new ones in a folder.
    #[must_use]
    pub fn create(dir: &TempDir) -> Self {
        let internal_credential = random_secret();
        let keys_dir = dir.path().join("keys");
        std::fs::create_dir_all(&keys_dir).unwrap();
        Self {
            refresh_secret_file: dir.write("refresh-secret", random_secret()),
            files_secret_file: dir.write("files-secret", random_secret()),
            internal_credential_file: dir.write("internal-credential", &internal_credential),
            internal_credential,
            signing_key: SigningKeyFile::create(&keys_dir),
            keys_dir,
        }
    }
}

/// 256 random bits in text.
#[must_use]
pub fn random_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// An Ed25519 key (RFC 8032) in a PKCS#8 PEM file (RFC 8410) named `<kid>.pem`.
#[derive(Debug)]
pub struct SigningKeyFile {
    /// The name that tokens call it by.
    pub kid: String,
    /// The file.
    pub path: PathBuf,
    key: SigningKey,
}

impl SigningKeyFile {
    /// Makes a new key in a folder.
    #[must_use]
    pub fn create(dir: &Path) -> Self {
        let kid = Uuid::now_v7().to_string();
        let path = dir.join(format!("{kid}.pem"));
        let key = SigningKey::from_bytes(&rand::random());
        // Version 1, without the public key: what `openssl genpkey` writes and everything reads.
        let pair = KeypairBytes {
            secret_key: key.to_bytes(),
            public_key: None,
        };
        let pem = pair.to_pkcs8_pem(LineEnding::LF).unwrap();
        std::fs::write(&path, pem.as_bytes()).unwrap();
        Self { kid, path, key }
    }

    /// The public key's 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// A token with these claims, as the services make them.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        self.token_with_header(
            &json!({ "typ": "JWT", "alg": "EdDSA", "kid": self.kid }),
            claims,
        )
    }

    /// A token whose header may lie; the signature is this key's, whatever `alg` says.
    #[must_use]
    pub fn token_with_header(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }
}

/// The claims of a token, without a look at its signature.
#[must_use]
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// A token that nobody signed: `alg` is `none` and the signature empty.
#[must_use]
pub fn unsigned_token(claims: &Value) -> String {
    format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(json!({ "typ": "JWT", "alg": "none" }).to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::pkcs8::DecodePrivateKey;
    use ed25519_dalek::{Signature, Verifier};

    use super::*;

    #[test]
    fn a_key_file_holds_the_key_that_signs_its_tokens() {
        let dir = TempDir::new();
        let file = SigningKeyFile::create(dir.path());
        let pem = std::fs::read_to_string(&file.path).unwrap();
        let read = SigningKey::from_pkcs8_pem(&pem).unwrap();
        assert_eq!(read.verifying_key().to_bytes(), file.public_key());

        let token = file.token(&json!({ "sub": "ada" }));
        assert_eq!(claims(&token)["sub"], "ada");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let signature = Signature::from_slice(&signature).unwrap();
        let key = read.verifying_key();
        assert!(key.verify(signed.as_bytes(), &signature).is_ok());
    }
}

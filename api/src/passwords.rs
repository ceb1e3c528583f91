//! Hashing passwords: argon2id with OWASP's parameters, on a bounded number of threads.
//!
//! A hash takes tens of milliseconds and 19 MiB. At most one a core runs at a time, and a short
//! line waits; beyond, a request is refused rather than the machine filled.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::domain::account::NewPassword;
use crate::error::{ApiError, Result};

/// OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Requests that may wait for each running hash.
const WAITING_PER_RUNNING: usize = 32;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// A hash nobody has the password of: an unknown name takes as long as a wrong password.
    decoy: Arc<str>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

/// Hashing itself failed: a mistake in the parameters, or a stored hash that is none.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashError(String);

impl Passwords {
    /// A hasher for this machine's cores.
    ///
    /// # Errors
    /// If hashing does not work at all.
    pub fn new() -> Result<Self, HashError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let unguessable = uuid::Uuid::new_v4().to_string();
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores * (WAITING_PER_RUNNING + 1))),
            decoy: hash(&unguessable)?.into(),
        })
    }

    /// The hash of a new password, in PHC format.
    ///
    /// # Errors
    /// 503 if too many wait.
    pub async fn hash(&self, password: NewPassword) -> Result<String> {
        self.run(move || hash(password.expose())).await
    }

    /// Whether `password` is the one of `stored`. Takes as long when there is none.
    ///
    /// # Errors
    /// 503 if too many wait.
    pub async fn verify(&self, password: String, stored: Option<&str>) -> Result<bool> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let same = self.run(move || verify(&password, &stored)).await?;
        Ok(same && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(ApiError::unavailable());
        };
        // The semaphore is never closed, and a panic of the work is a fault of ours.
        let _turn = self
            .running
            .acquire()
            .await
            .map_err(|closed| ApiError::internal(&closed))?;
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(ApiError::internal(&error)),
            Err(panicked) => Err(ApiError::internal(&panicked)),
        }
    }
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| HashError(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, HashError> {
    let hash = argon2()?
        .hash_password(password.as_bytes())
        .map_err(|e| HashError(e.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
    let stored = PasswordHash::new(stored).map_err(|e| HashError(e.to_string()))?;
    Ok(argon2()?
        .verify_password(password.as_bytes(), &stored)
        .is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies_and_an_unknown_account_never() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords
            .hash(NewPassword::parse("correct horse").unwrap())
            .await
            .unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            passwords
                .verify("correct horse".into(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("wrong horse".into(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horse".into(), None)
                .await
                .unwrap()
        );
    }
}

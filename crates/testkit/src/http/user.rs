//! A signed-in person.

use protocol::account::{self, Auth};
use protocol::ids::{SessionId, UserId};

use super::Client;

/// The password of every account that [`Client::register`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// An account with one session and a client that calls with its token.
#[derive(Clone, Debug)]
pub struct User {
    /// The account, as it was when it signed in.
    pub account: account::User,
    /// The session.
    pub session_id: SessionId,
    /// The access token.
    pub access_token: String,
    /// The refresh token; `None` in a cookie session.
    pub refresh_token: Option<String>,
    /// Calls with the access token.
    pub client: Client,
}

impl User {
    /// Someone who signed in through `client`.
    #[must_use]
    pub fn new(client: &Client, auth: Auth) -> Self {
        Self {
            client: client.with_token(&auth.access_token),
            account: auth.user,
            session_id: auth.session_id,
            access_token: auth.access_token,
            refresh_token: auth.refresh_token,
        }
    }

    /// Their id.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.account.id
    }

    /// Their username.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.account.username
    }

    /// The same person on one more device.
    pub async fn another_device(&self) -> Self {
        self.client.login(self.username()).await
    }

    /// The same person and session, calling another server.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self {
            client: self.client.at(base),
            ..self.clone()
        }
    }
}

//! The contract's calls that most tests begin with: each requires success.

use protocol::account::Auth;
use protocol::conversation::Conversation;
use protocol::group::{Group, Visibility};
use protocol::ids::{AttachmentId, ClientId, ConversationId, GroupId, UserId};
use protocol::message::{Attachment, Message, MessagePage};
use protocol::sync::{Changes, SyncRequest, SyncResponse};
use serde_json::{Value, json};

use super::user::{PASSWORD, User};
use super::{Client, Reply};

impl Client {
    /// Registers an account.
    pub async fn register(&self, username: &str) -> User {
        let body = json!({ "username": username, "password": PASSWORD });
        let reply = self.post("/v1/auth/register", &body).await;
        User::new(self, reply.expect(201).json())
    }

    /// Signs in to an account that [`register`](Self::register) made.
    pub async fn login(&self, username: &str) -> User {
        let reply = self.try_login(username, PASSWORD).await;
        User::new(self, reply.expect(200).json())
    }

    /// Tries to sign in.
    pub async fn try_login(&self, username: &str, password: &str) -> Reply {
        let body = json!({ "username": username, "password": password });
        self.post("/v1/auth/login", &body).await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Auth {
        self.try_refresh(refresh_token).await.expect(200).json()
    }

    /// Tries to exchange a refresh token.
    pub async fn try_refresh(&self, refresh_token: &str) -> Reply {
        let body = json!({ "refresh_token": refresh_token });
        self.post("/v1/auth/refresh", &body).await
    }

    /// The direct chat with someone, new or not.
    pub async fn direct(&self, with: UserId) -> Conversation {
        let reply = self
            .post("/v1/conversations", &json!({ "user_id": with }))
            .await;
        assert!(matches!(reply.status, 200 | 201), "{reply}");
        reply.json()
    }

    /// One conversation.
    pub async fn conversation(&self, id: ConversationId) -> Conversation {
        let reply = self.get(&format!("/v1/conversations/{id}")).await;
        reply.expect(200).json()
    }

    /// Sends a new message.
    pub async fn send(&self, to: ConversationId, body: &str) -> Message {
        let reply = self.try_send(to, ClientId::new(), body).await;
        reply.expect(201).json()
    }

    /// Sends a new message that is a file alone.
    pub async fn send_file(&self, to: ConversationId, file: AttachmentId) -> Message {
        self.post(
            &format!("/v1/conversations/{to}/messages"),
            &json!({ "client_id": ClientId::new(), "attachment_ids": [file] }),
        )
        .await
        .expect(201)
        .json()
    }

    /// Tries to send a message, new or again.
    pub async fn try_send(&self, to: ConversationId, client_id: ClientId, body: &str) -> Reply {
        self.post(
            &format!("/v1/conversations/{to}/messages"),
            &json!({ "client_id": client_id, "body": body }),
        )
        .await
    }

    /// A page of messages; `query` is such as `?before=7&limit=100`, or empty.
    pub async fn messages(&self, of: ConversationId, query: &str) -> MessagePage {
        let path = format!("/v1/conversations/{of}/messages{query}");
        self.get(&path).await.expect(200).json()
    }

    /// What happened in a conversation since a revision.
    pub async fn changes(&self, of: ConversationId, since: i64) -> Changes {
        let path = format!("/v1/conversations/{of}/changes?since={since}&limit=100");
        self.get(&path).await.expect(200).json()
    }

    /// One answer of `sync`.
    pub async fn sync(&self, request: &SyncRequest) -> SyncResponse {
        self.post("/v1/sync", request).await.expect(200).json()
    }

    /// Uploads a file.
    pub async fn upload(&self, name: &str, content: &[u8]) -> Attachment {
        let reply = self.try_upload(name, content).await;
        reply.expect(201).json()
    }

    /// Tries to upload a file.
    pub async fn try_upload(&self, name: &str, content: &[u8]) -> Reply {
        let request = self.request(reqwest::Method::POST, "/v1/uploads");
        request.file(name, content).send().await
    }

    /// A new group that everyone can find and join.
    pub async fn public_group(&self, name: &str) -> Group {
        self.group_with(name, Visibility::Public).await
    }

    /// A new group for who is invited.
    pub async fn private_group(&self, name: &str) -> Group {
        self.group_with(name, Visibility::Private).await
    }

    async fn group_with(&self, name: &str, visibility: Visibility) -> Group {
        let body = json!({ "name": name, "visibility": visibility });
        self.post("/v1/groups", &body).await.expect(201).json()
    }

    /// A group as the caller sees it.
    pub async fn group(&self, id: GroupId) -> Group {
        let reply = self.get(&format!("/v1/groups/{id}")).await;
        reply.expect(200).json()
    }

    /// Joins a public group.
    pub async fn join(&self, id: GroupId) -> Group {
        let path = format!("/v1/groups/{id}/join");
        self.post(&path, &json!({})).await.expect(200).json()
    }

    /// Leaves a group.
    pub async fn leave(&self, id: GroupId) {
        let path = format!("/v1/groups/{id}/leave");
        self.post(&path, &json!({})).await.expect(204);
    }

    /// Removes a member from a group.
    pub async fn kick(&self, id: GroupId, user: UserId) {
        let path = format!("/v1/groups/{id}/members/{user}");
        self.delete(&path).await.expect(204);
    }

    /// Removes someone from a group for good.
    pub async fn ban(&self, id: GroupId, user: UserId) {
        let path = format!("/v1/groups/{id}/bans/{user}");
        self.put(&path, &json!({})).await.expect(204);
    }

    /// A new channel of a group.
    pub async fn channel(&self, group: GroupId, name: &str) -> Conversation {
        let path = format!("/v1/groups/{group}/channels");
        let body = json!({ "name": name });
        self.post(&path, &body).await.expect(201).json()
    }

    /// Says what the caller has received or read, such as `{"read_seq": 7}`.
    pub async fn mark(&self, conversation: ConversationId, marks: &Value) {
        let path = format!("/v1/conversations/{conversation}/receipts");
        self.post(&path, marks).await.expect(204);
    }
}

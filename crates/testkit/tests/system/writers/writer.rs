//! One of a person's hands, which does whatever comes to it.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use protocol::frame::ClientFrame;
use protocol::ids::{AttachmentId, ClientId, ConversationId, GroupId, MessageId, UserId};
use protocol::message::Message;
use protocol::sync::Changes;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::ws::Socket;

use super::ACTIONS;
use crate::insistent::{Insistent, message};
use crate::reader::require_ascending;

/// Of a person's uploads so many are what a hand may still want to send.
const RECENT: usize = 3;

/// A conversation, and the highest `seq` that somebody was told of.
#[derive(Debug)]
pub struct Chat {
    pub id: ConversationId,
    pub place: Place,
    pub seq: AtomicI64,
    /// Some of what is there.
    pub messages: Mutex<Vec<MessageId>>,
}

/// Whose a conversation is.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Of two.
    Direct([UserId; 2]),
    /// Of a group.
    Channel(GroupId),
}

impl Chat {
    /// Whether this person takes part, now and then at least.
    pub fn concerns(&self, user: UserId) -> bool {
        match self.place {
            Place::Direct(between) => between.contains(&user),
            Place::Channel(_) => true,
        }
    }

    fn at(&self, rest: &str) -> String {
        let path = format!("/v1/conversations/{}/{rest}", self.id);
        path.trim_end_matches('/').to_owned()
    }

    /// These statuses, and in a channel also that of who is not in the group just now.
    fn or_outside(&self, statuses: &[u16]) -> Vec<u16> {
        let outside = matches!(self.place, Place::Channel(_)).then_some(404);
        statuses.iter().copied().chain(outside).collect()
    }
}

/// One of a person's hands.
pub struct Writer {
    pub user: UserId,
    /// Who may be removed from the group: everyone else, if it is this person's.
    pub guests: Vec<UserId>,
    pub client: Insistent,
    pub socket: Arc<Socket>,
    pub chats: Vec<Arc<Chat>>,
    /// What this person's hands have uploaded: both may send the same.
    pub files: Arc<Mutex<Vec<AttachmentId>>>,
    pub rng: StdRng,
    pub acknowledged: Vec<Message>,
}

impl Writer {
    pub async fn work(mut self, done: Arc<AtomicUsize>) -> Vec<Message> {
        for _ in 0..ACTIONS {
            self.act().await;
            done.fetch_add(1, Ordering::Relaxed);
        }
        self.acknowledged
    }

    async fn act(&mut self) {
        let chats = self.chats.clone();
        let chat = chats.choose(&mut self.rng).expect("everybody has chats");
        match self.rng.random_range(0..100) {
            0..32 => self.send(chat).await,
            32..57 => self.operate(chat).await,
            57..65 => self.say_read(chat).await,
            65..74 => self.say_read_by_frame(chat).await,
            74..82 => self.change_view(chat).await,
            82..94 => match chat.place {
                Place::Direct(between) => self.act_in_direct(chat, between).await,
                Place::Channel(group) => self.come_and_go(group).await,
            },
            _ => self.look_at_changes(chat).await,
        }
    }

    /// What is done between two alone.
    async fn act_in_direct(&mut self, chat: &Chat, [one, two]: [UserId; 2]) {
        let other = if self.user == one { two } else { one };
        match self.rng.random_range(0..4) {
            0 => {
                let path = chat.at("clear");
                self.see(Method::POST, &path, None, &[204]).await;
            }
            1 => {
                let path = format!("/v1/blocks/{other}");
                for method in [Method::PUT, Method::DELETE] {
                    self.see(method, &path, None, &[204]).await;
                }
            }
            2 => {
                let body = Some(json!({ "user_id": other }));
                let path = "/v1/conversations";
                self.see(Method::POST, path, body, &[200, 201, 403]).await;
            }
            _ => self.see(Method::DELETE, &chat.at(""), None, &[204]).await,
        }
    }

    /// The owner removes a guest, who comes back by themselves; a guest leaves and comes back.
    async fn come_and_go(&mut self, group: GroupId) {
        let path = format!("/v1/groups/{group}");
        if let Some(guest) = self.guests.choose(&mut self.rng) {
            let path = format!("{path}/members/{guest}");
            return self.see(Method::DELETE, &path, None, &[204, 404]).await;
        }
        if self.rng.random() {
            let path = format!("{path}/leave");
            // Who is outside already is a stranger to a public group.
            let left = &[204, 403];
            self.see(Method::POST, &path, Some(json!({})), left).await;
        }
        let path = format!("{path}/join");
        // Who has not left, or asks again because the first answer was lost, is in it.
        let joined = &[200, 409];
        self.see(Method::POST, &path, Some(json!({})), joined).await;
    }

    /// Some sends are sent to both servers at once, some again.
    async fn send(&mut self, chat: &Chat) {
        let body = format!("{:x}", self.rng.random::<u64>());
        let names = ["", "@ada ", "@bob ", "@all "];
        let body = format!("{}{body}", names[self.rng.random_range(0..names.len())]);
        let (path, mut content) = message(chat.id, ClientId::new(), &body);
        let answered = self
            .some_message(chat)
            .filter(|_| self.rng.random_bool(0.4));
        if let Some(answered) = answered {
            content["reply_to"] = json!(answered);
        }
        let has_files = self.rng.random_bool(0.3);
        if has_files {
            content["attachment_ids"] = json!(self.some_files().await);
        }
        let mut answers = Vec::new();
        if self.rng.random_bool(0.3) {
            answers = self.client.everywhere(Method::POST, &path, &content).await;
        }
        for _ in 0..self.rng.random_range(1..=2) {
            let reply = self.client.call(Method::POST, &path, Some(&content)).await;
            answers.push(reply);
        }
        let made = answers.iter().filter(|reply| reply.status == 201).count();
        assert!(made <= 1, "one message was made {made} times");
        // The other one has blocked, or this one has; or a server was killed.
        let mut refused = chat.or_outside(&[403, 503]);
        // What it answers was cleared or hidden by this person's other hand; or that one has sent
        // its files, or the sweeper has taken them.
        if answered.is_some() || has_files {
            refused.push(422);
        }
        let mut messages = Vec::new();
        for reply in answers {
            match reply.status {
                200 | 201 => messages.push(reply.json::<Message>()),
                status if refused.contains(&status) => {}
                _ => panic!("{reply}"),
            }
        }
        let Some(first) = messages.first() else {
            return;
        };
        assert!(
            messages
                .iter()
                .all(|message| (message.id, message.seq) == (first.id, first.seq)),
            "{messages:#?}"
        );
        let mut known = chat.messages.lock().expect("nobody panics with it");
        known.push(first.id);
        drop(known);
        chat.seq.fetch_max(first.seq, Ordering::Relaxed);
        self.acknowledged.push(first.clone());
    }

    /// A new file, or one that the other hand may be sending just now, or both.
    async fn some_files(&mut self) -> Vec<AttachmentId> {
        let new = self.client.upload("note.txt", b"note").await.id;
        let mut files = self.files.lock().expect("nobody panics with it");
        files.push(new);
        let recent = files.len().saturating_sub(RECENT);
        let other = *files[recent..].choose(&mut self.rng).unwrap_or(&new);
        match self.rng.random_range(0..3) {
            0 => vec![new],
            1 if other != new => vec![new, other],
            _ => vec![other],
        }
    }

    /// What is done to a message; it may be hidden, deleted, somebody else's, or one's own.
    async fn operate(&mut self, chat: &Chat) {
        const EMOJIS: [&str; 3] = ["%F0%9F%91%8D", "%E2%9D%A4", "%F0%9F%98%80"];
        let Some(message) = self.some_message(chat) else {
            return;
        };
        let path = chat.at(&format!("messages/{message}"));
        let emoji = EMOJIS[self.rng.random_range(0..EMOJIS.len())];
        let reaction = format!("{path}/reactions/{emoji}");
        let pin = format!("{path}/pin");
        let (method, path, body, done) = match self.rng.random_range(0..20) {
            0..5 => {
                let text = format!("{:x} @bob", self.rng.random::<u64>());
                (Method::PATCH, path, Some(json!({ "body": text })), 200)
            }
            5..7 => (Method::DELETE, format!("{path}?for=everyone"), None, 204),
            7..9 => (Method::DELETE, path, None, 204),
            9..14 => (Method::PUT, reaction, None, 204),
            14..16 => (Method::DELETE, reaction, None, 204),
            16..19 => (Method::PUT, pin, None, 204),
            _ => (Method::DELETE, pin, None, 204),
        };
        self.see(method, &path, body, &[done, 403, 404, 409]).await;
    }

    fn some_message(&mut self, chat: &Chat) -> Option<MessageId> {
        let known = chat.messages.lock().expect("nobody panics with it");
        known.choose(&mut self.rng).copied()
    }

    async fn say_read(&mut self, chat: &Chat) {
        let Some(seq) = self.some_seq(chat) else {
            return;
        };
        let body = if self.rng.random() {
            json!({ "delivered_seq": seq })
        } else {
            json!({ "read_seq": seq })
        };
        let statuses = chat.or_outside(&[204]);
        self.see(Method::POST, &chat.at("receipts"), Some(body), &statuses)
            .await;
    }

    async fn say_read_by_frame(&mut self, chat: &Chat) {
        let Some(seq) = self.some_seq(chat) else {
            return;
        };
        let (conversation_id, r#ref) = (chat.id, None);
        let frame = if self.rng.random() {
            ClientFrame::Delivered {
                conversation_id,
                seq,
                r#ref,
            }
        } else {
            ClientFrame::Read {
                conversation_id,
                seq,
                r#ref,
            }
        };
        self.socket.send(&frame).await;
    }

    async fn change_view(&mut self, chat: &Chat) {
        let flag: bool = self.rng.random();
        let seq = self.some_seq(chat);
        let body = match self.rng.random_range(0..4) {
            0 => json!({ "archived": flag }),
            1 => json!({ "pinned": flag, "pin_position": if flag { Some(3) } else { None } }),
            2 => json!({ "muted_until": flag.then_some("2100-01-01T00:00:00.000Z") }),
            _ => json!({ "unread_from_seq": seq.filter(|_| flag) }),
        };
        let statuses = chat.or_outside(&[200]);
        self.see(Method::PATCH, &chat.at("me"), Some(body), &statuses)
            .await;
    }

    async fn look_at_changes(&mut self, chat: &Chat) {
        let since = self.rng.random_range(0..=chat.seq.load(Ordering::Relaxed));
        let limit = self.rng.random_range(1..=100);
        let path = chat.at(&format!("changes?since={since}&limit={limit}"));
        let reply = self.client.call(Method::GET, &path, None).await;
        if reply.status == 404 && !chat.or_outside(&[]).is_empty() {
            return;
        }
        let changes: Changes = reply.expect(200).json();
        require_ascending(since, &changes);
    }

    async fn see(&self, method: Method, path: &str, body: Option<Value>, statuses: &[u16]) {
        let reply = self.client.call(method, path, body.as_ref()).await;
        assert!(statuses.contains(&reply.status), "{reply}");
    }

    fn some_seq(&mut self, chat: &Chat) -> Option<i64> {
        let highest = chat.seq.load(Ordering::Relaxed);
        (highest > 0).then(|| self.rng.random_range(1..=highest))
    }
}

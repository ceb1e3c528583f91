//! The drill: a backup is made, life goes on, everything is lost, and the backup comes back.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use protocol::ids::ClientId;
use protocol::message::{Attachment, Message};
use reqwest::{Method, Url};
use serde_json::json;
use std::time::Duration;
use testkit::TestEnv;
use testkit::client::Device;
use testkit::http::User;
use testkit::process::{Process, System};

use crate::PATIENT;

const SOON: Duration = Duration::from_secs(20);

/// A database of the test's own: a restore puts another in its place. Dropped with all that restores
/// have left beside it.
struct Database {
    server: Url,
    name: String,
}

impl Database {
    async fn create(env: &TestEnv) -> Self {
        let mut server: Url = env.database_url().parse().expect("it is a URL");
        server.set_query(None);
        let name = env.name().to_owned();
        let database = Self { server, name };
        database
            .run(&format!("CREATE DATABASE {}", database.name))
            .await;
        database
    }

    fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.to_string()
    }

    async fn run(&self, sql: &str) {
        run(self.server.as_str(), sql).await;
    }
}

async fn run(url: &str, sql: &str) {
    let mut conn = AsyncPgConnection::establish(url).await.expect("it answers");
    conn.batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

impl Drop for Database {
    fn drop(&mut self) {
        let psql = |sql: &str| {
            let mut command = Command::new("psql");
            command.args(["-XqAt", "-c", sql, self.server.as_str()]);
            String::from_utf8_lossy(&command.output().expect("psql runs").stdout).into_owned()
        };
        let mine = format!(
            "SELECT datname FROM pg_database WHERE datname LIKE '{}%'",
            self.name
        );
        for name in psql(&mine).lines() {
            psql(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// The operator's commands, with the settings of an api.
struct Operator {
    database_url: String,
    files: PathBuf,
    backups: PathBuf,
}

impl Operator {
    fn new(env: &TestEnv, database: &Database) -> Self {
        Self {
            database_url: database.url(),
            files: env.dir().join("files"),
            backups: env.dir().join("backups"),
        }
    }

    fn try_to(&self, arguments: &[&str]) -> Output {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/backup/backup");
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        command.env("WARREN_DATABASE_URL", &self.database_url);
        command.env(
            "WARREN_FILES_LOCATION",
            format!("file://{}", self.files.display()),
        );
        command.env("WARREN_BACKUP_DIR", &self.backups);
        command.output().expect("it runs")
    }

    /// What it printed; it must succeed.
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.try_to(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// What it complained of; it must fail.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.try_to(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        said
    }
}

async fn system() -> (System, Database, Operator) {
    let env = TestEnv::new().await;
    let database = Database::create(&env).await;
    let operator = Operator::new(&env, &database);
    let builder = System::on(env).set("WARREN_DATABASE_URL", database.url());
    let system = builder.set(PATIENT.0, PATIENT.1).start().await;
    (system, database, operator)
}

async fn end(process: &mut Process) {
    process.terminate();
    assert!(
        process.wait_exit(SOON).await.success(),
        "{}",
        process.logs()
    );
}

/// A message with a file.
async fn send_file(by: &User, chat: protocol::ids::ConversationId, content: &[u8]) -> Attachment {
    let file = by.client.upload("plan.txt", content).await;
    let path = format!("/v1/conversations/{chat}/messages");
    let body = json!({ "client_id": ClientId::new(), "attachment_ids": [file.id] });
    let sent: Message = by.client.post(&path, &body).await.expect(201).json();
    assert_eq!(sent.attachments.len(), 1);
    file
}

async fn content_of(file: &Attachment, by: &User) -> Vec<u8> {
    let found = by.client.get(&file.url).await.expect(302);
    let address = found.header("location").to_owned();
    let reply = by.client.request(Method::GET, &address).send().await;
    reply.expect(200).bytes.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_more_than_the_backup_ends_with_what_was_restored() {
    let (mut system, _database, operator) = system().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let eve = system.register("eve").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let quiet = ada.client.direct(eve.id()).await.shared.id;
    eve.client.send(quiet, "see you next year").await;
    let group = ada.client.public_group("drill").await;
    bob.client.join(group.shared.id).await;
    let kept = bob.client.send(chat, "kept").await;
    ada.client
        .mark(chat, &json!({ "read_seq": kept.seq }))
        .await;
    let file = send_file(&bob, chat, b"gather at the oak").await;
    let before = Device::fresh(&ada).await.snapshot();

    let name = operator.does(&["create"]);
    operator.does(&["verify"]);
    let said = operator.fails(&["restore", &name]);
    assert!(said.contains("is in use by"), "{said}");

    for n in 0..10 {
        bob.client.send(chat, &format!("lost {n}")).await;
    }
    let path = format!("/v1/conversations/{chat}/messages/{}", kept.id);
    let edit = json!({ "body": "changed" });
    bob.client.patch(&path, &edit).await.expect(200);
    let lost = ada.client.direct(system.register("dan").await.id()).await;
    let mut device = Device::fresh(&ada).await;
    assert!(device.snapshot().contains_key(&lost.shared.id));
    let socket = system.socket(0, &ada).await;
    device.follow(&socket).await;
    let same: protocol::sync::SyncResponse =
        ada.client.sync(&device.replica().sync_request(None)).await;

    end(&mut system.ws[0]).await;
    end(&mut system.api[0]).await;
    std::fs::remove_dir_all(&operator.files).expect("the files are lost");
    operator.fails(&["verify"]);
    operator.does(&["restore", &name]);
    operator.does(&["verify"]);
    system.api[0].restart().await;
    system.ws[0].restart().await;

    device.moved();
    device.sync().await;
    assert_eq!(device.snapshot(), before);
    let now: protocol::sync::SyncResponse =
        ada.client.sync(&device.replica().sync_request(None)).await;
    assert_ne!(now.epoch, same.epoch);
    assert_eq!(content_of(&file, &ada).await, b"gather at the oak");
    // Life goes on where the backup was made.
    let socket = system.socket(0, &ada).await;
    let next = bob.client.send(chat, "again").await;
    assert_eq!(next.seq, before[&chat].messages.len() as i64 + 1);
    device.converge(&socket, &ada, SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_damaged_is_found() {
    let (mut system, database, operator) = system().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    for n in 0..5 {
        ada.client.send(chat, &format!("{n}")).await;
    }
    let file = send_file(&ada, chat, b"bytes").await;
    end(&mut system.ws[0]).await;
    end(&mut system.api[0]).await;
    let name = operator.does(&["create"]);
    operator.does(&["verify", &name]);

    let url = database.url();
    for (damage, told) in [
        (
            "DELETE FROM messages WHERE seq = 3",
            "there are 5 messages, 1 to 6",
        ),
        (
            "DELETE FROM messages WHERE seq = 6",
            "there are 5 messages, 1 to 5",
        ),
        (
            "DELETE FROM members WHERE user_id = (SELECT min(user_id::text)::uuid FROM members)",
            "its members are",
        ),
        ("UPDATE conversations SET rev = rev + 1", "rev is 7"),
        ("UPDATE attachments SET size = 6", "it has 5 bytes, not 6"),
    ] {
        run(&url, damage).await;
        let said = operator.fails(&["verify"]);
        assert!(said.contains(told), "{damage}: {said}");
        // What was wrong is in the backup as it is, and said.
        if damage.contains("seq = 3") {
            let said = operator.fails(&["create"]);
            assert!(said.contains("not sound"), "{said}");
        }
        operator.does(&["restore", &name]);
        operator.does(&["verify"]);
    }

    let [.., shard] = *file.id.0.as_bytes();
    let path = format!("attachments/{shard:02x}/{}/original", file.id);
    let stored = operator.backups.join("pool").join(path);
    std::fs::write(&stored, b"bytez").expect("it can be written");
    let said = operator.fails(&["verify", &name]);
    assert!(said.contains(&file.id.to_string()), "{said}");
    std::fs::write(&stored, b"bytes").expect("it can be written");
    operator.does(&["verify", &name]);

    let dump = operator.backups.join(&name).join("database.dump");
    let mut bytes = std::fs::read(&dump).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&dump, bytes).expect("it can be written");
    let said = operator.fails(&["restore", &name]);
    assert!(said.contains("is damaged"), "{said}");

    operator.does(&["prune", "1"]);
    let left = operator.does(&["list"]);
    assert_ne!(left, name, "the newest one stays");
    assert_eq!(left.lines().count(), 1);
    assert!(stored.is_file(), "what the one that is left names stays");
}

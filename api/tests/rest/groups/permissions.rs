//! The table of who may do what, walked over REST and held against its page.

use api::policy::groups::{Action, Answer, Standing, answer, markdown};
use protocol::group::{Group, Invite};
use protocol::ids::ClientId;
use protocol::message::Message;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::{Client, Reply, User};

use super::{ban, channel, create, general, join, member, path, read, set_role};
use crate::app::TestApp;

/// Somebody of each standing, and some to be acted on.
struct Cast {
    owner: User,
    admin: User,
    member: User,
    stranger: User,
    banned: User,
    other_admin: User,
    other_member: User,
    outsider: User,
}

impl Cast {
    async fn register(test: &TestApp) -> Self {
        Self {
            owner: test.user("owner").await,
            admin: test.user("admin").await,
            member: test.user("member").await,
            stranger: test.user("stranger").await,
            banned: test.user("banned").await,
            other_admin: test.user("other_admin").await,
            other_member: test.user("other_member").await,
            outsider: test.user("outsider").await,
        }
    }

    fn of(&self, standing: Standing) -> &Client {
        let user = match standing {
            Standing::Owner => &self.owner,
            Standing::Admin => &self.admin,
            Standing::Member => &self.member,
            Standing::PublicStranger | Standing::PrivateStranger => &self.stranger,
            Standing::PublicBanned | Standing::PrivateBanned => &self.banned,
        };
        &user.client
    }
}

/// A group with all of them.
struct Stage<'c> {
    cast: &'c Cast,
    group: Group,
    invite: Invite,
    /// Of someone who only speaks.
    message: Message,
}

impl<'c> Stage<'c> {
    async fn build(cast: &'c Cast, public: bool) -> Self {
        let group = create(&cast.owner, json!({})).await.shared.id;
        for user in [
            &cast.admin,
            &cast.member,
            &cast.other_admin,
            &cast.other_member,
        ] {
            join(user, group).await;
        }
        for user in [&cast.admin, &cast.other_admin] {
            set_role(&cast.owner, group, user.id(), "admin").await;
        }
        let owner = &cast.owner.client;
        let at = ban(group, cast.banned.id());
        owner.put(&at, &json!({})).await.expect(204);
        channel(&cast.owner, group, "side").await;
        let room = general(&read(&cast.owner, group).await);
        let message = cast.other_member.client.send(room, "hello").await;
        let invite = owner.post(&path(group, "/invites"), &json!({})).await;
        if !public {
            let change = json!({ "visibility": "private" });
            owner.patch(&path(group, ""), &change).await.expect(200);
        }
        Self {
            cast,
            group: read(&cast.owner, group).await,
            invite: invite.expect(201).json(),
            message,
        }
    }

    /// The requests by which something is done, and the status of each that succeeds.
    fn calls(
        &self,
        action: Action,
        standing: Standing,
    ) -> Vec<(&'static str, String, Option<Value>, u16)> {
        let (id, cast) = (self.group.shared.id, self.cast);
        let at = |rest: &str| path(id, rest);
        let code = format!("/v1/invites/{}", self.invite.code);
        let side = format!("/v1/channels/{}", self.group.channels[1].id);
        let none = || Some(json!({}));
        let removals = |user: &User| {
            vec![
                ("DELETE", member(id, user.id()), None, 204),
                ("PUT", ban(id, user.id()), None, 204),
            ]
        };
        let one = |method, path, body, status| vec![(method, path, body, status)];
        match action {
            Action::Read => one("GET", at(""), None, 200),
            Action::UseChannels => {
                let room = format!("/v1/conversations/{}", general(&self.group));
                let message = json!({ "client_id": ClientId::new(), "body": "hello" });
                vec![
                    ("GET", room.clone(), None, 200),
                    ("GET", format!("{room}/messages"), None, 200),
                    ("POST", format!("{room}/messages"), Some(message), 201),
                ]
            }
            Action::ListMembers => one("GET", at("/members"), None, 200),
            Action::Join => one("POST", at("/join"), none(), 200),
            Action::AcceptInvite => one("POST", format!("{code}/accept"), none(), 200),
            Action::Leave => one("POST", at("/leave"), none(), 204),
            Action::Edit => one("PATCH", at(""), Some(json!({ "description": "x" })), 200),
            Action::Delete => one("DELETE", at(""), None, 204),
            Action::ChangeRole => {
                let at = member(id, cast.other_member.id());
                ["admin", "owner"]
                    .map(|role| ("PATCH", at.clone(), Some(json!({ "role": role })), 200))
                    .into()
            }
            Action::RemoveMember => removals(&cast.other_member),
            Action::RemoveAdmin => removals(&cast.other_admin),
            Action::RemoveOwner => {
                let mut removals = removals(&cast.owner);
                // Nobody bans themselves: that is no question of standing.
                removals.truncate(if standing == Standing::Owner { 1 } else { 2 });
                removals
            }
            Action::BanStranger => one("PUT", ban(id, cast.outsider.id()), None, 204),
            Action::Unban => one("DELETE", ban(id, cast.outsider.id()), None, 204),
            Action::ListBans => one("GET", at("/bans"), None, 200),
            Action::CreateInvite => one("POST", at("/invites"), none(), 201),
            Action::ListInvites => one("GET", at("/invites"), None, 200),
            Action::DeleteInvite => one("DELETE", code, None, 204),
            Action::CreateChannel => {
                one("POST", at("/channels"), Some(json!({ "name": "new" })), 201)
            }
            Action::EditChannel => one("PATCH", side, Some(json!({ "topic": "x" })), 200),
            Action::DeleteChannel => one("DELETE", side, None, 204),
            Action::DeleteMessage => {
                let (room, message) = (general(&self.group), self.message.id);
                let path = format!("/v1/conversations/{room}/messages/{message}?for=everyone");
                one("DELETE", path, None, 204)
            }
            Action::DeleteGeneral => one(
                "DELETE",
                format!("/v1/channels/{}", general(&self.group)),
                None,
                204,
            ),
        }
    }
}

async fn call(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let mut request = client.request(method.parse().unwrap(), path);
    if let Some(body) = body {
        request = request.json(body);
    }
    request.send().await
}

/// Whether a success leaves less to act on than there was.
fn uses_up(action: Action) -> bool {
    !matches!(
        action,
        Action::Read
            | Action::UseChannels
            | Action::ListMembers
            | Action::Edit
            | Action::Unban
            | Action::ListBans
            | Action::CreateInvite
            | Action::ListInvites
            | Action::CreateChannel
            | Action::EditChannel
    )
}

async fn walk(standings: &[Standing], public: bool) {
    let test = TestApp::start().await;
    let cast = Cast::register(&test).await;
    let mut stage = Stage::build(&cast, public).await;
    for &action in Action::ALL {
        for &standing in standings {
            let want = answer(standing, action);
            for place in 0..stage.calls(action, standing).len() {
                let (method, path, body, status) = stage.calls(action, standing).swap_remove(place);
                let reply = call(cast.of(standing), method, &path, body.as_ref()).await;
                let name = format!("{} as {}: {reply}", action.about(), standing.title());
                match want.code() {
                    None => assert_eq!(reply.status, status, "{name}"),
                    Some(code) => {
                        assert_eq!(reply.status, code.status(), "{name}");
                        reply.problem(code.status(), code);
                    }
                }
                if want == Answer::Yes && uses_up(action) {
                    stage = Stage::build(&cast, public).await;
                }
            }
        }
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_group_may_do_what_the_table_says() {
    walk(&[Standing::Owner, Standing::Admin, Standing::Member], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_in_a_public_group_may_do_what_the_table_says() {
    walk(&[Standing::PublicStranger, Standing::PublicBanned], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_in_a_private_group_may_do_what_the_table_says() {
    walk(&[Standing::PrivateStranger, Standing::PrivateBanned], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_bans_neither_an_admin_nor_the_owner_and_nobody_themselves() {
    let test = TestApp::start().await;
    let cast = Cast::register(&test).await;
    let stage = Stage::build(&cast, true).await;
    let id = stage.group.shared.id;
    for who in [&cast.owner, &cast.other_admin] {
        let reply = cast.admin.client.put(&ban(id, who.id()), &json!({})).await;
        reply.problem(403, Code::Forbidden);
    }
    let oneself = ban(id, cast.owner.id());
    let reply = cast.owner.client.put(&oneself, &json!({})).await;
    assert_eq!(reply.problem(422, Code::Invalid).errors[0].code, "oneself");
    assert_eq!(read(&cast.owner, id).await.shared, stage.group.shared);
    test.app.stop().await;
}

#[test]
fn the_page_of_permissions_is_the_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("<!-- permissions -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- end of permissions -->").unwrap();
    assert_eq!(
        table.trim(),
        markdown().trim(),
        "put the output of `api permissions` between the markers of docs/permissions.md"
    );
}

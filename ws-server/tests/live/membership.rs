//! Joining, leaving and ended sessions on open sockets.

use std::time::Duration;

use protocol::control::Control;
use protocol::frame::{ClientFrame, ReadyReason, ServerFrame};
use protocol::ids::{GroupId, SessionId, UserId};
use protocol::routing::Route;
use testkit::keys::SigningKeyFile;
use testkit::proxy::Proxy;
use testkit::{TestEnv, eventually};
use tokio::time::{Instant, sleep_until};

use crate::api::{Api, claims};
use crate::server::{DEADLINE, World, expect_mark, expect_online, marked, marks, user};

#[tokio::test]
async fn who_joins_on_an_open_socket_is_told_and_hears_the_group() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let group = GroupId::new();
    let socket = world.connect(&ann).await;
    let publisher = world.publisher().await;
    world.api.join(&ann, group);
    let changed = Control::RoutesChanged {
        user_id: ann.user_id,
    };
    publisher.control(&changed).await;
    assert_eq!(socket.expect_ready(ReadyReason::Joined).await, Some(group));
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    expect_mark(&socket, 1).await;
    // Nothing changed: nothing is said.
    publisher.control(&changed).await;
    publisher.event(&[user(&ann)], marked(2).encode()).await;
    expect_mark(&socket, 2).await;
    let is_ready = |frame: &ServerFrame| matches!(frame, ServerFrame::Ready { .. });
    socket
        .expect_none(is_ready, Duration::from_millis(300))
        .await;
    world.end().await;
}

#[tokio::test]
async fn who_was_removed_hears_nothing_more() {
    let world = World::start(&[("WARREN_WS_REVOCATIONS_MS", "60000")]).await;
    let (ann, ben) = (world.person(), world.person());
    let group = GroupId::new();
    world.api.join(&ann, group);
    world.api.join(&ben, group);
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    let publisher = world.publisher().await;
    world.api.leave(&ann, group);
    let removed = Control::MemberRemoved {
        user_id: ann.user_id,
        group_id: group,
    };
    publisher.control(&removed).await;
    // Control messages and events travel in two queues.
    tokio::time::sleep(Duration::from_millis(500)).await;
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    expect_mark(&b, 1).await;
    publisher.event(&[user(&ann)], marked(2).encode()).await;
    expect_mark(&a, 2).await;
    assert_eq!(marks(&a), [2]);
    world.end().await;
}

#[tokio::test]
async fn a_removal_that_comes_late_does_not_remove_who_came_back() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let group = GroupId::new();
    world.api.join(&ann, group);
    let socket = world.connect(&ann).await;
    let publisher = world.publisher().await;
    let removed = Control::MemberRemoved {
        user_id: ann.user_id,
        group_id: group,
    };
    publisher.control(&removed).await;
    assert_eq!(socket.expect_ready(ReadyReason::Joined).await, Some(group));
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    expect_mark(&socket, 1).await;
    world.end().await;
}

#[tokio::test]
async fn a_group_that_is_gone_is_heard_no_more() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let group = GroupId::new();
    world.api.join(&ann, group);
    let socket = world.connect(&ann).await;
    let publisher = world.publisher().await;
    publisher
        .control(&Control::GroupRemoved { group_id: group })
        .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    publisher.event(&[user(&ann)], marked(2).encode()).await;
    expect_mark(&socket, 2).await;
    assert_eq!(marks(&socket), [2]);
    world.end().await;
}

#[tokio::test]
async fn the_list_alone_removes_a_member_and_spares_one_who_came_back() {
    let world = World::start(&[]).await;
    let (ann, ben) = (world.person(), world.person());
    let group = GroupId::new();
    world.api.join(&ann, group);
    world.api.join(&ben, group);
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    world.api.leave(&ann, group);
    world.api.leave(&ben, group);
    world.api.join(&ben, group);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let publisher = world.publisher().await;
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    expect_mark(&b, 1).await;
    publisher.event(&[user(&ann)], marked(2).encode()).await;
    expect_mark(&a, 2).await;
    assert_eq!(marks(&a), [2]);
    world.end().await;
}

/// By the contract, who is no member hears nothing later than this.
const REMOVED_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn an_api_that_hangs_delays_neither_a_removal_nor_a_socket() {
    let env = TestEnv::new().await;
    let api = Api::start(&env);
    let address = api.url.trim_start_matches("http://").parse().unwrap();
    let hanging = Proxy::to(address).await;
    let both = format!("http://{},{}", hanging.address(), api.url);
    // As often as in production, and no shorter deadlines.
    let settings = [
        ("WARREN_API_INTERNAL_URLS", both.as_str()),
        ("WARREN_WS_REVOCATIONS_MS", "1000"),
    ];
    let world = World::around(env, api, &settings).await;
    let (ann, ben) = (world.person(), world.person());
    let group = GroupId::new();
    world.api.join(&ann, group);
    world.api.join(&ben, group);
    let a = world.connect(&ann).await;
    hanging.stall();
    world.api.leave(&ann, group);
    let removed_at = Instant::now();
    // Asked while nobody has found out which address answers.
    let b = world.connect(&ben).await;
    assert!(removed_at.elapsed() < REMOVED_WITHIN, "a socket has waited");
    sleep_until(removed_at + REMOVED_WITHIN).await;
    let publisher = world.publisher().await;
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    expect_mark(&b, 1).await;
    publisher.event(&[user(&ann)], marked(2).encode()).await;
    expect_mark(&a, 2).await;
    assert_eq!(marks(&a), [2]);
    world.end().await;
}

#[tokio::test]
async fn an_ended_session_closes_its_sockets_and_no_others() {
    let world = World::start(&[("WARREN_WS_REVOCATIONS_MS", "60000")]).await;
    let ann = world.person();
    let mut phone = world.person();
    phone.user_id = ann.user_id;
    phone.token = world.token(&phone, 900);
    let (desk, away) = (world.connect(&ann).await, world.connect(&phone).await);
    let publisher = world.publisher().await;
    publisher
        .control(&Control::SessionEnded {
            user_id: phone.user_id,
            session_id: phone.session_id,
        })
        .await;
    assert_eq!(away.expect_close().await, 4403);
    publisher.event(&[user(&ann)], marked(1).encode()).await;
    expect_mark(&desk, 1).await;
    world.end().await;
}

#[tokio::test]
async fn a_fresh_token_prolongs_the_socket_and_reads_the_groups_again() {
    let world = World::start(&[]).await;
    let mut ann = world.person();
    ann.token = world.token(&ann, 3);
    let socket = world.connect(&ann).await;
    let group = GroupId::new();
    world.api.join(&ann, group);
    let auth = |token: String| ClientFrame::Auth {
        token,
        r#ref: Some("a1".to_owned()),
    };
    socket.send(&auth(world.token(&ann, 900))).await;
    socket.expect_ack("a1").await;
    assert_eq!(socket.expect_ready(ReadyReason::Joined).await, Some(group));
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert_eq!(socket.closed(), None);
    socket.send(&auth("nonsense".to_owned())).await;
    let refused = |frame: &ServerFrame| match frame {
        ServerFrame::Error { code, r#ref, .. } => Some((*code, r#ref.clone())),
        _ => None,
    };
    let (code, r#ref) = socket.expect_some(refused, Duration::from_secs(10)).await;
    assert_eq!(code, protocol::problem::Code::Unauthenticated);
    assert_eq!(r#ref.as_deref(), Some("a1"));
    socket.send(&auth(world.person().token)).await;
    assert_eq!(socket.expect_close().await, 4403);
    world.end().await;
}

#[tokio::test]
async fn who_has_left_when_the_keys_come_leaves_no_group_to_the_next_in_its_place() {
    let settings = [
        ("WARREN_WS_WORKERS", "1"),
        ("WARREN_API_TIMEOUT_MS", "20000"),
    ];
    let world = World::start(&settings).await;
    let (ann, ben, eve) = (world.person(), world.person(), world.person());
    let group = GroupId::new();
    world.api.join(&ann, group);
    world.api.join(&eve, group);
    let e = world.connect(&eve).await;
    let socket = world.connect(&ann).await;
    expect_online(&world.env, ann.user_id, true).await;
    let new = SigningKeyFile::create(world.env.dir());
    let key = (new.kid.clone(), new.public_key());
    world.api.now(|truth| truth.keys.push(key));
    let held = world.api.hold_keys().await;
    let asked = world.api.jwks_calls();
    let renew = ClientFrame::Auth {
        token: new.token(&claims(ann.user_id, ann.session_id, 900)),
        r#ref: None,
    };
    socket.send(&renew).await;
    eventually(DEADLINE, || async { world.api.jwks_calls() > asked }).await;
    socket.reset();
    expect_online(&world.env, ann.user_id, false).await;
    let b = world.connect(&ben).await;
    drop(held);
    // The keys are known when someone comes in by the new one.
    let late = UserId::new();
    let token = new.token(&claims(late, SessionId::new(), 900));
    world.dial().bearer(&token).open().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let publisher = world.publisher().await;
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    publisher.event(&[user(&ben)], marked(2).encode()).await;
    expect_mark(&e, 1).await;
    expect_mark(&b, 2).await;
    assert_eq!(marks(&b), [2]);
    world.end().await;
}

#[tokio::test]
async fn a_token_that_ends_ends_the_socket() {
    let world = World::start(&[]).await;
    let mut ann = world.person();
    ann.token = world.token(&ann, 2);
    let socket = world.connect(&ann).await;
    assert_eq!(socket.expect_close().await, 4401);
    world.end().await;
}

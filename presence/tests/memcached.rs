//! Presence on a real Memcached, and on one that is down or hung.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics says where it failed"
)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use platform::settings::Settings;
use presence::{Presence, PresenceConfig};
use protocol::ids::UserId;
use testkit::{TestEnv, eventually};

const DEADLINE: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_millis(250);

fn connect(env: &TestEnv, prefix: &str) -> Presence {
    let mut settings = Settings::from_pairs([
        ("WARREN_PRESENCE_SERVERS", env.presence_servers()),
        (
            "WARREN_PRESENCE_PREFIX",
            format!("{}{prefix}", env.presence_prefix()),
        ),
        ("WARREN_PRESENCE_TTL_MS", "2000".to_owned()),
        ("WARREN_PRESENCE_RETRY_MS", "100".to_owned()),
    ]);
    let config = PresenceConfig::read(&mut settings);
    settings.finish().unwrap();
    Presence::connect(config)
}

fn users(count: usize) -> Vec<UserId> {
    (0..count).map(|_| UserId::new()).collect()
}

#[tokio::test]
async fn who_is_refreshed_is_online_until_the_key_s_life_ends() {
    let env = TestEnv::new().await;
    let (here, there) = (connect(&env, ""), connect(&env, ""));
    let all = users(5);
    here.refresh(&all[..3]).await;
    let online = HashSet::from_iter(all[..3].iter().copied());
    assert_eq!(there.online(&all).await, online);
    assert!(there.online(&[]).await.is_empty());
    let start = Instant::now();
    eventually(DEADLINE, || async { there.online(&all).await.is_empty() }).await;
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    env.close().await;
}

#[tokio::test]
async fn many_users_are_written_and_read_at_once() {
    let env = TestEnv::new().await;
    let presence = connect(&env, "");
    let all = users(2_500);
    presence.refresh(&all).await;
    assert_eq!(presence.online(&all).await.len(), all.len());
    env.close().await;
}

#[tokio::test]
async fn systems_with_other_prefixes_do_not_see_each_other() {
    let env = TestEnv::new().await;
    let user = users(1);
    connect(&env, "a:").refresh(&user).await;
    assert!(connect(&env, "b:").online(&user).await.is_empty());
    assert_eq!(connect(&env, "a:").online(&user).await.len(), 1);
    env.close().await;
}

#[tokio::test]
async fn a_memcached_that_is_gone_or_hung_makes_everyone_offline_and_nobody_wait() {
    let env = TestEnv::with_faults().await;
    let presence = connect(&env, "");
    let user = users(1);
    presence.refresh(&user).await;
    assert_eq!(presence.online(&user).await.len(), 1);
    presence.ping().await.unwrap();
    let proxy = &env.faults().presence;
    for hung in [true, false] {
        if hung {
            proxy.stall();
        } else {
            proxy.cut();
        }
        let start = Instant::now();
        assert!(presence.online(&user).await.is_empty());
        // One timeout to write and one to connect again, and then some for a busy machine.
        assert!(start.elapsed() < TIMEOUT * 8, "{:?}", start.elapsed());
        // While the failure is fresh nobody waits at all.
        let start = Instant::now();
        for _ in 0..100 {
            assert!(presence.online(&user).await.is_empty());
        }
        assert!(start.elapsed() < TIMEOUT * 8, "{:?}", start.elapsed());
        presence.ping().await.unwrap_err();
        proxy.restore();
        eventually(DEADLINE, || async {
            presence.refresh(&user).await;
            presence.online(&user).await.len() == 1
        })
        .await;
        presence.ping().await.unwrap();
    }
    env.close().await;
}

#[tokio::test]
async fn a_server_that_never_was_is_no_error() {
    let mut settings = Settings::from_pairs([
        (
            "WARREN_PRESENCE_SERVERS",
            "127.0.0.1:1,nowhere.invalid:11211",
        ),
        ("WARREN_PRESENCE_RETRY_MS", "0"),
    ]);
    let presence = Presence::connect(PresenceConfig::read(&mut settings));
    let user = users(1);
    presence.refresh(&user).await;
    assert!(presence.online(&user).await.is_empty());
    presence.ping().await.unwrap_err();
}

#[test]
fn what_cannot_be_is_refused() {
    let mut settings = Settings::from_pairs([
        ("WARREN_PRESENCE_SERVERS", ""),
        ("WARREN_PRESENCE_TTL_MS", "0"),
    ]);
    PresenceConfig::read(&mut settings);
    assert_eq!(settings.finish().unwrap_err().0.len(), 2);
}

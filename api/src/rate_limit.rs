//! How often one may ask.
//!
//! What any user does often is counted in each process. What an attacker would try is counted in
//! the database, so that it does not multiply with the replicas.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use platform::settings::Settings;
use protocol::ids::UserId;

use crate::error::{ApiError, Result};
use crate::metrics;
use crate::store::{self, Db};

/// How often one may do what.
#[derive(Clone, Debug)]
pub struct RateConfig {
    /// Whether anything is limited at all.
    pub on: bool,
    /// Messages per second and user.
    pub messages_per_s: NonZeroU32,
    /// Messages at once.
    pub messages_burst: NonZeroU32,
    /// Other requests per minute and user.
    pub requests_per_min: NonZeroU32,
    /// Logins per minute and account.
    pub logins_per_account: u32,
    /// Logins per minute and address.
    pub logins_per_address: u32,
    /// Registrations per hour and address.
    pub registrations_per_address: u32,
}

impl RateConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            on: settings.get(
                "WARREN_RATE_LIMITS",
                "on",
                "`off` lifts every rate limit: for load tests.",
            ),
            messages_per_s: settings.get(
                "WARREN_RATE_MESSAGES_PER_S",
                "10",
                "Messages per second and user.",
            ),
            messages_burst: settings.get(
                "WARREN_RATE_MESSAGES_BURST",
                "30",
                "Messages a user may send at once.",
            ),
            requests_per_min: settings.get(
                "WARREN_RATE_REQUESTS_PER_MIN",
                "600",
                "Other requests per minute and user.",
            ),
            logins_per_account: settings.get(
                "WARREN_RATE_LOGINS_PER_ACCOUNT",
                "10",
                "Logins per minute and account.",
            ),
            logins_per_address: settings.get(
                "WARREN_RATE_LOGINS_PER_ADDRESS",
                "30",
                "Logins per minute and address.",
            ),
            registrations_per_address: settings.get(
                "WARREN_RATE_REGISTRATIONS_PER_ADDRESS",
                "10",
                "Registrations per hour and address.",
            ),
        }
    }
}

type Limiter<K> = DefaultKeyedRateLimiter<K>;

/// Counts, and refuses.
#[derive(Clone, Debug)]
pub struct RateLimits {
    config: RateConfig,
    messages: Arc<Limiter<UserId>>,
    requests: Arc<Limiter<UserId>>,
    anonymous: Arc<Limiter<IpAddr>>,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl RateLimits {
    /// Limits that nobody has touched.
    #[must_use]
    pub fn new(config: RateConfig) -> Self {
        let messages = Quota::per_second(config.messages_per_s).allow_burst(config.messages_burst);
        let requests = Quota::per_minute(config.requests_per_min);
        Self {
            messages: Arc::new(Limiter::keyed(messages)),
            requests: Arc::new(Limiter::keyed(requests)),
            anonymous: Arc::new(Limiter::keyed(requests)),
            config,
        }
    }

    /// A user sends a message.
    ///
    /// # Errors
    /// 429.
    pub fn message(&self, user: UserId) -> Result<()> {
        self.check(&self.messages, user, "messages")
    }

    /// A user asks anything else.
    ///
    /// # Errors
    /// 429.
    pub fn request(&self, user: UserId) -> Result<()> {
        self.check(&self.requests, user, "requests")
    }

    /// Someone without an access token asks: a refresh, say.
    ///
    /// # Errors
    /// 429.
    pub fn anonymous(&self, address: IpAddr) -> Result<()> {
        self.check(&self.anonymous, network(address), "anonymous")
    }

    fn check<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &Limiter<K>,
        key: K,
        name: &'static str,
    ) -> Result<()> {
        if !self.config.on {
            return Ok(());
        }
        limiter.check_key(&key).map_err(|until| {
            metrics::rate_limited(name);
            ApiError::rate_limited(until.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// Someone tries to sign in to an account.
    ///
    /// # Errors
    /// 429, or 503 without a database.
    pub async fn login(&self, db: &Db, account: &str, address: IpAddr) -> Result<()> {
        // The name is whatever was typed: hashed, so that it has a bounded size and is not kept.
        let account = crate::domain::tag(&<sha2::Sha256 as sha2::Digest>::digest(account));
        self.guess(db, &format!("login:account:{account}"), address)
            .await
    }

    /// Someone who is signed in says their password again. Counted apart from logins: by those a
    /// stranger could keep them from it.
    ///
    /// # Errors
    /// 429, or 503 without a database.
    pub async fn confirmation(&self, db: &Db, user: UserId, address: IpAddr) -> Result<()> {
        self.guess(db, &format!("confirm:account:{user}"), address)
            .await
    }

    /// A password is tried, from an address and for an account.
    async fn guess(&self, db: &Db, account: &str, address: IpAddr) -> Result<()> {
        self.shared(
            db,
            &format!("login:address:{}", network(address)),
            self.config.logins_per_address,
            MINUTE,
        )
        .await?;
        self.shared(db, account, self.config.logins_per_account, MINUTE)
            .await
    }

    /// Someone makes an account.
    ///
    /// # Errors
    /// 429, or 503 without a database.
    pub async fn registration(&self, db: &Db, address: IpAddr) -> Result<()> {
        let key = format!("register:address:{}", network(address));
        self.shared(db, &key, self.config.registrations_per_address, HOUR)
            .await
    }

    async fn shared(&self, db: &Db, key: &str, limit: u32, window: Duration) -> Result<()> {
        if !self.config.on {
            return Ok(());
        }
        let (count, left) = store::rate::count(&mut *db.get().await?, key, window).await?;
        if count <= limit {
            return Ok(());
        }
        metrics::rate_limited("attempts");
        Err(ApiError::rate_limited(left))
    }

    /// Forgets who has not asked for a while.
    pub fn forget_idle(&self) {
        self.messages.retain_recent();
        self.requests.retain_recent();
        self.anonymous.retain_recent();
    }
}

/// An IPv6 customer has a whole /64: it counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

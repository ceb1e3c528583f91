//! Where live events are not enough: what a client asks the API for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hyper::Method;
use rand::Rng;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::Client;
use crate::http::Api;
use crate::ledger::Outcome;

/// The contract's: a hole is asked about after this and up to a second more.
const HOLE_PATIENCE_MS: u64 = 500;

impl Client {
    fn api(&self) -> Result<Api> {
        let floor = &self.floor;
        let turn = floor.turn.replace(floor.turn.get().wrapping_add(1));
        let api = floor.apis.get(turn % floor.apis.len().max(1));
        api.cloned().context("there is no API")
    }

    /// Lets the others know whether this client misses something.
    pub(super) fn note(&mut self, is_whole: bool) {
        let whole = &self.floor.live.whole;
        match (self.is_whole, is_whole) {
            (false, true) => _ = whole.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = whole.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        self.is_whole = is_whole;
    }

    pub(super) fn has_hole(&self) -> bool {
        self.seat.hears.iter().any(|(_, ledger)| ledger.has_hole())
    }

    /// Asks what a hole hides, unless events fill it before.
    pub(super) fn ask_later(&mut self, now: Instant) {
        let patience = HOLE_PATIENCE_MS + rand::rng().random_range(0..1000);
        self.hole_at = Some(now + Duration::from_millis(patience));
    }

    /// Asks for what a hole hides.
    pub(super) async fn heal(&mut self) -> Result<()> {
        self.hole_at = None;
        let mut refused = false;
        for place in 0..self.seat.hears.len() {
            let Some((id, ledger)) = self.seat.hears.get(place) else {
                continue;
            };
            if !ledger.has_hole() {
                continue;
            }
            let path = format!(
                "/v1/conversations/{id}/changes?since={}&limit=100",
                ledger.rev()
            );
            self.floor.tally.borrow_mut().changes_calls += 1;
            let answer = self
                .api()?
                .call(Method::GET, &path, &self.seat.token, None)
                .await
                .context("changes")?;
            if !answer.status.is_success() {
                refused = true;
                continue;
            }
            let value: Value = serde_json::from_slice(&answer.body).context("changes")?;
            self.take_changes(place, &value).await?;
        }
        match self.has_hole() {
            true if refused => self.ask_later(Instant::now()),
            // An answer may be a page of many.
            true => self.hole_at = Some(Instant::now()),
            false => {}
        }
        Ok(())
    }

    /// Takes what happened in a conversation, or begins anew: the contract's answer to a client that
    /// is too far behind.
    async fn take_changes(&mut self, place: usize, changes: &Value) -> Result<()> {
        if changes["reset"] == true {
            return self.begin_anew(place).await;
        }
        self.apply(place, changes);
        Ok(())
    }

    /// Goes on from the newest message. What lies before it has not arrived, and counts so.
    async fn begin_anew(&mut self, place: usize) -> Result<()> {
        let Some((id, _)) = self.seat.hears.get(place) else {
            return Ok(());
        };
        let path = format!("/v1/conversations/{id}/messages?limit=1");
        let answer = self
            .api()?
            .call(Method::GET, &path, &self.seat.token, None)
            .await
            .context("newest page")?;
        if !answer.status.is_success() {
            bail!("the newest page answered {}", answer.status);
        }
        let page: Value = serde_json::from_slice(&answer.body).context("newest page")?;
        let newest = &page["items"][0];
        if let (Some(rev), Some(seq)) = (newest["rev"].as_i64(), newest["seq"].as_i64())
            && let Some((_, ledger)) = self.seat.hears.get_mut(place)
        {
            ledger.begin_anew(rev, seq);
            self.floor.tally.borrow_mut().begun_anew += 1;
        }
        Ok(())
    }

    /// Asks for everything that moved while nobody listened.
    pub(super) async fn sync(&mut self) -> Result<()> {
        let known = self.seat.hears.iter().map(|(id, ledger)| {
            let known = json!({ "rev": ledger.rev(), "me_version": 1 });
            (id.to_string(), known)
        });
        let known: serde_json::Map<String, Value> = known.collect();
        let body = json!({ "known": known }).to_string();
        let answer = self
            .api()?
            .call(Method::POST, "/v1/sync", &self.seat.token, Some(body))
            .await
            .context("sync")?;
        if !answer.status.is_success() {
            bail!("sync answered {}", answer.status);
        }
        let value: Value = serde_json::from_slice(&answer.body).context("sync")?;
        for place in 0..self.seat.hears.len() {
            let Some((id, _)) = self.seat.hears.get(place) else {
                continue;
            };
            if let Some(changes) = value["changes"].get(id.to_string()) {
                self.take_changes(place, changes).await?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, place: usize, changes: &Value) {
        let now = Instant::now();
        let items = changes["items"].as_array().map_or(&[][..], Vec::as_slice);
        for item in items {
            let (Some(rev), Some(seq)) = (item["rev"].as_i64(), item["seq"].as_i64()) else {
                continue;
            };
            let ledger = self.seat.hears.get_mut(place);
            if ledger.is_none_or(|(_, ledger)| ledger.take(rev, seq) == Outcome::Duplicate) {
                continue;
            }
            let client_id = item["client_id"].as_str();
            let mut tally = self.floor.tally.borrow_mut();
            tally.healed += 1;
            if let Some(id) = client_id.and_then(|id| Uuid::try_parse(id).ok()) {
                self.count(id, now, &mut tally);
            }
        }
    }
}

//! Where live events are not enough: what a client asks the API for.

use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::Client;
use crate::http::Api;
use crate::ledger::Outcome;

impl Client {
    fn api(&self) -> Result<Api> {
        let floor = &self.floor;
        let turn = floor.turn.replace(floor.turn.get().wrapping_add(1));
        let api = floor.apis.get(turn % floor.apis.len().max(1));
        api.cloned().context("there is no API")
    }

    /// Asks for what a hole hides.
    pub(super) async fn heal(&mut self) -> Result<()> {
        self.hole_at = None;
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
                .await?;
            let value: Value = serde_json::from_slice(&answer.body).context("changes")?;
            self.apply(place, &value);
            // Its answer may be a page of many.
            if self
                .seat
                .hears
                .get(place)
                .is_some_and(|(_, ledger)| ledger.has_hole())
            {
                self.hole_at = Some(Instant::now());
            }
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
            .await?;
        if !answer.status.is_success() {
            bail!("sync answered {}", answer.status);
        }
        let value: Value = serde_json::from_slice(&answer.body).context("sync")?;
        for place in 0..self.seat.hears.len() {
            let Some((id, _)) = self.seat.hears.get(place) else {
                continue;
            };
            if let Some(changes) = value["changes"].get(id.to_string()) {
                self.apply(place, changes);
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

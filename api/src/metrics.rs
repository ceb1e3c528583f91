//! Every metric of the service, by name. `docs/metrics.md` lists them.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Describes every metric, and makes those exist that a dashboard must find at zero.
pub fn describe() {
    describe_histogram!(
        "warren_api_http_request_duration_seconds",
        "Time from a request's head to its answer's head, by route and status class."
    );
    describe_counter!(
        "warren_auth_requests_total",
        "Register, login and refresh requests, by result."
    );
    describe_counter!("warren_messages_committed_total", "Messages committed.");
    describe_histogram!(
        "warren_commit_batch_size",
        "Messages in one committing transaction."
    );
    describe_histogram!(
        "warren_commit_duration_seconds",
        "Time of one committing transaction."
    );
    describe_counter!(
        "warren_commit_refused_total",
        "Messages refused because a lane's queue was full."
    );
    describe_counter!(
        "warren_commit_waits_total",
        "Times that a lane let the broker catch up."
    );
    describe_counter!(
        "warren_deadlocks_total",
        "Transactions that Postgres ended to break a deadlock; must stay 0."
    );
    describe_gauge!(
        "warren_outbox_pending",
        "Events that the broker has not confirmed, counted by who relays or cannot reach the broker."
    );
    describe_counter!(
        "warren_outbox_relayed_total",
        "Events that the relay published."
    );
    describe_histogram!(
        "warren_publish_confirm_seconds",
        "Time from a publish to the broker's confirm."
    );
    describe_counter!(
        "warren_publish_refused_total",
        "Messages not published because the window was full."
    );
    describe_counter!(
        "warren_receipts_written_total",
        "Watermark rows that moved."
    );
    describe_counter!(
        "warren_receipts_floors_raised_total",
        "Lowest watermarks of channels that rose."
    );
    describe_counter!(
        "warren_receipts_floors_forgotten_total",
        "Lowest watermarks left as they were because too many waited to be computed."
    );
    describe_counter!(
        "warren_rate_limited_total",
        "Requests refused by a rate limit, by limit."
    );
    describe_counter!("warren_uploads_total", "Uploads, by result.");
    describe_counter!("warren_upload_bytes_total", "Bytes of kept uploads.");
    describe_histogram!(
        "warren_upload_keep_seconds",
        "Time from an upload's last byte to its being readable, by kind."
    );
    describe_histogram!(
        "warren_picture_seconds",
        "Time of the work on one picture, by outcome."
    );
    describe_counter!(
        "warren_files_served_bytes_total",
        "Bytes of files in answers, as their heads announce them."
    );
    describe_counter!(
        "warren_files_swept_total",
        "Files and pictures whose bytes were removed."
    );
    describe_counter!(
        "warren_files_store_failures_total",
        "Requests that the store of files failed."
    );
    counter!("warren_messages_committed_total").absolute(0);
    counter!("warren_deadlocks_total").absolute(0);
    gauge!("warren_outbox_pending").set(0.0);
}

/// One answered request; `route` is the pattern, never the path.
pub fn http_request(route: Option<&str>, status: u16, elapsed: Duration) {
    let class = match status {
        ..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500.. => "5xx",
    };
    let route = route.unwrap_or("unknown").to_owned();
    histogram!("warren_api_http_request_duration_seconds", "route" => route, "status_class" => class)
        .record(elapsed.as_secs_f64());
}

/// One register, login or refresh request.
pub fn auth_request(result: &'static str) {
    counter!("warren_auth_requests_total", "result" => result).increment(1);
}

/// One transaction of the committer.
pub fn commit(size: usize, committed: usize, elapsed: Duration) {
    // A batch holds at most a few hundred.
    histogram!("warren_commit_batch_size").record(u32::try_from(size).unwrap_or(u32::MAX));
    histogram!("warren_commit_duration_seconds").record(elapsed.as_secs_f64());
    counter!("warren_messages_committed_total").increment(committed as u64);
}

/// A message refused because its lane's queue was full.
pub fn commit_refused() {
    counter!("warren_commit_refused_total").increment(1);
}

/// A lane that is ahead of the broker.
pub fn commit_waited() {
    counter!("warren_commit_waits_total").increment(1);
}

/// A transaction that Postgres ended to break a deadlock.
pub fn deadlock() {
    counter!("warren_deadlocks_total").increment(1);
}

/// What the relay found.
pub fn outbox(pending: i64, relayed: usize) {
    gauge!("warren_outbox_pending").set(pending as f64);
    counter!("warren_outbox_relayed_total").increment(relayed as u64);
}

/// Watermark rows that moved.
pub fn receipts_written(rows: usize) {
    counter!("warren_receipts_written_total").increment(rows as u64);
}

/// Lowest watermarks of channels that rose.
pub fn floors_raised(channels: usize) {
    counter!("warren_receipts_floors_raised_total").increment(channels as u64);
}

/// A lowest watermark that will be computed with the next movement only.
pub fn floor_forgotten() {
    counter!("warren_receipts_floors_forgotten_total").increment(1);
}

/// A request refused by a rate limit.
pub fn rate_limited(limit: &'static str) {
    counter!("warren_rate_limited_total", "limit" => limit).increment(1);
}

/// One answered upload; `result` is `kept` or a problem's code.
pub fn upload(result: &'static str) {
    counter!("warren_uploads_total", "result" => result).increment(1);
}

/// An upload that became a file.
pub fn upload_kept(is_picture: bool, bytes: u64, elapsed: Duration) {
    let kind = if is_picture { "picture" } else { "other" };
    counter!("warren_upload_bytes_total").increment(bytes);
    histogram!("warren_upload_keep_seconds", "kind" => kind).record(elapsed.as_secs_f64());
}

/// A picture that was worked on.
pub fn picture(outcome: &'static str, elapsed: Duration) {
    histogram!("warren_picture_seconds", "outcome" => outcome).record(elapsed.as_secs_f64());
}

/// An answer that carries a file, or a part of one.
pub fn file_served(bytes: u64) {
    counter!("warren_files_served_bytes_total").increment(bytes);
}

/// Files and pictures whose bytes are gone.
pub fn files_swept(count: usize) {
    counter!("warren_files_swept_total").increment(count as u64);
}

/// A request that the store of files failed.
pub fn file_store_failed() {
    counter!("warren_files_store_failures_total").increment(1);
}

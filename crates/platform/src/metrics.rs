//! Metrics in Prometheus' text format.
//!
//! Each service declares its metrics in one file of its own; here is only the recorder.

use std::time::Duration;

pub use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

/// Buckets of durations, in seconds: from a cached answer to a timeout.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Buckets of counts in a batch.
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// How often what histograms have gathered is sorted into their buckets.
const SORT_EVERY: Duration = Duration::from_secs(5);

/// Sorts what histograms gather into their buckets, for ever: until then each recorded value takes
/// room of its own, and nobody may ever ask for the metrics.
pub async fn sort(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(SORT_EVERY);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}

/// Installs the process's recorder.
///
/// # Errors
/// If the process has one already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), SIZES)?
        .install_recorder()
}

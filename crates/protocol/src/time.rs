//! Points in time on the wire: RFC 3339, UTC, milliseconds.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time with millisecond precision, written as `2026-11-22T09:30:00.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T09:30:00.123Z")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The present moment.
    #[must_use]
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// The same moment as a `chrono` value.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(3))
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        at.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = DateTime::<Utc>::deserialize(deserializer)?;
        // Four digits, as RFC 3339 has it; the parser, and no database, would take more.
        if !(0..=9999).contains(&at.year()) {
            return Err(D::Error::custom("the year must have four digits"));
        }
        Ok(at.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_exactly_three_digits_of_a_second() {
        let at: Timestamp = serde_json::from_str("\"2026-11-22T10:30:00.1239+01:00\"").unwrap();
        assert_eq!(
            serde_json::to_string(&at).unwrap(),
            "\"2026-11-22T09:30:00.123Z\""
        );
        let whole: Timestamp = serde_json::from_str("\"2026-11-22T09:30:00Z\"").unwrap();
        assert_eq!(whole.to_string(), "2026-11-22T09:30:00.000Z");
    }

    #[test]
    fn a_year_has_four_digits() {
        for year in ["-262143", "-0001", "+10000", "+262142"] {
            let text = format!("\"{year}-01-01T00:00:00Z\"");
            assert!(serde_json::from_str::<Timestamp>(&text).is_err(), "{year}");
        }
        assert!(serde_json::from_str::<Timestamp>("\"9999-12-31T23:59:59.999Z\"").is_ok());
    }
}

//! An answer of the API.

use protocol::problem::{Code, Problem};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer, with what it takes to explain it in a failed test.
#[derive(Clone, Debug)]
#[must_use = "look at the status at least"]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: null if empty, a string if it is not JSON.
    pub body: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
    request: String,
}

/// An answer whose status was looked at: it may be dropped.
#[derive(Clone, Debug)]
pub struct Expected(Reply);

impl std::ops::Deref for Expected {
    type Target = Reply;

    fn deref(&self) -> &Reply {
        &self.0
    }
}

impl Reply {
    pub(super) fn new(request: String, status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body)
                .unwrap_or_else(|_not_json| String::from_utf8_lossy(body).into_owned().into())
        };
        Self {
            status,
            headers,
            body: value,
            bytes: body.to_vec(),
            request,
        }
    }

    /// Requires a status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Expected {
        assert!(self.status == status, "expected {status}, got {self}");
        Expected(self)
    }

    /// The body as a type of the protocol.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.body.clone())
            .unwrap_or_else(|error| panic!("not a {}: {error}: {self}", std::any::type_name::<T>()))
    }

    /// A header as text; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Requires a problem document, whole and consistent with the answer that carries it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: Code) -> Problem {
        assert!(
            self.status == status,
            "expected {status} {code}, got {self}"
        );
        assert!(
            self.header("content-type") == "application/problem+json",
            "not a problem document: {self}"
        );
        let problem: Problem = self.json();
        assert!(
            problem.status == status && problem.code == code,
            "expected {status} {code}, got {self}"
        );
        assert!(
            !problem.request_id.is_empty() && self.header("x-request-id") == problem.request_id,
            "request_id and X-Request-Id differ: {self}"
        );
        let retry_after = self.header("retry-after");
        assert!(
            !matches!(status, 429 | 503) || retry_after.parse::<u64>().is_ok(),
            "{status} without Retry-After in seconds: {self}"
        );
        problem
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.status, self.request)?;
        for (name, value) in &self.headers {
            write!(
                f,
                "\n  {name}: {}",
                String::from_utf8_lossy(value.as_bytes())
            )?;
        }
        write!(f, "\n\n{:#}", self.body)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn reply(content_type: &'static str, request_id: &'static str) -> Reply {
        let problem = Problem::new(Code::Invalid, "too short", "r-1");
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        headers.insert("x-request-id", HeaderValue::from_static(request_id));
        let body = serde_json::to_vec(&problem).unwrap();
        Reply::new("POST /v1/things".to_owned(), 422, headers, &body)
    }

    #[test]
    fn a_whole_problem_is_read() {
        let problem = reply("application/problem+json", "r-1").problem(422, Code::Invalid);
        assert_eq!(problem.detail, "too short");
    }

    #[test]
    #[should_panic(expected = "request_id and X-Request-Id differ")]
    fn a_problem_under_another_request_id_is_none() {
        _ = reply("application/problem+json", "r-2").problem(422, Code::Invalid);
    }

    #[test]
    #[should_panic(expected = "not a problem document")]
    fn plain_json_is_no_problem() {
        _ = reply("application/json", "r-1").problem(422, Code::Invalid);
    }

    #[test]
    #[should_panic(expected = "expected 201, got 422 to POST /v1/things")]
    fn an_unexpected_status_is_explained() {
        _ = reply("application/problem+json", "r-1").expect(201);
    }
}

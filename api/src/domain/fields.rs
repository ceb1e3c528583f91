//! Checking a request's fields: every fault is collected before the request is refused.

use protocol::problem::FieldError;

use crate::error::ApiError;

/// Why a value cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A stable name, such as `too_long`.
    pub code: &'static str,
    /// The rule, for people.
    pub message: String,
}

impl Rule {
    /// A rule by name and text.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// A number from `low` to `high`.
///
/// # Errors
/// `out_of_range`.
pub fn within<T: PartialOrd + std::fmt::Display>(value: T, low: T, high: T) -> Result<T, Rule> {
    if (&low..=&high).contains(&&value) {
        Ok(value)
    } else {
        Err(Rule::new(
            "out_of_range",
            format!("must be {low} to {high}"),
        ))
    }
}

/// What a list breaks that is longer than the contract allows.
pub fn at_most(limit: usize) -> Rule {
    Rule::new("limit_reached", format!("must be at most {limit}"))
}

/// Collects the faults of one request.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Keeps the value, or remembers the fault.
    pub fn take<T>(&mut self, field: &str, parsed: Result<T, Rule>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(rule) => {
                self.0.push(FieldError::new(field, rule.code, rule.message));
                None
            }
        }
    }

    /// The same for a field that may be missing.
    pub fn take_optional<T, V>(
        &mut self,
        field: &str,
        value: Option<V>,
        parse: impl FnOnce(V) -> Result<T, Rule>,
    ) -> Option<T> {
        value.and_then(|value| self.take(field, parse(value)))
    }

    /// The request's value if no field was at fault.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, ApiError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(ApiError::invalid(self.0)),
        }
    }
}

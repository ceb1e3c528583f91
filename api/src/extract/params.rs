//! Path and query parameters.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use protocol::limits;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The path's parameters.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let inner = web::Path::<T>::from_request(request, payload).into_inner();
        ready(
            inner
                .map(|path| Self(path.into_inner()))
                .map_err(|error| ApiError::malformed(format!("The path: {error}."))),
        )
    }
}

/// The query's parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(
            web::Query::<T>::from_query(request.query_string())
                .map(|query| Self(query.into_inner()))
                .map_err(|error| ApiError::malformed(format!("The query: {error}."))),
        )
    }
}

/// Where a list's page begins and how long it is.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    limit: Option<usize>,
    /// From the previous page.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Entries of the page.
    ///
    /// # Errors
    /// 400 outside 1–100.
    pub fn limit(&self) -> Result<usize, ApiError> {
        limit(self.limit)
    }
}

/// Entries of a page: 1–100, 50 if it is not said.
///
/// # Errors
/// 400 outside.
pub fn limit(given: Option<usize>) -> Result<usize, ApiError> {
    match given.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE_MAX => Ok(limit),
        _ => Err(ApiError::malformed("limit: must be 1 to 100.")),
    }
}

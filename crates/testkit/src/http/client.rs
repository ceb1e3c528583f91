//! A caller of the API.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::Reply;

/// A request that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(60);

/// What divides the parts of a form; no file of a test holds it.
pub const BOUNDARY: &str = "warren-test-boundary";

/// Calls one server, with or without a token. Copies share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    headers: HeaderMap,
}

impl Client {
    /// Calls without a token; `base` is such as `http://127.0.0.1:8081`.
    #[must_use]
    pub fn anonymous(base: impl Into<String>) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DEADLINE)
            .build()
            .unwrap();
        Self {
            http,
            base: base.into().trim_end_matches('/').to_owned(),
            token: None,
            headers: HeaderMap::new(),
        }
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// The same with one header more in each request.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client
            .headers
            .insert(header_name(name), HeaderValue::from_str(value).unwrap());
        client
    }

    /// The same caller at another server.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self {
            base: base.into().trim_end_matches('/').to_owned(),
            ..self.clone()
        }
    }

    /// Where it calls.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The token it calls with.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).send().await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Reply {
        self.request(Method::POST, path).json(body).send().await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Reply {
        self.request(Method::PUT, path).json(body).send().await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Reply {
        self.request(Method::PATCH, path).json(body).send().await
    }

    /// `DELETE` without a body.
    pub async fn delete(&self, path: &str) -> Reply {
        self.request(Method::DELETE, path).send().await
    }

    /// Any request, however odd.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.base);
        let label = format!("{method} {url}");
        let mut inner = self.http.request(method, url).headers(self.headers.clone());
        if let Some(token) = &self.token {
            inner = inner.bearer_auth(token);
        }
        Request { inner, label }
    }
}

/// A request in the making.
#[derive(Debug)]
#[must_use = "it is not sent yet"]
pub struct Request {
    inner: reqwest::RequestBuilder,
    label: String,
}

impl Request {
    /// Adds a header; its value may be bytes that are no text.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.inner = self.inner.header(header_name(name), value);
        self
    }

    /// A JSON body and its content type.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.inner = self.inner.json(body);
        self
    }

    /// A body as it is, without a content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.inner = self.inner.body(body.into());
        self
    }

    /// A form with one file in the field `file`.
    pub fn file(self, name: &str, content: &[u8]) -> Self {
        self.form(&form_part("file", name, content))
    }

    /// A form of these parts, as [`form_part`] makes them.
    pub fn form(self, parts: &[u8]) -> Self {
        let body = [parts, format!("--{BOUNDARY}--\r\n").as_bytes()].concat();
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.header("content-type", content_type).body(body)
    }

    /// Sends it.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn send(self) -> Reply {
        let label = self.label.clone();
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{label}: no answer: {error:?}"))
    }

    /// Sends it to a server that may be gone.
    ///
    /// # Errors
    /// If no answer, or no whole one, comes.
    pub async fn try_send(self) -> Result<Reply, reqwest::Error> {
        let answer = self.inner.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Reply::new(
            self.label,
            status,
            headers,
            &answer.bytes().await?,
        ))
    }
}

/// A part of a form; `name` is written as it is.
#[must_use]
pub fn form_part(field: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn header_name(name: &str) -> HeaderName {
    name.parse()
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

//! Accounts, sessions and people.

mod blocks;
mod keys;
mod limits;
mod login;
mod me;
mod operator;
mod people;
mod refresh;
mod register;
mod sessions;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::account::Me;
use serde_json::Value;
use testkit::http::{Reply, User};

/// Where a user's account revision is.
pub async fn account_rev(user: &User) -> i64 {
    let me: Me = user.client.get("/v1/me").await.expect(200).json();
    me.account_rev
}

/// The header of a token.
fn token_header(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

/// The names of an object's fields, sorted.
fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// The value and the attributes of the cookie that an answer sets.
fn cookie(reply: &Reply) -> (String, Vec<String>) {
    let (cookie, attributes) = reply.header("set-cookie").split_once(';').unwrap();
    let value = cookie.strip_prefix("warren_refresh=").unwrap().to_owned();
    let mut attributes: Vec<String> = attributes
        .split(';')
        .map(|attribute| attribute.trim().to_owned())
        .collect();
    attributes.sort();
    (value, attributes)
}

//! One virtual host of RabbitMQ, seen and changed through its management API.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;

use crate::eventually;

/// The management shows a connection only some time after it was made.
const CONNECTIONS_DEADLINE: Duration = Duration::from_secs(20);

/// A virtual host and the management API that shows it.
#[derive(Clone, Debug)]
pub struct Broker {
    http: reqwest::Client,
    management: Url,
    vhost: String,
}

/// A queue.
#[derive(Clone, Debug, Deserialize)]
pub struct Queue {
    /// Its name, the server's own for server-named ones.
    pub name: String,
    /// Whether it survives a restart of the broker.
    pub durable: bool,
    /// Whether it belongs to one connection.
    pub exclusive: bool,
}

/// What ties a queue to an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Binding {
    /// The exchange; empty for the default one.
    pub source: String,
    /// The queue.
    pub destination: String,
    /// The key.
    pub routing_key: String,
    /// The management's own name of the binding.
    pub properties_key: String,
}

/// A client's connection.
#[derive(Clone, Debug, Deserialize)]
pub struct Connection {
    /// The management's name of it: the two addresses.
    pub name: String,
    /// What the client calls itself.
    #[serde(default)]
    pub user_provided_name: Option<String>,
}

impl Broker {
    pub(crate) fn new(management_url: &str, vhost: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            management: Url::parse(management_url).unwrap(),
            vhost: vhost.to_owned(),
        }
    }

    /// The virtual host's name.
    #[must_use]
    pub fn vhost(&self) -> &str {
        &self.vhost
    }

    pub(crate) async fn create_vhost(&self, user: &str) {
        self.expect(Method::PUT, &["vhosts", &self.vhost], None)
            .await;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        self.expect(Method::PUT, &["permissions", &self.vhost, user], Some(all))
            .await;
    }

    /// Removes the virtual host with its connections, queues and exchanges; gone already is fine.
    pub(crate) async fn delete_vhost(&self) -> Result<(), String> {
        let answer = self
            .send(Method::DELETE, &["vhosts", &self.vhost], None)
            .await
            .map_err(|error| format!("{error:?}"))?;
        match answer.status() {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            status => Err(format!(
                "deleting the virtual host {}: {status} {}",
                self.vhost,
                answer.text().await.unwrap_or_default()
            )),
        }
    }

    /// Every queue, exclusive ones of other connections too.
    pub async fn queues(&self) -> Vec<Queue> {
        self.list(&["queues", &self.vhost]).await
    }

    /// Every binding but those of the default exchange.
    pub async fn bindings(&self) -> Vec<Binding> {
        let mut bindings: Vec<Binding> = self.list(&["bindings", &self.vhost]).await;
        bindings.retain(|binding| !binding.source.is_empty());
        bindings
    }

    /// The keys that are bound to an exchange, sorted; once for each queue.
    pub async fn bound_keys(&self, exchange: &str) -> Vec<String> {
        let mut keys: Vec<String> = self
            .bindings()
            .await
            .into_iter()
            .filter(|binding| binding.source == exchange)
            .map(|binding| binding.routing_key)
            .collect();
        keys.sort();
        keys
    }

    /// Takes a binding away behind its owner's back. RabbitMQ refuses it for exclusive queues, as
    /// it does `delete_queue`: [close their connection](Self::close_connections) instead.
    pub async fn delete_binding(&self, binding: &Binding) {
        let path = [
            "bindings",
            &self.vhost,
            "e",
            &binding.source,
            "q",
            &binding.destination,
            &binding.properties_key,
        ];
        self.expect(Method::DELETE, &path, None).await;
    }

    /// Takes a queue away behind its owner's back; its consumers are cancelled.
    pub async fn delete_queue(&self, name: &str) {
        self.expect(Method::DELETE, &["queues", &self.vhost, name], None)
            .await;
    }

    /// The connections the management knows of. A new one appears some seconds late.
    pub async fn connections(&self) -> Vec<Connection> {
        self.list(&["vhosts", &self.vhost, "connections"]).await
    }

    /// Closes, from the broker's side, every connection whose client calls itself something that
    /// contains `name` (all of them if it is empty), and says how many. Waits until the management
    /// shows at least one.
    pub async fn close_connections(&self, name: &str) -> usize {
        let found = eventually(CONNECTIONS_DEADLINE, || async {
            let mut all = self.connections().await;
            all.retain(|connection| {
                let own_name = connection.user_provided_name.as_deref();
                own_name.unwrap_or_default().contains(name)
            });
            (!all.is_empty()).then_some(all)
        })
        .await;
        let mut closed = 0;
        for connection in &found {
            let path = ["connections", &connection.name];
            let answer = self.send(Method::DELETE, &path, None).await.unwrap();
            // It may have gone by itself in between.
            closed += usize::from(answer.status().is_success());
        }
        closed
    }

    async fn list<T: for<'de> Deserialize<'de>>(&self, path: &[&str]) -> Vec<T> {
        let answer = self.expect(Method::GET, path, None).await;
        answer.json().await.unwrap()
    }

    async fn expect(
        &self,
        method: Method,
        path: &[&str],
        body: Option<serde_json::Value>,
    ) -> Response {
        let answer = self
            .send(method.clone(), path, body)
            .await
            .unwrap_or_else(|error| panic!("RabbitMQ's management does not answer: {error:?}"));
        let status = answer.status();
        if !status.is_success() {
            let text = answer.text().await.unwrap_or_default();
            panic!("RabbitMQ's management: {method} {path:?}: {status} {text}");
        }
        answer
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<serde_json::Value>,
    ) -> reqwest::Result<Response> {
        let mut url = self.management.clone();
        let user = url.username().to_owned();
        let password = url.password().map(ToOwned::to_owned);
        url.set_username("").unwrap();
        url.set_password(None).unwrap();
        // Escapes each part, slashes included.
        url.path_segments_mut()
            .unwrap()
            .pop_if_empty()
            .push("api")
            .extend(path);
        let mut request = self
            .http
            .request(method, url)
            .basic_auth(user, password)
            .header("content-type", "application/json");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        request.send().await
    }
}

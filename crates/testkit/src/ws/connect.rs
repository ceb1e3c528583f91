//! Opening a socket, in every way the contract allows and some it does not.

use reqwest::Url;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Request};

use super::Socket;

/// A handshake in the making.
#[derive(Debug)]
#[must_use = "it is not connected yet"]
pub struct Connect {
    request: Request<()>,
}

/// A handshake that was answered with something else than an upgrade.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

impl Connect {
    /// To a URL such as `ws://127.0.0.1:8091/ws`, without a token and an `Origin`.
    pub fn to(url: &str) -> Self {
        let request = url
            .into_client_request()
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        Self { request }
    }

    /// With the token in the `Authorization` header.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With the token in the subprotocol list, as a browser does.
    pub fn subprotocol(self, token: &str) -> Self {
        self.header(
            "sec-websocket-protocol",
            &format!("warren.v1, bearer.{token}"),
        )
    }

    /// With an `Origin`.
    pub fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    /// With any header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_str(value).unwrap();
        self.request.headers_mut().append(name, value);
        self
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// The answer, if it is not an upgrade.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn open(self) -> Result<Socket, Refused> {
        let url: Url = self.request.uri().to_string().parse().unwrap();
        let host = url.host_str().expect("a WebSocket URL has a host");
        let port = url.port_or_known_default().expect("ws has a default port");
        let stream = TcpStream::connect((host, port))
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        stream.set_nodelay(true).unwrap();
        match client_async(self.request, stream).await {
            Ok((stream, answer)) => {
                let protocol = answer.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|name| name.to_str().unwrap().to_owned());
                Ok(Socket::start(stream, protocol))
            }
            Err(Error::Http(answer)) => Err(Refused {
                status: answer.status().as_u16(),
                body: String::from_utf8_lossy(answer.body().as_deref().unwrap_or_default())
                    .into_owned(),
            }),
            Err(error) => panic!("{url}: the handshake broke: {error}"),
        }
    }
}

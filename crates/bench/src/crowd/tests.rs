//! What becomes of clients that are cut off or miss something, against a server of few words.

use std::ops::Range;
use std::sync::Mutex;
use std::vec;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use super::*;
use crate::floor::Watermarks;
use crate::ledger::Ledger;
use crate::wire::tests::server_frame;

const CONVERSATION: Uuid = Uuid::from_u128(7);
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

/// What it says on each connection, one after the other, and what its API answers to each path.
/// `ready` comes last: before the rest is read, a client that is ready is whole.
struct Server {
    sockets: Vec<Vec<u8>>,
    answers: fn(&str) -> Value,
}

impl Server {
    async fn start(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sockets = Arc::new(Mutex::new(self.sockets.into_iter()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sockets.clone(), self.answers));
            }
        });
        address
    }
}

async fn serve(
    stream: TcpStream,
    sockets: Arc<Mutex<vec::IntoIter<Vec<u8>>>>,
    answers: fn(&str) -> Value,
) {
    let mut stream = BufReader::new(stream);
    while let Some(path) = request(&mut stream).await {
        let answer = if path == "/ws" {
            let said = sockets.lock().unwrap().next().unwrap();
            let head = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
            [head.as_bytes(), &said].concat()
        } else {
            let body = answers(&path).to_string();
            let length = body.len();
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
        };
        stream.write_all(&answer).await.unwrap();
    }
}

/// The path that is asked for; `None` at the end of the connection, or of what is HTTP.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut path, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.parse().unwrap();
        } else if line.is_empty() {
            stream.read_exact(&mut vec![0; length]).await.ok()?;
            return path;
        }
        path = path.or(line.split(' ').nth(1).map(str::to_owned));
    }
}

fn event(kind: &str) -> Vec<u8> {
    server_frame(TEXT, format!("{{\"type\":\"{kind}\"}}").as_bytes())
}

fn message(rev: i64) -> Vec<u8> {
    let text = format!(
        "{{\"type\":\"message.created\",\"conversation_id\":\"{CONVERSATION}\",\"rev\":{rev},\"seq\":{rev},\"client_id\":\"{}\"}}",
        Uuid::nil()
    );
    server_frame(TEXT, text.as_bytes())
}

/// A crowd of one client that holds ten messages, before any window.
async fn crowd_of_one(server: SocketAddr) -> Crowd {
    crowd_in(0..0, server).await
}

async fn crowd_in(window: Range<u64>, server: SocketAddr) -> Crowd {
    let mut crowd = Crowd::new(1, 1, Marks::new(), &[server]).unwrap();
    crowd.live.from.store(window.start, Ordering::Relaxed);
    crowd.live.until.store(window.end, Ordering::Relaxed);
    let seat = Seat {
        address: server,
        token: "token".into(),
        class: 0,
        hears: vec![(CONVERSATION, Ledger::new(10, 10))],
        watermarks: Watermarks::None,
        watches: Vec::new(),
    };
    crowd.join(vec![seat], 1.0).await.unwrap();
    crowd
}

#[tokio::test]
async fn each_class_reads_on_a_thread_of_its_own() {
    let server = Server {
        sockets: vec![event("ready")],
        answers: |_| Value::Null,
    };
    let address = server.start().await;
    let mut crowd = Crowd::new(2, 1, Marks::new(), &[address]).unwrap();
    let seat = |class| Seat {
        address,
        token: "token".into(),
        class,
        hears: Vec::new(),
        watermarks: Watermarks::None,
        watches: Vec::new(),
    };
    assert!(crowd.join(vec![seat(2)], 1.0).await.is_err());
    crowd.join(vec![seat(1)], 1.0).await.unwrap();
    let mut ready = Vec::new();
    for thread in &crowd.threads {
        let (reply, answer) = oneshot::channel();
        thread.commands.send(Command::Collect(reply)).await.ok();
        ready.push(answer.await.unwrap().ready.count());
    }
    assert_eq!(ready, [0, 1]);
}

/// 700 messages on, which is more than changes are listed for.
fn too_far(path: &str) -> Value {
    match path {
        "/v1/sync" => {
            let changes = json!({ "items": [], "rev": 700, "complete": true, "reset": true });
            json!({ "changes": { CONVERSATION.to_string(): changes } })
        }
        _ => json!({ "items": [{ "rev": 700, "seq": 700 }] }),
    }
}

#[tokio::test]
async fn who_is_cut_off_is_counted_comes_back_and_begins_anew() {
    let slow_reader = server_frame(CLOSE, &4508_u16.to_be_bytes());
    let server = Server {
        sockets: vec![
            [message(11), message(13), slow_reader].concat(),
            [event("ready"), message(701)].concat(),
        ],
        answers: too_far,
    };
    let crowd = crowd_of_one(server.start().await).await;
    let last = crowd.leave().await.unwrap();
    assert_eq!(last.losses(), ["1 connections lost: closed with 4508"]);
    assert_eq!(last.begun_anew, 1);
    assert_eq!((last.not_whole, last.holes, last.misplaced), (0, 0, 0));
}

#[tokio::test]
async fn a_hole_that_nobody_fills_is_a_hole_at_the_end() {
    let server = Server {
        sockets: vec![[message(12), event("ready")].concat()],
        answers: |_| json!({ "items": [], "rev": 12, "complete": true, "reset": false }),
    };
    let mut crowd = crowd_of_one(server.start().await).await;
    crowd.patience = Duration::from_millis(100);
    let last = crowd.leave().await.unwrap();
    assert_eq!((last.not_whole, last.holes), (1, 1));
    assert_eq!(last.connections_lost(), 0);
}

#[tokio::test]
async fn frames_about_receipts_are_those_of_the_window() {
    for (window, count) in [(0..0, 0), (0..u64::MAX, 1)] {
        let server = Server {
            sockets: vec![[event("receipts"), event("ready")].concat()],
            answers: |_| Value::Null,
        };
        let crowd = crowd_in(window, server.start().await).await;
        assert_eq!(crowd.leave().await.unwrap().receipts, count);
    }
}

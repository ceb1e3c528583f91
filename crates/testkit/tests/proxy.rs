//! The proxy's faults, against an echo server.

use std::net::SocketAddr;
use std::time::Duration;

use testkit::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

const SOON: Duration = Duration::from_secs(5);
/// What passes at once does so long before; what never passes is not missed for longer.
const A_WHILE: Duration = Duration::from_millis(300);

async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reads, mut writes) = stream.split();
                _ = tokio::io::copy(&mut reads, &mut writes).await;
            });
        }
    });
    address
}

async fn echoes(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4];
    stream.write_all(b"ping").await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer == *b"ping"
}

#[tokio::test]
async fn a_cut_drops_connections_and_refuses_new_ones_until_it_is_restored() {
    let proxy = Proxy::to(echo_server().await).await;
    let mut stream = TcpStream::connect(proxy.address())
        .await
        .expect("it listens");
    assert!(echoes(&mut stream).await);

    proxy.cut();
    let end = timeout(SOON, stream.read(&mut [0; 1])).await.expect("soon");
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert!(TcpStream::connect(proxy.address()).await.is_err());

    proxy.restore();
    let address = proxy.address();
    let mut stream =
        testkit::eventually(SOON, || async { TcpStream::connect(address).await }).await;
    assert!(echoes(&mut stream).await);
}

#[tokio::test]
async fn a_stalled_proxy_keeps_connections_and_carries_what_it_held_back() {
    let proxy = Proxy::to(echo_server().await).await;
    let mut old = TcpStream::connect(proxy.address())
        .await
        .expect("it listens");
    assert!(echoes(&mut old).await);

    proxy.stall();
    let mut new = TcpStream::connect(proxy.address())
        .await
        .expect("it still listens");
    for stream in [&mut old, &mut new] {
        stream
            .write_all(b"ping")
            .await
            .expect("the socket buffers it");
        assert!(timeout(A_WHILE, stream.read_u8()).await.is_err());
    }

    proxy.restore();
    for stream in [&mut old, &mut new] {
        let mut answer = [0; 4];
        let read = timeout(SOON, stream.read_exact(&mut answer)).await;
        read.expect("soon").expect("the connection was kept");
        assert_eq!(&answer, b"ping");
    }
}

#[tokio::test]
async fn a_delay_holds_each_way() {
    let proxy = Proxy::to(echo_server().await).await;
    let mut stream = TcpStream::connect(proxy.address())
        .await
        .expect("it listens");
    proxy.delay(A_WHILE);
    let begin = Instant::now();
    assert!(echoes(&mut stream).await);
    assert!(begin.elapsed() >= 2 * A_WHILE);
}

#[tokio::test]
async fn a_dropped_proxy_is_gone() {
    let proxy = Proxy::to(echo_server().await).await;
    let mut stream = TcpStream::connect(proxy.address())
        .await
        .expect("it listens");
    let address = proxy.address();
    drop(proxy);
    let end = timeout(SOON, stream.read(&mut [0; 1])).await.expect("soon");
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    testkit::eventually(SOON, || async {
        TcpStream::connect(address).await.is_err()
    })
    .await;
}

//! Frames that are no good.

use std::time::Duration;

use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::{ConversationId, UserId};
use protocol::problem::Code;
use testkit::ws::Socket;

use crate::server::{DEADLINE, World};

async fn next_error(socket: &Socket) -> (Code, Option<String>) {
    let error = |frame: &ServerFrame| match frame {
        ServerFrame::Error { code, r#ref, .. } => Some((*code, r#ref.clone())),
        _ => None,
    };
    socket.expect_some(error, DEADLINE).await
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_frame_and_the_socket_stays() {
    let world = World::start(&[("WARREN_RATE_LIMITS", "off")]).await;
    let socket = world.connect(&world.person()).await;
    let deep = format!(r#"{{"type":"ping","x":{}"#, "[".repeat(10_000));
    let long_ref = format!(r#"{{"type":"ping","ref":"{}"}}"#, "r".repeat(65));
    for (text, r#ref) in [
        ("", None),
        ("{", None),
        ("[]", None),
        ("\"ping\"", None),
        (r#"{"ref":"r1"}"#, Some("r1")),
        (r#"{"type":"nonsense","ref":"r2"}"#, Some("r2")),
        (r#"{"type":"ping","more":1,"ref":"r3"}"#, Some("r3")),
        (
            r#"{"type":"read","conversation_id":"x","seq":1,"ref":"r4"}"#,
            Some("r4"),
        ),
        (r#"{"type":"typing","ref":"r5"}"#, Some("r5")),
        (r#"{"type":"hello","ref":"r6"}"#, Some("r6")),
        (&deep, None),
        (&long_ref, None),
    ] {
        socket.send_text(text).await;
        let (code, found) = next_error(&socket).await;
        assert_eq!(
            (code, found.as_deref()),
            (Code::Malformed, r#ref),
            "{text:.100}"
        );
    }
    socket.send_binary(b"{\"type\":\"ping\"}".to_vec()).await;
    assert_eq!(next_error(&socket).await.0, Code::Malformed);
    // A masked text frame of two bytes that are no UTF-8.
    socket.send_raw([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]).await;
    assert_eq!(next_error(&socket).await.0, Code::Malformed);
    assert_eq!(socket.closed(), None);
    world.end().await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_its_ref() {
    let world = World::start(&[]).await;
    let socket = world.connect(&world.person()).await;
    socket
        .send(&ClientFrame::Read {
            conversation_id: ConversationId::new(),
            seq: -1,
            r#ref: Some("a".to_owned()),
        })
        .await;
    assert_eq!(
        next_error(&socket).await,
        (Code::Invalid, Some("a".to_owned()))
    );
    socket
        .send(&ClientFrame::PresenceSubscribe {
            user_ids: (0..501).map(|_| UserId::new()).collect(),
            r#ref: Some("b".to_owned()),
        })
        .await;
    assert_eq!(
        next_error(&socket).await,
        (Code::Invalid, Some("b".to_owned()))
    );
    world.end().await;
}

#[tokio::test]
async fn the_twenty_first_malformed_frame_closes_with_4400() {
    let world = World::start(&[]).await;
    let socket = world.connect(&world.person()).await;
    for _ in 0..20 {
        socket.send_text("{").await;
        next_error(&socket).await;
    }
    assert_eq!(socket.closed(), None);
    socket.send_text("{").await;
    assert_eq!(socket.expect_close().await, 4400);
    world.end().await;
}

#[tokio::test]
async fn a_frame_over_32_kib_closes_with_1009_and_one_of_32_does_not() {
    let world = World::start(&[]).await;
    let fits = world.connect(&world.person()).await;
    fits.send_text(format!("{:32768}", r#"{"type":"ping","ref":"p"}"#))
        .await;
    let pong = |frame: &ServerFrame| matches!(frame, ServerFrame::Pong { .. });
    fits.expect_event(pong, DEADLINE).await;
    fits.send_text(format!("{:32769}", r#"{"type":"ping"}"#))
        .await;
    assert_eq!(fits.expect_close().await, 1009);
    // In fragments that are small each.
    let fragments = world.connect(&world.person()).await;
    let part = " ".repeat(8_192);
    fragments
        .send_fragments(&[&part, &part, &part, &part, &part])
        .await;
    assert_eq!(fragments.expect_close().await, 1009);
    // Announced, and never sent.
    let announced = world.connect(&world.person()).await;
    announced
        .send_raw([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
        .await;
    assert_eq!(announced.expect_close().await, 1009);
    world.end().await;
}

#[tokio::test]
async fn what_is_no_frame_closes_with_1002() {
    let world = World::start(&[]).await;
    for bytes in [
        // Unmasked.
        &[0x81, 0x02, b'h', b'i'][..],
        // Reserved bits.
        &[0xf1, 0x80, 0, 0, 0, 0],
        // A reserved opcode.
        &[0x83, 0x80, 0, 0, 0, 0],
        // A continuation of nothing.
        &[0x80, 0x80, 0, 0, 0, 0],
        // A ping in fragments.
        &[0x09, 0x80, 0, 0, 0, 0],
    ] {
        let socket = world.connect(&world.person()).await;
        socket.send_raw(bytes).await;
        assert_eq!(socket.expect_close().await, 1002, "{bytes:x?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_flood_of_frames_closes_with_4429() {
    let world = World::start(&[]).await;
    for kind in ["ping", "fragments", "websocket ping"] {
        let socket = world.connect(&world.person()).await;
        for _ in 0..40 {
            match kind {
                "ping" => socket.send_text(r#"{"type":"ping"}"#).await,
                "fragments" => socket.send_raw([0x01, 0x80, 0, 0, 0, 0]).await,
                _ => socket.ping("x").await,
            }
            if kind == "fragments" {
                for _ in 0..40 {
                    socket.send_raw([0x00, 0x80, 0, 0, 0, 0]).await;
                }
                break;
            }
        }
        assert_eq!(socket.expect_close().await, 4429, "{kind}");
    }
    world.end().await;
}

#[tokio::test]
async fn without_rate_limits_a_flood_is_answered() {
    let world = World::start(&[("WARREN_RATE_LIMITS", "off")]).await;
    let socket = world.connect(&world.person()).await;
    for _ in 0..500 {
        socket.send_text(r#"{"type":"ping"}"#).await;
    }
    for _ in 0..500 {
        let pong = |frame: &ServerFrame| matches!(frame, ServerFrame::Pong { .. });
        socket.expect_event(pong, DEADLINE).await;
    }
    world.end().await;
}

#[tokio::test]
async fn who_says_nothing_closes_with_4408_and_any_sign_counts() {
    let world = World::start(&[("WARREN_WS_HEARTBEAT_MS", "200")]).await;
    let (silent, alive) = (
        world.connect(&world.person()).await,
        world.connect(&world.person()).await,
    );
    for round in 0..8 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        if round % 2 == 0 {
            // A pong that nobody asked for.
            alive.send_raw([0x8a, 0x80, 0, 0, 0, 0]).await;
        } else {
            alive.send_text("{").await;
        }
    }
    assert_eq!(silent.expect_close().await, 4408);
    assert_eq!(alive.closed(), None);
    world.end().await;
}

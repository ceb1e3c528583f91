//! Several frames in one publish, each with keys of its own.
//!
//! One frame for many is published once, under its keys. Many frames for one reader each, as when a
//! batch of receipts has been written, would be as many publishes: they travel together instead, under
//! all their keys, and a ws-server gives each to whom it is for. A line for each: its keys with commas
//! between, a space, the frame. JSON on one line has no line feed of its own.

use crate::routing::Route;

/// AMQP `type` of such a publish.
pub const KIND: &str = "bundle";

/// Adds a frame for these keys.
pub fn add(body: &mut String, keys: &[String], frame: &str) {
    body.push_str(&keys.join(","));
    body.push(' ');
    body.push_str(frame);
    body.push('\n');
}

/// The frames, and for whom they are; `None` in the place of what cannot be read.
pub fn read(body: &str) -> impl Iterator<Item = Option<(Vec<Route>, &str)>> {
    body.lines().map(|line| {
        let (keys, frame) = line.split_once(' ')?;
        let routes: Option<Vec<_>> = keys.split(',').map(Route::parse).collect();
        Some((routes?, frame))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::ServerFrame;
    use crate::ids::{GroupId, UserId};

    #[test]
    fn a_bundle_reads_back_as_its_frames() {
        let (ann, bob) = (Route::User(UserId::new()), Route::User(UserId::new()));
        let group = Route::Group(GroupId::new());
        let frame = |r#ref: &str| {
            let r#ref = r#ref.to_owned();
            ServerFrame::Ack { r#ref }.encode()
        };
        let (first, second) = (frame("a b"), frame("c\nd,e"));
        let mut body = String::new();
        add(&mut body, &[ann.key(), group.key()], &first);
        add(&mut body, &[bob.key()], &second);
        let read: Vec<_> = read(&body).collect();
        let want = [
            Some((vec![ann, group], first.as_str())),
            Some((vec![bob], second.as_str())),
        ];
        assert_eq!(read, want);
    }

    #[test]
    fn what_cannot_be_read_hides_nothing_else() {
        let ann = Route::User(UserId::new());
        let body = format!("user.x {{}}\nnothing\n{} {{}}\n", ann.key());
        let read: Vec<_> = read(&body).collect();
        assert_eq!(read, [None, None, Some((vec![ann], "{}"))]);
    }
}

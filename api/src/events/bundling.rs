//! Frames that are told at the same time, in as few publishes as their keys allow: a batch of receipts
//! makes a frame for each of hundreds of people.

use std::collections::BTreeSet;

use protocol::{bundle, routing};

use super::Event;

/// Frames of one bundle: what a ws-server queues in one turn.
const FRAMES: usize = 64;

/// Events for clients, packed. What has company is a bundle (`protocol::bundle`).
pub(super) fn bundled(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let mut bundles: Vec<Bundle> = Vec::new();
    for event in events {
        match bundles.last_mut() {
            Some(bundle) if bundle.has_room_for(&event) => bundle.take(event),
            _ => bundles.push(Bundle::of(event)),
        }
    }
    bundles.into_iter().map(Bundle::into_event).collect()
}

struct Bundle {
    first: Event,
    more: Vec<Event>,
    keys: BTreeSet<String>,
}

impl Bundle {
    fn of(event: Event) -> Self {
        Self {
            keys: event.routing_keys.iter().cloned().collect(),
            first: event,
            more: Vec::new(),
        }
    }

    fn has_room_for(&self, event: &Event) -> bool {
        let keys = &event.routing_keys;
        let new = keys.iter().filter(|key| !self.keys.contains(*key)).count();
        self.more.len() + 1 < FRAMES && self.keys.len() + new <= routing::KEYS_PER_PUBLISH
    }

    fn take(&mut self, event: Event) {
        self.keys.extend(event.routing_keys.iter().cloned());
        self.more.push(event);
    }

    fn into_event(self) -> Event {
        if self.more.is_empty() {
            return self.first;
        }
        let mut body = String::new();
        for event in [&self.first].into_iter().chain(&self.more) {
            bundle::add(&mut body, &event.routing_keys, &event.body);
        }
        Event {
            routing_keys: self.keys.into_iter().collect(),
            kind: bundle::KIND.to_owned(),
            body,
            ..self.first
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::frame::ServerFrame;
    use protocol::ids::UserId;
    use protocol::routing::Route;

    use super::*;

    fn frame(routes: &[Route]) -> Event {
        let r#ref = UserId::new().to_string();
        Event::frame(routes, &ServerFrame::Ack { r#ref })
    }

    fn lines(event: &Event) -> Vec<(Vec<Route>, &str)> {
        bundle::read(&event.body).map(Option::unwrap).collect()
    }

    #[test]
    fn every_frame_is_in_one_publish_under_its_own_keys() {
        let people: Vec<_> = (0..40).map(|_| Route::User(UserId::new())).collect();
        let events: Vec<_> = people.windows(2).map(frame).collect();
        let bundles = bundled(events.clone());
        // Neighbours share a key: 16 keys are 15 pairs.
        assert_eq!(bundles.len(), 3);
        let told: Vec<_> = bundles.iter().flat_map(lines).collect();
        let want: Vec<_> = people.windows(2).map(<[_]>::to_vec).collect();
        assert!(told.iter().map(|(routes, _)| routes).eq(&want));
        assert!(
            told.iter()
                .map(|(_, frame)| *frame)
                .eq(events.iter().map(|event| event.body.as_str()))
        );
        for bundle in &bundles {
            assert!(bundle.routing_keys.len() <= routing::KEYS_PER_PUBLISH);
            let keys = |route: &Route| bundle.routing_keys.contains(&route.key());
            assert!(
                lines(bundle)
                    .iter()
                    .all(|(routes, _)| routes.iter().all(keys))
            );
        }
    }

    #[test]
    fn frames_for_one_group_are_bounded_by_their_number() {
        let group = [Route::User(UserId::new())];
        let bundles = bundled((0..FRAMES + 1).map(|_| frame(&group)));
        let counts: Vec<_> = bundles
            .iter()
            .map(|bundle| bundle.body.lines().count())
            .collect();
        assert_eq!(counts, [FRAMES, 1]);
    }

    #[test]
    fn what_is_alone_travels_as_it_is() {
        let bundles = bundled([frame(&[Route::User(UserId::new())])]);
        assert_eq!(bundles.first().unwrap().kind, "ack");
    }
}

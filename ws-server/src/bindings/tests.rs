//! Counting, lingering and a lost link, with paused time.

use protocol::ids::{GroupId, UserId};

use super::*;

const LINGER: Duration = Duration::from_secs(10);

fn route() -> Route {
    Route::User(UserId::new())
}

/// Nothing to do for `wait`.
async fn quiet(bindings: &Bindings, wait: Duration) {
    let next = tokio::time::timeout(wait, bindings.next()).await;
    assert!(next.is_err(), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_bound_once_however_many_hold_it() {
    let bindings = Bindings::new(LINGER);
    let route = route();
    let first = bindings.hold(route);
    let second = bindings.hold(route);
    assert_eq!(bindings.next().await, Work::Bind(route));
    bindings.done(Work::Bind(route));
    first.bound().await;
    second.bound().await;
    quiet(&bindings, LINGER * 3).await;
    drop(first);
    quiet(&bindings, LINGER * 3).await;
    drop(second);
    quiet(&bindings, LINGER - Duration::from_millis(1)).await;
    assert_eq!(bindings.next().await, Work::Unbind(route));
    bindings.done(Work::Unbind(route));
    assert!(bindings.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_while_it_lingers_costs_the_broker_nothing() {
    let bindings = Bindings::new(LINGER);
    let route = route();
    let hold = bindings.hold(route);
    bindings.done(bindings.next().await);
    for _ in 0..5 {
        drop(bindings.hold(route));
    }
    drop(hold);
    tokio::time::advance(LINGER / 2).await;
    let again = bindings.hold(route);
    again.bound().await;
    quiet(&bindings, LINGER * 2).await;
    drop(again);
    quiet(&bindings, LINGER / 2).await;
    assert_eq!(bindings.next().await, Work::Unbind(route));
}

#[tokio::test(start_paused = true)]
async fn a_key_held_again_while_it_is_taken_away_is_bound_again() {
    let bindings = Bindings::new(LINGER);
    let route = route();
    drop(bindings.hold(route));
    bindings.done(bindings.next().await);
    let unbind = bindings.next().await;
    assert_eq!(unbind, Work::Unbind(route));
    let hold = bindings.hold(route);
    quiet(&bindings, LINGER).await;
    bindings.done(unbind);
    assert_eq!(bindings.next().await, Work::Bind(route));
    let waits = tokio::time::timeout(LINGER, hold.bound()).await;
    assert!(waits.is_err());
    bindings.done(Work::Bind(route));
    hold.bound().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_link_what_is_held_is_bound_again_and_waited_for() {
    let bindings = Bindings::new(LINGER);
    let held = bindings.hold(Route::Group(GroupId::new()));
    let left = bindings.hold(route());
    bindings.done(bindings.next().await);
    bindings.done(bindings.next().await);
    drop(left);
    bindings.lost();
    let waits = tokio::time::timeout(LINGER, bindings.restored()).await;
    assert!(waits.is_err());
    let late = bindings.hold(route());
    assert_eq!(bindings.next().await, Work::Bind(held.route()));
    bindings.done(Work::Bind(held.route()));
    // Who came after the loss is not waited for.
    bindings.restored().await;
    held.bound().await;
    assert_eq!(bindings.next().await, Work::Bind(late.route()));
    assert_eq!(bindings.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_the_link_is_back_is_not_waited_for() {
    let bindings = Bindings::new(LINGER);
    let hold = bindings.hold(route());
    bindings.lost();
    drop(hold);
    tokio::time::advance(LINGER * 2).await;
    // The queue is served first, and a binding that nobody needs then lingers.
    let bind = bindings.next().await;
    bindings.done(bind);
    bindings.restored().await;
    assert!(matches!(bindings.next().await, Work::Unbind(_)));
}

#[tokio::test(start_paused = true)]
async fn several_binders_share_the_work() {
    let bindings = Bindings::new(LINGER);
    let holds: Vec<_> = (0..100).map(|_| bindings.hold(route())).collect();
    let binder = || async {
        loop {
            let work = bindings.next().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            bindings.done(work);
        }
    };
    let all = async {
        for hold in &holds {
            hold.bound().await;
        }
    };
    let start = Instant::now();
    tokio::select! {
        () = async { tokio::join!(binder(), binder(), binder(), binder()); } => {}
        () = all => {}
    }
    assert!(start.elapsed() < Duration::from_millis(40));
}

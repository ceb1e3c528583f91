//! Children that die with the test process, however it dies.
//!
//! Linux ends a child when the *thread* that started it ends (`PR_SET_PDEATHSIG` of prctl(2)), and
//! a test's threads end long before the process. So one thread that never ends starts them all.

use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};

type Order = (Command, mpsc::SyncSender<io::Result<Child>>);

/// A command whose process is killed when its parent ends: setpriv(1), of every Debian, sets that
/// and then becomes the program, under the same pid.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Starts it from the thread that stays.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    static ORDERS: LazyLock<Mutex<mpsc::SyncSender<Order>>> = LazyLock::new(|| {
        let (orders, taken) = mpsc::sync_channel::<Order>(1);
        std::thread::spawn(move || {
            for (mut command, answer) in taken {
                // Whoever asked waits for the answer.
                _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (answer, answered) = mpsc::sync_channel(1);
    ORDERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, answer))
        .expect("the spawner never ends");
    answered.recv().expect("the spawner answers every order")
}

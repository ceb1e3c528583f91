//! What this machine's parts cost, measured anew in every run, so that figures of two machines can
//! be compared.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// The units.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Units {
    /// *s*: processor time of one loopback `send()` of 300 bytes, over 1000 sockets, in µs.
    pub send_us: f64,
    /// *f*: one fdatasync of the disk that holds the database, in ms.
    pub fdatasync_ms: f64,
}

/// Bytes that one send carries.
const SEND_BYTES: usize = 300;
/// Sends of one measurement.
const SENDS: usize = 100_000;
/// Times that all sockets are sent to in a paced measurement.
const PACED_ROUNDS: usize = 30;
/// Between two of those: as the ticks of a ws-server, and what reading takes.
const PACE: Duration = Duration::from_millis(30);
const PACE_EACH: Duration = Duration::from_micros(20);
/// Flushes of one measurement.
const FLUSHES: usize = 100;

/// Measures *s* over so many sockets, in µs.
///
/// # Errors
/// The machine does not give that many sockets.
pub fn send_us(sockets: usize) -> Result<f64> {
    let mut pairs = Pairs::connect(sockets)?;
    let rounds = SENDS / sockets.max(1);
    let before = thread_cpu();
    for _ in 0..rounds {
        pairs.send(&[b'x'; SEND_BYTES])?;
    }
    let spent = thread_cpu() - before;
    pairs.end()?;
    Ok(per_send(spent, rounds * sockets))
}

/// Measures one send as a server makes it that writes to all of its sockets once in a while: its
/// readers sleep, and its caches have held other things since. In µs.
///
/// # Errors
/// The machine does not give that many sockets.
#[expect(clippy::disallowed_methods, reason = "the pause is what is measured")]
pub fn paced_send_us(sockets: usize, bytes: usize) -> Result<f64> {
    let mut pairs = Pairs::connect(sockets)?;
    let payload = vec![b'x'; bytes];
    let mut spent = Duration::ZERO;
    for _ in 0..PACED_ROUNDS {
        // Whoever reads has read it all, and sleeps.
        std::thread::sleep(PACE + PACE_EACH * sockets as u32);
        let before = thread_cpu();
        pairs.send(&payload)?;
        spent += thread_cpu() - before;
    }
    pairs.end()?;
    Ok(per_send(spent, PACED_ROUNDS * sockets))
}

fn per_send(spent: Duration, sends: usize) -> f64 {
    spent.as_secs_f64() * 1e6 / sends.max(1) as f64
}

/// Sockets of the loopback, and a thread that reads them.
struct Pairs {
    writers: Vec<TcpStream>,
    stop: Arc<AtomicBool>,
    reader: JoinHandle<Result<()>>,
}

impl Pairs {
    fn connect(sockets: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let mut writers = Vec::with_capacity(sockets);
        let mut readers = Vec::with_capacity(sockets);
        for _ in 0..sockets {
            let writer = TcpStream::connect(address)?;
            writer.set_nodelay(true)?;
            writers.push(writer);
            readers.push(listener.accept()?.0);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let reader = std::thread::spawn(move || drain(readers, &stopped));
        Ok(Self {
            writers,
            stop,
            reader,
        })
    }

    fn send(&mut self, payload: &[u8]) -> Result<()> {
        for writer in &mut self.writers {
            writer.write_all(payload)?;
        }
        Ok(())
    }

    fn end(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.writers);
        self.reader.join().ok().context("the reader has panicked")?
    }
}

/// As a server's clients do: woken by each, through one epoll.
fn drain(readers: Vec<TcpStream>, stop: &AtomicBool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for reader in readers {
            reader.set_nonblocking(true)?;
            let reader = tokio::net::TcpStream::from_std(reader)?;
            tasks.spawn(async move {
                let mut buffer = vec![0; 4096];
                while reader.readable().await.is_ok() {
                    match reader.try_read(&mut buffer) {
                        Ok(0) => return,
                        Ok(_) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => return,
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(())
    })
}

/// Measures *f* in a folder, in ms: the median.
///
/// # Errors
/// The folder cannot be written to.
pub fn fdatasync_ms(folder: &Path) -> Result<f64> {
    let path = folder.join(format!("warren-bench-{}", std::process::id()));
    let file = fs::File::create(&path).with_context(|| path.display().to_string())?;
    // As the log of a database: written over, never grown.
    file.write_all_at(&vec![0; 8192 * 16], 0)?;
    file.sync_all()?;
    let mut times = Vec::with_capacity(FLUSHES);
    for number in 0..FLUSHES {
        let began = Instant::now();
        file.write_all_at(&[number as u8; 8192], (number % 16 * 8192) as u64)?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok(times.get(FLUSHES / 2).copied().unwrap_or_default())
}

/// Processor time of this thread.
fn thread_cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

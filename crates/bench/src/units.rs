//! What this machine's parts cost, measured anew in every run, so that figures of two machines can
//! be compared.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
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
/// Flushes of one measurement.
const FLUSHES: usize = 100;

/// Measures *s* over so many sockets, in µs.
///
/// # Errors
/// The machine does not give that many sockets.
pub fn send_us(sockets: usize) -> Result<f64> {
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
    let reader = {
        let stop = stop.clone();
        std::thread::spawn(move || drain(readers, &stop))
    };
    let payload = [b'x'; SEND_BYTES];
    let before = thread_cpu_ns()?;
    for _ in 0..SENDS / sockets.max(1) {
        for writer in &mut writers {
            writer.write_all(&payload)?;
        }
    }
    let spent = thread_cpu_ns()? - before;
    stop.store(true, Ordering::Relaxed);
    drop(writers);
    reader.join().ok().context("the reader has panicked")??;
    let sends = SENDS / sockets.max(1) * sockets;
    Ok(spent as f64 / 1000.0 / sends.max(1) as f64)
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

/// Processor time of this thread (the first number of `schedstat`, proc(5)).
fn thread_cpu_ns() -> Result<u64> {
    let mut text = String::new();
    fs::File::open("/proc/thread-self/schedstat")?.read_to_string(&mut text)?;
    let first = text.split_whitespace().next().context("schedstat")?;
    Ok(first.parse()?)
}

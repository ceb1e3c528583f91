//! What uploads cost a real process: a crowd of them, and files made to unpack to gigabytes.

use std::fs::read_to_string;
use std::time::Duration;

use futures_util::future::join_all;
use protocol::message::Attachment;
use testkit::eventually;
use testkit::hostile::{png_chunk, png_of_zeros, zlib_zeros};
use testkit::http::Client;
use testkit::process::System;

const USERS: usize = 10;
const UPLOADS_EACH: usize = 10;
/// For all of them together, on a slow machine.
const DEADLINE: Duration = Duration::from_secs(120);
const UPLOAD_MIB: usize = 3;
/// Half of what the uploads are together; a few at a time take a tenth.
const GROWTH_MIB: usize = USERS * UPLOADS_EACH * UPLOAD_MIB / 2;

/// What a small part of a file unpacks to.
const UNPACKED: usize = 1024 * 1024 * 1024;
/// What opening a picture may take beside its pixels.
const NOTES_MIB: usize = 64;
/// Forty megapixels at 16 bytes each, and some room.
const PIXELS_MIB: usize = 40_000_000 * 16 / 1024 / 1024 + 64;

/// The most memory that a process has had, in MiB.
fn peak_mib(pid: u32) -> usize {
    let status = read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").trim().parse().ok());
    kib.map_or_else(|| panic!("no VmHWM in {status}"), |kib: usize| kib / 1024)
}

/// Uploads as a client does: what finds no room is sent again.
async fn upload(client: &Client, content: &[u8]) {
    eventually(DEADLINE, || async {
        let reply = client.try_upload("crowd.bin", content).await;
        if reply.status == 503 {
            return Err(reply.to_string());
        }
        let file: Attachment = reply.expect(201).json();
        assert_eq!(file.size, content.len() as i64);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_unpack_to_gigabytes_take_a_bounded_part_of_the_memory() {
    let system = System::builder().await.ws(0).start().await;
    let ada = system.register("ada").await.client;
    let pid = system.api[0].id().unwrap();
    let profile = [b"p\0\0".as_slice(), &zlib_zeros(UNPACKED)].concat();
    // A text of this name is read where it may hold notes.
    let text = [b"Raw profile type exif\0\0", profile.get(3..).unwrap()].concat();
    let before = peak_mib(pid);
    for part in [png_chunk(b"iCCP", &profile), png_chunk(b"zTXt", &text)] {
        let bomb = png_of_zeros(1, 1, 1, &[part]);
        let file = ada.upload("bomb.png", &bomb).await;
        // The picture is a good one, without what came with it.
        assert_eq!((file.width, file.height), (Some(1), Some(1)));
        assert!(file.size < 1000, "{file:?}");
    }
    let growth = peak_mib(pid) - before;
    assert!(growth < NOTES_MIB, "notes took {growth} MiB more");

    let before = peak_mib(pid);
    for pixel_bytes in [1, 8] {
        let bomb = png_of_zeros(6245, 6245, pixel_bytes, &[]);
        assert!(bomb.len() < 2_500_000);
        // Whether it is decoded in time or kept as a download is the machine's to say.
        ada.upload("bomb.png", &bomb).await;
    }
    let growth = peak_mib(pid) - before;
    assert!(growth < PIXELS_MIB, "pixels took {growth} MiB more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_uploads_at_a_time_take_a_bounded_part_of_the_memory() {
    let system = System::builder().await.ws(0).start().await;
    let names: Vec<_> = (0..USERS).map(|i| format!("user{i}")).collect();
    let users = join_all(names.iter().map(|name| system.register(name))).await;
    let pid = system.api[0].id().unwrap();
    let before = peak_mib(pid);
    let content = vec![0x9c_u8; UPLOAD_MIB * 1024 * 1024];
    let crowd = users
        .iter()
        .flat_map(|user| (0..UPLOADS_EACH).map(|_| &user.client));
    join_all(crowd.map(|client| upload(client, &content))).await;
    let growth = peak_mib(pid) - before;
    assert!(growth < GROWTH_MIB, "it took {growth} MiB more");
}

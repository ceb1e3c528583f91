//! Files: taking them in, who may read them, giving them out, and what is left of them.

mod forms;
mod hostile;
mod pictures;
mod reading;
mod serving;
mod slow;
mod sweeping;
mod uploads;

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use protocol::ids::AttachmentId;
use testkit::TestEnv;
use testkit::http::{Client, Reply, User};

use crate::rows;

/// Red on the left, blue on the right.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([255, 0, 0])
        } else {
            Rgb([0, 0, 255])
        }
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image)
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// `/v1/attachments/{id}`.
fn address(id: AttachmentId) -> String {
    format!("/v1/attachments/{id}")
}

/// Where a reader is sent for a file.
async fn signed(reader: &User, id: AttachmentId) -> String {
    let reply = reader.client.get(&address(id)).await.expect(302);
    reply.header("location").to_owned()
}

/// A file as a reader gets it.
async fn fetch(reader: &User, id: AttachmentId) -> Reply {
    let at = signed(reader, id).await;
    Client::anonymous(reader.client.base()).get(&at).await
}

/// How many files are known, readable or not.
async fn known(env: &TestEnv) -> i64 {
    rows::number(env, "SELECT count(*) AS n FROM attachments").await
}

/// The paths of everything in the store.
fn stored(env: &TestEnv) -> Vec<String> {
    let mut found = Vec::new();
    list(&env.dir().join("files"), &mut found);
    found.sort();
    found
}

fn list(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path.display().to_string());
        }
    }
}

/// Whether some bytes hold others.
fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

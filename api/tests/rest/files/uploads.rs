//! What becomes of an upload.

use image::{GenericImageView, ImageFormat};
use protocol::limits;
use protocol::message::Attachment;
use protocol::problem::Code;

use super::{address, fetch, known, picture, stored};
use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_kept_with_a_small_one_of_it() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let sent = picture(801, 300, ImageFormat::Png);
    let file = ada.client.upload("/maps/map.png", &sent).await;
    let want = Attachment {
        id: file.id,
        name: "map.png".to_owned(),
        content_type: "image/png".to_owned(),
        size: file.size,
        width: Some(801),
        height: Some(300),
        url: address(file.id),
        thumbnail_url: Some(format!("{}/thumbnail", address(file.id))),
        placeholder: file.placeholder.clone(),
    };
    assert_eq!(file, want);
    assert!(file.placeholder.is_some());
    let row = format!(
        "SELECT concat_ws(' ', uploader_id, name, content_type, width, height, has_thumbnail) AS line \
         FROM attachments WHERE size = {} AND message_id IS NULL AND deleted_at IS NULL",
        file.size
    );
    let line = format!("{} map.png image/png 801 300 t", ada.id());
    assert_eq!(rows::lines(&test.env, &row).await, [line]);
    assert_eq!(stored(&test.env).len(), 2);
    let served = fetch(&ada, file.id).await.expect(200);
    assert_eq!(served.bytes.len() as i64, file.size);
    let shown = image::load_from_memory(&served.bytes).unwrap();
    assert_eq!(shown.dimensions(), (801, 300));
    let small = ada
        .client
        .get(&file.thumbnail_url.unwrap())
        .await
        .expect(302);
    let small = test
        .client()
        .get(small.header("location"))
        .await
        .expect(200);
    assert_eq!(small.header("content-type"), "image/png");
    let small = image::load_from_memory(&small.bytes).unwrap();
    assert_eq!(small.dimensions(), (400, 150));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_is_taken_from_the_bytes_and_decides_whether_it_is_shown() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let jpeg = picture(20, 20, ImageFormat::Jpeg);
    for (name, content, content_type, served, inline) in [
        (
            "photo.exe",
            jpeg.as_slice(),
            "image/jpeg",
            "image/jpeg",
            true,
        ),
        (
            "note.png",
            "J\u{fc}rgen was here".as_bytes(),
            "text/plain",
            "text/plain; charset=utf-8",
            true,
        ),
        (
            "song",
            b"ID3\x04\0\0\0\0\0\x02\xff\xfb",
            "audio/mpeg",
            "audio/mpeg",
            true,
        ),
        (
            "film.txt",
            b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
            "video/mp4",
            "video/mp4",
            true,
        ),
        (
            "paper.txt",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
            "application/pdf",
            "application/pdf",
            false,
        ),
        (
            "all.png",
            b"PK\x03\x04\x14\0\0\0\x08\0",
            "application/zip",
            "application/zip",
            false,
        ),
        (
            "latin.txt",
            b"J\xfcrgen was here",
            "application/octet-stream",
            "application/octet-stream",
            false,
        ),
    ] {
        let file = ada.client.upload(name, content).await;
        assert_eq!(file.content_type, content_type, "{name}");
        let reply = fetch(&ada, file.id).await.expect(200);
        assert_eq!(reply.header("content-type"), served, "{name}");
        let disposition = if inline { "inline; " } else { "attachment; " };
        assert!(
            reply.header("content-disposition").starts_with(disposition),
            "{name}"
        );
        if file.width.is_none() {
            assert_eq!(reply.bytes, content, "{name}");
        }
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_25_mib_is_kept_and_one_byte_more_is_not() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut content: Vec<u8> = (0_u32..)
        .flat_map(u32::to_le_bytes)
        .take(limits::UPLOAD_BYTES)
        .collect();
    let file = ada.client.upload("large.bin", &content).await;
    assert_eq!(file.size, limits::UPLOAD_BYTES as i64);
    let served = fetch(&ada, file.id).await.expect(200);
    assert!(served.bytes == content, "other bytes came back");
    content.push(0);
    let before = (known(&test.env).await, stored(&test.env));
    let reply = ada.client.try_upload("larger.bin", &content).await;
    reply.problem(413, Code::TooLarge);
    assert_eq!((known(&test.env).await, stored(&test.env)), before);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_message_holds_is_limited_and_small_files_count_more() {
    // Room for two files, however small.
    let test = TestApp::with(&[("WARREN_FILES_UNHELD_BYTES", "131072")]).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let first = ada.client.upload("a.txt", b"a").await;
    ada.client.upload("b.txt", b"b").await;
    let refused = ada.client.try_upload("c.txt", b"c").await;
    refused.problem(422, Code::LimitReached);
    bob.client.upload("c.txt", b"c").await;
    let chat = ada.client.direct(bob.id()).await;
    ada.client.send_file(chat.shared.id, first.id).await;
    ada.client.upload("c.txt", b"c").await;
    test.app.stop().await;
}

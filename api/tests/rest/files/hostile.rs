//! Files that are made to do harm.

use image::ImageFormat;
use protocol::message::Attachment;
use testkit::hostile::{png_chunk, png_of_zeros, zip_of_zeros};
use testkit::http::{Reply, User};

use super::{fetch, holds, picture};
use crate::app::TestApp;

const SCRIPT: &[u8] = b"<script>alert(document.domain)</script>";

/// Uploads something, and how it is given out.
async fn through(user: &User, name: &str, content: &[u8]) -> (Attachment, Reply) {
    let file = user.client.upload(name, content).await;
    let reply = fetch(user, file.id).await;
    assert_eq!(reply.status, 200, "{name}: {reply}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(
        reply.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    (file, reply)
}

/// It is saved, not shown, as bytes of no known kind.
fn assert_download(file: &Attachment, reply: &Reply) {
    assert_eq!(file.content_type, "application/octet-stream", "{file:?}");
    assert_eq!((file.width, file.thumbnail_url.as_deref()), (None, None));
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert!(
        reply
            .header("content-disposition")
            .starts_with("attachment; ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_drawings_with_scripts_are_downloads_whatever_they_are_called() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for (name, content) in [
        (
            "cat.png",
            "<!doctype html><html><body onload=alert(1)>".to_owned(),
        ),
        ("cat.jpg", format!("\n\n  <HTML><body>{}", "x".repeat(5000))),
        ("cat.svg", svg.to_owned()),
        ("cat.gif", format!("<?xml version=\"1.0\"?>{svg}")),
        ("run.txt", "#!/bin/sh\nrm -rf ~".to_owned()),
        ("cat.webp", String::from_utf8_lossy(SCRIPT).into_owned()),
    ] {
        let (file, reply) = through(&ada, name, content.as_bytes()).await;
        assert_download(&file, &reply);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_something_else_too_is_only_a_picture_afterwards() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ] {
        // A ZIP is read from its end, a page from anywhere.
        let both = [
            picture(60, 40, format).as_slice(),
            SCRIPT,
            b"PK\x05\x06",
            &[0; 18],
        ]
        .concat();
        let (file, reply) = through(&ada, "cat.html", &both).await;
        assert_eq!(
            (file.width, file.height),
            (Some(60), Some(40)),
            "{format:?}"
        );
        assert!(
            !holds(&reply.bytes, SCRIPT) && !holds(&reply.bytes, b"PK\x05\x06"),
            "{format:?}"
        );
        assert!(
            image::load_from_memory_with_format(&reply.bytes, format).is_ok(),
            "{format:?}"
        );
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_photograph_was_taken_is_not_passed_on() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let jpeg = picture(60, 40, ImageFormat::Jpeg);
    // Little-endian TIFF: one entry, orientation 6 (turn by 90 degrees); then a "place".
    let exif =
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\x0051.5N 0.1W";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let (start, rest) = jpeg.split_at(2);
    let with_place = [start, b"\xff\xe1", &length, exif, rest].concat();
    let (file, reply) = through(&ada, "home.jpg", &with_place).await;
    assert!(!holds(&reply.bytes, b"51.5N") && !holds(&reply.bytes, b"Exif"));
    // It was turned as the note said, which is gone.
    assert_eq!((file.width, file.height), (Some(40), Some(60)));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_png_says_beside_its_pixels_is_not_passed_on() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let png = picture(60, 40, ImageFormat::Png);
    let (head, rest) = png.split_at(33);
    // Orientation 6 again: a PNG has it too.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\x0051.5N 0.1W";
    let parts = [
        png_chunk(b"tEXt", b"Author\0Ada of 51.5N 0.1W"),
        png_chunk(b"eXIf", exif),
        png_chunk(b"prVt", SCRIPT),
    ];
    let with_notes = [head, &parts.concat(), rest].concat();
    let (file, reply) = through(&ada, "home.png", &with_notes).await;
    for part in [b"51.5N".as_slice(), b"tEXt", b"eXIf", SCRIPT] {
        assert!(holds(&with_notes, part) && !holds(&reply.bytes, part));
    }
    assert_eq!((file.width, file.height), (Some(40), Some(60)));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_never_opened() {
    const MIB: usize = 1024 * 1024;
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    // 3.6 gigapixels, as its header says; there are fewer.
    let mut huge = png_of_zeros(60_000, 60, 1, &[]);
    let side = 60_000_u32.to_be_bytes();
    let header = [side.as_slice(), &side, &[8, 0, 0, 0, 0]].concat();
    let header = png_chunk(b"IHDR", &header);
    huge.splice(8..8 + header.len(), header);
    let (file, reply) = through(&ada, "bomb.png", &huge).await;
    assert_download(&file, &reply);
    let zip = zip_of_zeros(16 * MIB);
    assert!(zip.len() < 16 * MIB / 100);
    let (file, reply) = through(&ada, "bomb.zip", &zip).await;
    assert_eq!(file.content_type, "application/zip");
    assert_eq!(file.size, zip.len() as i64);
    assert_eq!(reply.bytes, zip);
    assert!(
        reply
            .header("content-disposition")
            .starts_with("attachment; ")
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_cut_off_is_kept_one_way_or_the_other() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ] {
        let whole = picture(200, 200, format);
        for parts in [2, 10] {
            let cut = whole.get(..whole.len() - whole.len() / parts).unwrap();
            let (file, reply) = through(&ada, "cut", cut).await;
            if file.width.is_some() {
                assert!(image::load_from_memory(&reply.bytes).is_ok(), "{format:?}");
            } else {
                assert_download(&file, &reply);
            }
        }
        let head = whole.get(..40).unwrap();
        let (file, reply) = through(&ada, "head", head).await;
        assert_download(&file, &reply);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_cannot_mislead_or_write_headers() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for (given, name) in [
        ("../../../etc/passwd", "passwd"),
        ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
        ("\u{202e}", "file"),
        ("", "file"),
    ] {
        let (file, reply) = through(&ada, given, b"\x01\x02").await;
        assert_eq!(file.name, name, "{given:?}");
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(reply.header("content-disposition"), disposition);
    }
    let (file, reply) = through(&ada, "r\u{e9}sum\u{e9}.bin", b"\x01\x02").await;
    assert_eq!(file.name, "r\u{e9}sum\u{e9}.bin");
    let disposition = "attachment; filename=\"r_sum_.bin\"; filename*=UTF-8''r%C3%A9sum%C3%A9.bin";
    assert_eq!(reply.header("content-disposition"), disposition);
    test.app.stop().await;
}

//! What a file is, by its bytes.

use image::ImageFormat;

/// Bytes of a file's beginning that tell what it is: the furthest sign of the formats known here,
/// that of tar, ends before.
pub const HEAD_BYTES: usize = 4096;

/// A media type, of a closed list: what a client claims is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType(&'static str);

/// Shown by browsers without any risk that they run something of it. Not among them: whatever can
/// hold scripts (HTML, SVG, XML, PDF), and what nobody knows.
const INLINE: [&str; 15] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/webm",
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/ogg",
    "audio/opus",
    "audio/flac",
    "audio/wav",
    "audio/webm",
    "text/plain",
];

impl MediaType {
    /// Nothing is known of it.
    pub const UNKNOWN: Self = Self("application/octet-stream");

    /// The type of a file that begins so; `is_text`: the whole of it is text.
    #[must_use]
    pub fn of(head: &[u8], is_text: bool) -> Self {
        if is_text {
            return if is_active(head) {
                Self::UNKNOWN
            } else {
                Self("text/plain")
            };
        }
        let found = infer::get(head).map_or(Self::UNKNOWN.0, |kind| kind.mime_type());
        Self(match found {
            "audio/x-wav" => "audio/wav",
            "audio/x-flac" => "audio/flac",
            "audio/m4a" => "audio/mp4",
            // What browsers record comes in the containers of films.
            "video/webm" if WEBM.is(head) => "audio/webm",
            "video/mp4" if MP4.is(head) => "audio/mp4",
            // Bytes that are no text, but would be read as such.
            text if text.starts_with("text/") || text.contains("xml") => Self::UNKNOWN.0,
            other => other,
        })
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The kind of picture that the service can work on.
    #[must_use]
    pub fn image_format(self) -> Option<ImageFormat> {
        image_format(self.0)
    }
}

/// The kind of picture that the service can work on, of a type that it gave.
#[must_use]
pub fn image_format(content_type: &str) -> Option<ImageFormat> {
    match content_type {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Whether a browser may show a file of this type, rather than only download it.
#[must_use]
pub fn is_inline(content_type: &str) -> bool {
    INLINE.contains(&content_type)
}

/// The type as a browser is told it: text says how it is written, so that nobody guesses.
#[must_use]
pub fn served(content_type: &str) -> &str {
    match content_type {
        "text/plain" => "text/plain; charset=utf-8",
        other => other,
    }
}

/// Signs in the beginning of a container, long enough not to be met there by chance, by which its
/// tracks are known to be sound alone.
struct SoundAlone {
    there: &'static [&'static str],
    missing: &'static [&'static str],
}

/// Only of Opus, which browsers record: what other sound needs to be read may fill the beginning of
/// a film, so that its pictures are told of later.
const WEBM: SoundAlone = SoundAlone {
    there: &["A_OPUS"],
    missing: &["V_VP8", "V_VP9", "V_AV1"],
};
/// Only in fragments, as browsers record: there the beginning tells of all tracks.
const MP4: SoundAlone = SoundAlone {
    there: &["mvex", "soun"],
    missing: &["vide"],
};

impl SoundAlone {
    fn is(&self, head: &[u8]) -> bool {
        let holds = |sign: &&str| holds(head, sign);
        self.there.iter().all(holds) && !self.missing.iter().any(holds)
    }
}

fn holds(head: &[u8], sign: &str) -> bool {
    head.windows(sign.len()).any(|part| part == sign.as_bytes())
}

/// Whether text is of a kind that something would run: a page, a drawing, a script.
fn is_active(head: &[u8]) -> bool {
    let head = head.to_ascii_lowercase();
    let begins = |sign: &str| head.trim_ascii_start().starts_with(sign.as_bytes());
    begins("#!")
        || begins("<?")
        || begins("<!")
        || ["<html", "<head", "<body", "<script", "<svg", "<iframe"]
            .into_iter()
            .any(|sign| holds(&head, sign))
}

/// Tells text (UTF-8 without control characters) from other bytes, chunk by chunk.
#[derive(Debug)]
pub struct TextCheck {
    is_text: bool,
    /// The beginning of a character that the next chunk ends.
    rest: Vec<u8>,
}

impl Default for TextCheck {
    fn default() -> Self {
        Self {
            is_text: true,
            rest: Vec::new(),
        }
    }
}

impl TextCheck {
    /// The next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.is_text {
            return;
        }
        self.rest.extend_from_slice(chunk);
        let (text, unfinished) = match std::str::from_utf8(&self.rest) {
            Ok(text) => (text, 0),
            Err(error) if error.error_len().is_none() => {
                let (whole, part) = self.rest.split_at(error.valid_up_to());
                (std::str::from_utf8(whole).unwrap_or_default(), part.len())
            }
            Err(_) => {
                self.is_text = false;
                return;
            }
        };
        self.is_text = !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'));
        let kept = self.rest.len() - unfinished;
        self.rest.drain(..kept);
    }

    /// Whether all of it was text.
    #[must_use]
    pub fn finish(self) -> bool {
        self.is_text && self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(chunks: &[&[u8]]) -> bool {
        let mut check = TextCheck::default();
        chunks.iter().for_each(|chunk| check.push(chunk));
        check.finish()
    }

    #[test]
    fn text_is_utf8_however_it_is_cut() {
        assert!(text(&[b"plain\r\n\ttext"]));
        assert!(text(&[
            "\u{1f600}".as_bytes().get(..1).unwrap(),
            "\u{1f600}".as_bytes().get(1..).unwrap()
        ]));
        assert!(!text(&[b"ends in a part \xf0\x9f"]));
        assert!(!text(&[b"\xff\xfe"]));
        assert!(!text(&[b"a\0b"]));
        assert!(!text(&[b"fine", b"\x1b[31m", b"fine"]));
    }

    #[test]
    fn what_could_run_is_of_no_known_type() {
        for active in [
            "<!doctype html><p>Hi",
            " \n<HTML>",
            "<?xml version=\"1.0\"?><a/>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            "#!/bin/sh\nrm -rf ~",
            "hello <script>alert(1)</script>",
        ] {
            assert_eq!(
                MediaType::of(active.as_bytes(), true),
                MediaType::UNKNOWN,
                "{active}"
            );
        }
    }

    fn webm(codecs: &[&str]) -> Vec<u8> {
        let header = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm";
        // Shorter ones are none.
        [header, codecs.concat().as_bytes(), &[0; 256]].concat()
    }

    fn mp4(boxes: &[&str]) -> Vec<u8> {
        let header = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso5moov";
        [header, boxes.concat().as_bytes()].concat()
    }

    #[test]
    fn a_type_is_taken_from_the_bytes() {
        let of = |head: &[u8]| MediaType::of(head, false).as_str();
        assert_eq!(of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(of(b"\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg");
        assert_eq!(of(b"RIFF\x24\0\0\0WAVEfmt "), "audio/wav");
        assert_eq!(of(b"%PDF-1.7\n%\xe2\xe3"), "application/pdf");
        assert_eq!(of(b"PK\x03\x04\x14\0"), "application/zip");
        assert_eq!(of(b"<html>\xff\xff"), "application/octet-stream");
        assert_eq!(of(b"\x01\x02\x03"), "application/octet-stream");
        // What browsers record is told from films.
        assert_eq!(of(&webm(&["A_OPUS"])), "audio/webm");
        assert_eq!(of(&webm(&["A_OPUS", "V_VP9"])), "video/webm");
        assert_eq!(of(&webm(&["A_VORBIS"])), "video/webm");
        assert_eq!(of(&mp4(&["soun", "mvex"])), "audio/mp4");
        assert_eq!(of(&mp4(&["vide", "soun", "mvex"])), "video/mp4");
        assert_eq!(of(&mp4(&["soun"])), "video/mp4");
        // Two letters are no picture.
        assert_eq!(MediaType::of(b"BM is a car", true).as_str(), "text/plain");
    }

    #[test]
    fn what_may_run_is_never_inline() {
        for download in [
            "text/html",
            "image/svg+xml",
            "application/pdf",
            "application/octet-stream",
            "text/xml",
        ] {
            assert!(!is_inline(download), "{download}");
        }
        assert!(is_inline("image/png") && is_inline("text/plain"));
    }
}

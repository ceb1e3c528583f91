//! Answers that carry a file: whole, or the part that is asked for, with headers that keep a browser
//! from running anything of it.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    ACCEPT_RANGES, ByteRangeSpec, CACHE_CONTROL, CONTENT_SECURITY_POLICY, Charset,
    ContentDisposition, ContentEncoding, ContentRange, ContentRangeSpec, DispositionParam,
    DispositionType, ETag, EntityTag, ExtendedValue, IfNoneMatch, IfRange, Range as RangeHeader,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;

use super::blobs::{Folder, is_missing};
use super::{Files, store_failed};
use crate::error::{ApiError, Result};
use crate::metrics;

/// A file that is opened as a page of its own runs nothing, loads nothing and belongs to no origin.
const POLICY: &str = "default-src 'none'; sandbox";

/// What is sent, and how.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Of what.
    pub folder: Folder,
    /// Which part of it.
    pub name: &'static str,
    /// How many bytes it has.
    pub size: u64,
    /// What it is.
    pub content_type: String,
    /// Whether it is shown or saved, and under which name.
    pub disposition: ContentDisposition,
    /// Seconds for which a browser need not ask again.
    pub max_age: u64,
}

/// How a file is shown or saved.
#[must_use]
pub fn disposition(inline: bool, name: &str) -> ContentDisposition {
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    let ascii: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    let mut parameters = vec![DispositionParam::Filename(ascii.clone())];
    if ascii != name {
        // RFC 6266: who understands the extended one prefers it.
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    ContentDisposition {
        disposition: if inline {
            DispositionType::Inline
        } else {
            DispositionType::Attachment
        },
        parameters,
    }
}

/// Answers with a blob, or with as much of it as the request asks for.
///
/// # Errors
/// 404 if its bytes are gone; 503 if the store fails.
pub async fn serve(files: &Files, request: &HttpRequest, blob: Blob) -> Result<HttpResponse> {
    // The bytes under a name never change.
    let tag = EntityTag::new_strong(blob.folder.tag(blob.name));
    if is_known(request, &tag) {
        return Ok(head(StatusCode::NOT_MODIFIED, &blob, tag).finish());
    }
    let (status, range) = match wanted(request, &tag, blob.size) {
        Wanted::Whole => (StatusCode::OK, 0..blob.size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => {
            let mut answer = head(StatusCode::RANGE_NOT_SATISFIABLE, &blob, tag);
            return Ok(answer
                .insert_header(content_range(None, blob.size))
                .finish());
        }
    };
    let mut answer = head(status, &blob, tag);
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert_header(content_range(Some(&range), blob.size));
    }
    let length = range.end - range.start;
    if request.method() == Method::HEAD {
        let nothing = stream::empty::<object_store::Result<bytes::Bytes>>();
        return Ok(answer.body(SizedStream::new(length, nothing)));
    }
    let bytes = files.blobs.read(&blob.folder, blob.name, range).await;
    let bytes = bytes.map_err(|error| unreadable(&error))?;
    metrics::file_served(length);
    Ok(answer.body(SizedStream::new(length, bytes)))
}

impl Files {
    /// How many bytes a blob has.
    ///
    /// # Errors
    /// 404 if there is none; 503 if the store fails.
    pub async fn size_of(&self, folder: &Folder, name: &str) -> Result<u64> {
        let size = self.blobs.size(folder, name).await;
        size.map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &object_store::Error) -> ApiError {
    if is_missing(error) {
        ApiError::not_found()
    } else {
        store_failed(error)
    }
}

fn head(status: StatusCode, blob: &Blob, tag: EntityTag) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .content_type(blob.content_type.as_str())
        .insert_header(blob.disposition.clone())
        .insert_header(ETag(tag))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((
            CACHE_CONTROL,
            format!("private, max-age={}, immutable", blob.max_age),
        ))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        // Ranges are of these very bytes: they are not compressed on their way.
        .insert_header(ContentEncoding::Identity);
    answer
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        None => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// A range beyond the end.
    Nothing,
}

/// What of it is asked for. Several ranges at once, or none that can be read, are the whole
/// (RFC 9110, 14.2).
fn wanted(request: &HttpRequest, tag: &EntityTag, size: u64) -> Wanted {
    let unchanged = match request.get_header::<IfRange>() {
        Some(IfRange::EntityTag(held)) => held.strong_eq(tag),
        Some(IfRange::Date(_)) => false,
        None => true,
    };
    match request.get_header::<RangeHeader>() {
        Some(RangeHeader::Bytes(specs)) if unchanged => match specs.as_slice() {
            [spec] => part(spec, size),
            _ => Wanted::Whole,
        },
        _ => Wanted::Whole,
    }
}

fn part(spec: &ByteRangeSpec, size: u64) -> Wanted {
    match spec {
        ByteRangeSpec::FromTo(first, last) if first > last => Wanted::Whole,
        _ => spec
            .to_satisfiable_range(size)
            .map_or(Wanted::Nothing, |(first, last)| {
                Wanted::Part(first..last + 1)
            }),
    }
}

fn content_range(range: Option<&Range<u64>>, size: u64) -> ContentRange {
    ContentRange(ContentRangeSpec::Bytes {
        range: range.map(|range| (range.start, range.end - 1)),
        instance_length: Some(size),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{IF_RANGE, RANGE};
    use actix_web::test::TestRequest;

    use super::*;

    fn asked(range: &str, if_range: Option<&str>) -> Wanted {
        let mut request = TestRequest::get().insert_header((RANGE, range));
        if let Some(tag) = if_range {
            request = request.insert_header((IF_RANGE, tag));
        }
        let tag = EntityTag::new_strong("a".to_owned());
        wanted(&request.to_http_request(), &tag, 100)
    }

    #[test]
    fn one_range_is_a_part_and_everything_else_the_whole() {
        for (range, want) in [
            ("bytes=0-9", Wanted::Part(0..10)),
            ("bytes=90-", Wanted::Part(90..100)),
            ("bytes=-1", Wanted::Part(99..100)),
            ("bytes=-1000", Wanted::Part(0..100)),
            ("bytes=99-200", Wanted::Part(99..100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=9-0", Wanted::Whole),
            ("bytes=x", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ] {
            assert_eq!(asked(range, None), want, "{range}");
        }
        assert_eq!(asked("bytes=0-9", Some("\"a\"")), Wanted::Part(0..10));
        for other in ["\"b\"", "W/\"a\"", "Sun, 22 Nov 2026 09:30:00 GMT"] {
            assert_eq!(asked("bytes=0-9", Some(other)), Wanted::Whole, "{other}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        for (name, want) in [
            ("map.png", "inline; filename=\"map.png\""),
            (
                "a\"; b=\"c",
                "inline; filename=\"a_; b=_c\"; filename*=UTF-8''a%22%3B%20b=%22c",
            ),
            (
                "r\u{e9}sum\u{e9}.txt",
                "inline; filename=\"r_sum_.txt\"; filename*=UTF-8''r%C3%A9sum%C3%A9.txt",
            ),
        ] {
            assert_eq!(disposition(true, name).to_string(), want);
        }
        assert!(
            disposition(false, "a")
                .to_string()
                .starts_with("attachment")
        );
    }
}

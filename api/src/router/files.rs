//! Files: in by form, out by address.

use actix_web::http::Method;
use actix_web::{Route, guard, web};
use protocol::file::{AttachmentUrls, AttachmentUrlsRequest};
use protocol::message::Attachment;
use protocol::problem::Code;
use serde_json::json;

use super::{EXAMPLE_ID, Endpoint, endpoint, reading};
use crate::files::signing::Variant;
use crate::openapi::Doc;
use crate::routes::{attachments, pictures, uploads};

pub(super) fn file_routes() -> Vec<Endpoint> {
    let tag = "Files";
    let id = |doc: Doc| doc.path_id("id", "The file.").problems(&[Code::NotFound]);
    vec![
        endpoint(
            Method::POST,
            "/v1/uploads",
            "create_upload",
            || web::post().to(uploads::create_upload),
            Doc::new(
                tag,
                "Upload a file of up to 25 MiB; send its id with a message within a day",
            )
            .form("file", "The file; nothing else is in the form.")
            .answer::<Attachment>(201, "It is kept; its type is taken from its bytes")
            .problems(&[Code::LimitReached]),
        ),
        endpoint(
            Method::GET,
            "/v1/attachments/{id}",
            "get_attachment",
            || reading().to(attachments::get_attachment),
            id(Doc::new(
                tag,
                "Where a file that the caller may read is for some minutes",
            ))
            .empty(302, "There"),
        ),
        endpoint(
            Method::GET,
            "/v1/attachments/{id}/thumbnail",
            "get_thumbnail",
            || reading().to(attachments::get_thumbnail),
            id(Doc::new(
                tag,
                "Where the small picture of an image is for some minutes",
            ))
            .empty(302, "There"),
        ),
        endpoint(
            Method::POST,
            "/v1/attachments/urls",
            "list_attachment_urls",
            || web::post().to(attachments::list_attachment_urls),
            Doc::new(
                tag,
                "Where files are for some minutes, to be put into a page",
            )
            .body::<AttachmentUrlsRequest>(json!({"ids": [EXAMPLE_ID]}))
            .answer::<AttachmentUrls>(200, "Those that the caller may read"),
        ),
        endpoint(
            Method::GET,
            "/v1/files/{id}",
            "get_file",
            || get_or_head().to(attachments::get_file),
            id(Doc::new(
                tag,
                "A file, or a range of it, at an address that was given out",
            ))
            .anonymous()
            .query::<Variant>("variant", "The file or its small picture.")
            .query::<i64>(
                "expires",
                "Until when the address is good, in seconds since 1970.",
            )
            .query::<String>("signature", "What proves that it was given out.")
            .bytes(&[(200, "The whole"), (206, "The range")])
            .empty(304, "The client has it")
            .empty(416, "The range is beyond the end")
            .problems(&[Code::Forbidden]),
        ),
        endpoint(
            Method::GET,
            "/v1/pictures/{key}",
            "get_picture",
            || get_or_head().to(pictures::get_picture),
            Doc::new(
                tag,
                "An avatar or icon: whoever knows its address may see it",
            )
            .anonymous()
            .path::<String>("key", "Its name, as in `avatar_url` and `icon_url`.")
            .bytes(&[(200, "The whole"), (206, "The range")])
            .empty(304, "The client has it")
            .empty(416, "The range is beyond the end")
            .problems(&[Code::NotFound]),
        ),
    ]
}

/// HEAD is GET without the body.
fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

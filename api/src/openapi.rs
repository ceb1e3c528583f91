//! The OpenAPI 3.1 document, made from the same table as the routes (`router.rs`).

mod doc;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use actix_web::http::Method;
use protocol::problem::Problem;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder, RefOr,
    Schema,
};
use utoipa::{PartialSchema, ToSchema};

pub use self::doc::Doc;
use crate::router;

const SCHEME: &str = "access_token";

/// The document as every worker answers it.
#[derive(Clone, Debug)]
pub struct Document {
    /// As it is answered.
    pub json: Arc<str>,
}

/// The document, made once.
#[must_use]
pub fn shared() -> Document {
    static SHARED: OnceLock<Document> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            let json = document().to_json().unwrap_or_default();
            Document { json: json.into() }
        })
        .clone()
}

/// Makes the document from the table of routes.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut known = Vec::new();
    Problem::schemas(&mut known);
    known.push((Problem::name().into_owned(), Problem::schema()));
    schemas.extend(known);
    let mut items: BTreeMap<&'static str, PathItem> = BTreeMap::new();
    for endpoint in router::table() {
        let (operation, used) = endpoint.doc.operation(endpoint.id);
        schemas.extend(used);
        let item = PathItem::new(http_method(&endpoint.method), operation);
        match items.get_mut(endpoint.path) {
            Some(existing) => existing.merge_operations(item),
            None => _ = items.insert(endpoint.path, item),
        }
    }
    for (path, item) in items {
        paths = paths.path(path, item);
    }
    let mut components = ComponentsBuilder::new();
    for (name, schema) in schemas {
        components = components.schema(name, schema);
    }
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let info = InfoBuilder::new()
        .title("Warren")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Self-hosted real-time chat. Live events travel over `/ws`.",
        ))
        .license(Some(
            LicenseBuilder::new().name("Apache-2.0 OR MIT").build(),
        ))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths.build())
        .components(Some(components.security_scheme(SCHEME, scheme).build()))
        .build()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

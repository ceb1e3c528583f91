//! Every URL of the service, with what its document says: one table for both.

mod accounts;
mod conversations;
mod files;
mod groups;
mod people;

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource, Route, guard, middleware};
use protocol::internal::{REVOCATIONS_PATH, ROUTES_PATH, VISIBLE_PATH};

use crate::error::ApiError;
use crate::observe;
use crate::openapi::{Doc, Document};
use crate::routes::{documents, internal as peers};

/// A route and its documentation.
pub struct Endpoint {
    /// The operation's name in the document.
    pub id: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, with `{parameters}`.
    pub path: &'static str,
    /// What the document says of it.
    pub doc: Doc,
    route: fn() -> Route,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn endpoint(
    method: Method,
    path: &'static str,
    id: &'static str,
    route: fn() -> Route,
    doc: Doc,
) -> Endpoint {
    Endpoint {
        id,
        method,
        path,
        doc,
        route,
    }
}

const EXAMPLE_ID: &str = "019ab5a0-7c5e-7a51-9d0c-3a1f5b0c9e11";

/// The REST API.
#[must_use]
pub fn table() -> Vec<Endpoint> {
    let mut table = accounts::accounts();
    table.extend(people::people());
    table.extend(people::own_lists());
    table.extend(people::friends());
    table.extend(conversations::conversation_routes());
    table.extend(conversations::message_routes());
    table.extend(conversations::operation_routes());
    table.extend(conversations::reaction_routes());
    table.extend(groups::groups());
    table.extend(groups::member_routes());
    table.extend(groups::invite_routes());
    table.extend(groups::channel_routes());
    table.extend(files::file_routes());
    table.extend(document_routes());
    table
}

fn document_routes() -> Vec<Endpoint> {
    let tag = "Documents";
    vec![endpoint(
        Method::GET,
        "/v1/openapi.json",
        "get_openapi",
        || reading().to(documents::get_openapi),
        Doc::new(tag, "This document")
            .anonymous()
            .answer::<serde_json::Value>(200, "OpenAPI 3.1"),
    )]
}

/// Registers the REST API, its document and the page that renders it.
pub fn public(service: &mut ServiceConfig, document: &Document) {
    let mut by_path: BTreeMap<&'static str, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in table() {
        by_path.entry(endpoint.path).or_default().push(endpoint);
    }
    for (path, endpoints) in by_path {
        service.service(resource(path, &endpoints));
    }
    // The page reads the document from beside itself; both come from this process.
    let page = web::resource("/docs/{file:.*}")
        .route(reading().to(documents::get_page))
        .default_service(web::to(|| std::future::ready(method_not_allowed(GET))));
    service
        .app_data(web::Data::new(document.clone()))
        .app_data(web::Data::new(documents::Page::new(["/v1/openapi.json"])))
        .service(page)
        .service(web::redirect("/docs", "/docs/"))
        .default_service(web::to(not_found));
}

fn resource(path: &'static str, endpoints: &[Endpoint]) -> Resource {
    let allow = allow(endpoints.iter().map(|endpoint| &endpoint.method));
    endpoints
        .iter()
        .fold(web::resource(path), |resource, endpoint| {
            resource.route((endpoint.route)())
        })
        .default_service(web::to(move || {
            std::future::ready(method_not_allowed(&allow))
        }))
}

/// What is asked for by `GET` has its head by `HEAD` (RFC 9110, section 9.3.2): the HTTP server leaves
/// out the body.
fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Such a route's methods.
const GET: &str = "GET, HEAD";

/// The header `Allow` of a path with these methods.
fn allow<'a>(methods: impl Iterator<Item = &'a Method>) -> String {
    let names: Vec<&str> = methods
        .map(|method| match *method {
            Method::GET => GET,
            _ => method.as_str(),
        })
        .collect();
    names.join(", ")
}

fn method_not_allowed(allow: &str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::method_not_allowed(allow.to_owned()))
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found())
}

/// Registers what the API offers ws-servers, on the admin port.
pub fn internal(service: &mut ServiceConfig) {
    for (path, allow, route) in [
        (ROUTES_PATH, "POST", web::post().to(peers::post_routes)),
        (REVOCATIONS_PATH, GET, reading().to(peers::get_revocations)),
        (VISIBLE_PATH, "POST", web::post().to(peers::post_visible)),
    ] {
        let resource = web::resource(path)
            .wrap(middleware::from_fn(observe::request))
            .route(route)
            .default_service(web::to(move || {
                std::future::ready(method_not_allowed(allow))
            }));
        service.service(resource);
    }
}

//! What the HTTP port answers to requests that are no WebSocket upgrade: problem documents.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpRequest, HttpResponse, web};
use platform::request_id;
use protocol::problem::{Code, Problem};

use crate::handshake::PATH;

/// The routes.
pub fn app() -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .route(PATH, web::get().to(refuse_plain_request))
        .default_service(web::to(refuse_unknown_path))
}

/// `GET /ws` without an upgrade. actix-ws says what is missing.
async fn refuse_plain_request(request: HttpRequest, body: web::Payload) -> HttpResponse {
    match actix_ws::handle(&request, body) {
        // An upgrade would have left the HTTP server before it came here.
        Ok(_) => problem(&request, Code::Internal, "the server failed".to_owned()),
        Err(error) => {
            let detail = format!("this is no WebSocket upgrade: {error}");
            problem(&request, Code::Malformed, detail)
        }
    }
}

async fn refuse_unknown_path(request: HttpRequest) -> HttpResponse {
    let detail = "there is nothing at this address";
    problem(&request, Code::NotFound, detail.to_owned())
}

fn problem(request: &HttpRequest, code: Code, detail: String) -> HttpResponse {
    let given = request.headers().get(request_id::HEADER);
    let request_id = request_id::accept(given.and_then(|id| id.to_str().ok()));
    let status = actix_web::http::StatusCode::from_u16(code.status())
        .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR);
    let problem = Problem::new(code, detail, &request_id);
    HttpResponse::build(status)
        .insert_header((request_id::HEADER, request_id))
        .content_type("application/problem+json")
        .body(crate::app::encode(&problem))
}

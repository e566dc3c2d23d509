//! Every URL, on one screen.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use crate::app::App;
use crate::error::ApiError;
use crate::{
    artifacts, attempts, body, events, failures, graph, health, ingest, invalidate, tasks,
};

/// The API as a service. It listens nowhere: `leviathanctl dev` and the function's runtime do.
pub fn router(app: Arc<App>) -> Router {
    let routes: [(&str, MethodRouter<Arc<App>>); 11] = [
        ("/healthz", get(health::healthz)),
        ("/v1/events/ingest", post(ingest::ingest)),
        ("/v1/events/recent", get(events::recent)),
        (
            "/v1/artifacts/{sha256}",
            only("GET, PUT").get(artifacts::get).put(artifacts::put).head(not_allowed("GET, PUT")),
        ),
        ("/v1/attempts", get(attempts::list)),
        ("/v1/attempts/{attempt_id}", get(attempts::show)),
        ("/v1/attempts/{attempt_id}/invalidate", post(invalidate::invalidate)),
        ("/v1/tasks", get(tasks::list)),
        ("/v1/graph/summary", get(graph::summary)),
        ("/v1/failures", get(failures::list)),
        ("/", any(|| async { ApiError::NotFound })),
    ];
    let mut router = Router::new();
    for (path, methods) in routes {
        if path != "/" {
            // Unauthenticated, as in the original: the URL without the slash asks for the token.
            router = router.route(&format!("{path}/"), any(without_slash));
        }
        router = router.route(path, methods);
    }
    router
        .fallback(|| async { ApiError::NotFound })
        .with_state(app)
        .layer(middleware::from_fn(refuse_encoded_slash))
        .layer(middleware::from_fn(body::drain_unread))
}

fn get<H: Handler<T, Arc<App>>, T: 'static>(handler: H) -> MethodRouter<Arc<App>> {
    only("GET").get(handler).head(not_allowed("GET"))
}

fn post<H: Handler<T, Arc<App>>, T: 'static>(handler: H) -> MethodRouter<Arc<App>> {
    only("POST").post(handler)
}

/// Every other method is refused and told which ones there are: HEAD and OPTIONS too.
fn only(allow: &'static str) -> MethodRouter<Arc<App>> {
    any(not_allowed(allow))
}

fn not_allowed(
    allow: &'static str,
) -> impl Fn() -> std::future::Ready<ApiError> + Clone + Send + Sync + 'static {
    move || std::future::ready(ApiError::Method { allow })
}

async fn without_slash(request: Request) -> Result<Response, Infallible> {
    let uri = request.uri();
    let mut location = uri.path().trim_end_matches('/').to_owned();
    if let Some(query) = uri.query() {
        location.push('?');
        location.push_str(query);
    }
    // The path matched one of ours, so that it names this host.
    let Ok(location) = HeaderValue::try_from(location) else {
        return Ok(ApiError::NotFound.into_response());
    };
    Ok((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response())
}

/// A slash inside of an id would be another path (CONTRACT 1.1).
async fn refuse_encoded_slash(request: Request, next: Next) -> Response {
    if request.uri().path().to_ascii_lowercase().contains("%2f") {
        return ApiError::NotFound.into_response();
    }
    next.run(request).await
}

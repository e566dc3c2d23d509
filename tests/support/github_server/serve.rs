//! HTTP: requests in, answers out, faults and counts between.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest, Response};
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use super::fault::Fault;
use super::reply::Reply;
use super::route::Request;
use super::{Asked, Shared};

/// The hour's budget.
const BUDGET: u64 = 5_000;

/// The largest body that is read, in bytes.
const MOST_BODY: usize = 64 * 1024 * 1024;

/// Until the listener is gone.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new().fallback(take).with_state(shared);
    axum::serve(listener, router).await.expect("serving goes on for ever");
}

async fn take(State(shared): State<Arc<Shared>>, request: HttpRequest<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MOST_BODY).await.unwrap_or_default();
    let path = head.uri.path().to_owned();
    let method = head.method.to_string();
    let fault = shared.planned(&method, &path);
    let etag = text(&head.headers, "if-none-match");
    let asked = Request {
        method: head.method,
        query: head.uri.query().unwrap_or_default().to_owned(),
        bearer: text(&head.headers, "authorization")
            .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned))
            .unwrap_or_default(),
        raw: text(&head.headers, "accept").is_some_and(|accept| accept.contains("raw")),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        path,
    };
    let agent = text(&head.headers, "user-agent");
    let working = Arc::clone(&shared);
    let condition = etag.clone();
    let reply = tokio::task::spawn_blocking(move || {
        let reply = match instead(&working, fault) {
            Some(reply) => reply,
            // GitHub refuses a program that does not say its name.
            None if agent.is_none() => {
                Reply::message(403, "Request forbidden by administrative rules.")
            }
            None => working.answer(&asked),
        };
        let reply = after(fault, reply);
        working.finish(&asked, condition.as_deref(), reply)
    })
    .await
    .expect("answering does not panic");
    if let Some(Fault::Slow(by)) = fault {
        tokio::time::sleep(by).await;
    }
    shape(reply)
}

/// What is answered without anything being done.
fn instead(shared: &Shared, fault: Option<Fault>) -> Option<Reply> {
    let now = shared.clock.now().as_second();
    let with = |mut reply: Reply, headers: Vec<(&'static str, String)>| {
        reply.headers.extend(headers);
        reply
    };
    let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    Some(match fault? {
        Fault::BadGateway => html(502),
        Fault::BudgetUsedUp(seconds) => with(
            Reply::message(403, "API rate limit exceeded for installation ID 99."),
            vec![
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", (now + seconds).to_string()),
            ],
        ),
        Fault::SecondaryLimit(wait) => {
            let wait = wait.map(|seconds| ("retry-after", seconds.to_string()));
            with(Reply::message(403, secondary), wait.into_iter().collect())
        }
        Fault::TooMany(seconds) => {
            with(Reply::message(429, secondary), vec![("retry-after", seconds.to_string())])
        }
        Fault::Renamed => Reply::message(301, "Moved Permanently"),
        Fault::LostAnswer | Fault::Slow(_) | Fault::Nonsense => return None,
    })
}

/// What becomes of an answer on its way.
fn after(fault: Option<Fault>, reply: Reply) -> Reply {
    match fault {
        Some(Fault::LostAnswer) => html(502),
        Some(Fault::Nonsense) => Reply { body: b"<html>".to_vec(), ..reply },
        _ => reply,
    }
}

fn html(status: u16) -> Reply {
    let body = b"<html><body>Bad Gateway ghs_nothing-of-this-is-passed-on</body></html>".to_vec();
    Reply { status, headers: vec![("content-type", "text/html".to_owned())], body }
}

impl Shared {
    fn planned(&self, method: &str, path: &str) -> Option<Fault> {
        let mut world = self.world();
        let at = world
            .script
            .iter()
            .position(|planned| planned.method == method && path.contains(planned.path))?;
        world.script.remove(at).map(|planned| planned.fault)
    }

    /// Counts the request, and answers 304 where the asker has the answer already.
    fn finish(&self, asked: &Request, condition: Option<&str>, mut reply: Reply) -> Reply {
        if asked.method == "GET" && reply.status == 200 {
            let digest = HEXLOWER.encode(&Sha256::digest(&reply.body));
            let etag = format!("W/\"{digest}\"");
            if condition == Some(etag.as_str()) {
                reply = Reply { status: 304, headers: Vec::new(), body: Vec::new() };
            }
            reply.headers.push(("etag", etag));
        }
        let mut world = self.world();
        // The budget does not count what has not changed.
        world.used += u64::from(reply.status != 304);
        if !reply.headers.iter().any(|(name, _)| *name == "x-ratelimit-remaining") {
            let left = BUDGET.saturating_sub(world.used).to_string();
            reply.headers.push(("x-ratelimit-limit", BUDGET.to_string()));
            reply.headers.push(("x-ratelimit-remaining", left));
        }
        let query =
            if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
        world.asked.push(Asked {
            method: asked.method.to_string(),
            path: format!("{}{query}", asked.path),
            status: reply.status,
            conditional: condition.is_some(),
        });
        reply
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn shape(reply: Reply) -> Response<Body> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(reply.body)).expect("these headers are fit for HTTP")
}

//! A real HTTP server in the api's place: keeps what it is sent, answers what it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::Value;

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
    /// The types of its events.
    pub(crate) fn types(&self) -> Vec<String> {
        let body = self.json();
        let events = body["events"].as_array().expect("events").iter();
        events.map(|event| event["event_type"].as_str().expect("a type").to_owned()).collect()
    }
}

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    /// Answers to the next requests; afterwards 200.
    answers: VecDeque<u16>,
}

/// The server; it ends with the test's process.
#[derive(Clone)]
pub(crate) struct Api {
    inner: Arc<Mutex<Inner>>,
    pub(crate) url: String,
}

impl Api {
    /// Answers the first requests with these status codes, the others with 200.
    pub(crate) fn answering(answers: &[u16]) -> Api {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Inner { answers: answers.iter().copied().collect(), ..Inner::default() };
        let api = Api { inner: Arc::new(Mutex::new(inner)), url };
        let router = Router::new().fallback(answer).with_state(api.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, router).await.expect("the server runs");
            });
        });
        api
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inner.lock().expect("no test thread panicked").received.clone()
    }

    /// Every event that was accepted, in order: type and payload.
    pub(crate) fn events(&self) -> Vec<(String, Value)> {
        let bundles = self.received().into_iter().filter(|received| received.method == "POST");
        let events =
            bundles.flat_map(|bundle| bundle.json()["events"].as_array().expect("events").clone());
        let mut seen = std::collections::BTreeSet::new();
        events
            .filter(|event| seen.insert(event["event_id"].to_string()))
            .map(|event| {
                (event["event_type"].as_str().unwrap_or("").to_owned(), event["payload"].clone())
            })
            .collect()
    }

    /// The body of the artifact with this name.
    pub(crate) fn artifact(&self, name: &str) -> Option<Received> {
        let name = format!("name={name}");
        self.received().into_iter().find(|received| {
            received.method == "PUT" && received.query.split('&').any(|part| part == name)
        })
    }
}

async fn answer(State(api): State<Api>, request: Request) -> (StatusCode, String) {
    let (head, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 64 << 20).await.expect("a body");
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
    };
    let received = Received {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        authorization: header("authorization"),
        key: header("idempotency-key"),
        body: body.to_vec(),
    };
    let mut inner = api.inner.lock().expect("no test thread panicked");
    inner.received.push(received);
    let status = inner.answers.pop_front().unwrap_or(200);
    (StatusCode::from_u16(status).expect("a status"), r#"{"detail":"as told"}"#.to_owned())
}

//! The API behind a real socket, over a store of either kind, on a clock that the test holds.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use leviathan_api::{App, Limits, Ports, TokenKey, Tokens};
use leviathan_core::ids::{AttemptId, Digest};
use leviathan_core::ports::{Clock, Message, ObjectStore};
use leviathan_local::queue::channel_queue;
use leviathan_local::{FolderStore, MemoryStore};
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Commit, Log};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::log_over;
use leviathan_tests::shop;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;
use ureq::http::{HeaderMap, Method, Request};

pub(crate) const OPERATOR: &str = "a person's token";
pub(crate) const LEGACY: &str = "an old worker's token";

pub(crate) struct World {
    base: String,
    agent: ureq::Agent,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) log: Arc<Log>,
    pub(crate) key: TokenKey,
    sent: Mutex<UnboundedReceiver<Message>>,
    runtime: Runtime,
    requests: Arc<CountingStore>,
    _folder: tempfile::TempDir,
}

/// What the server said.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Runs one story over a memory store and over a folder.
pub(crate) fn over_each_store(story: impl Fn(&World)) {
    story(&World::over(|_| Arc::new(MemoryStore::new())));
    story(&World::over(|folder| Arc::new(FolderStore::open(folder).unwrap())));
}

impl World {
    fn over(store: impl Fn(&std::path::Path) -> Arc<dyn ObjectStore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let requests = Arc::new(CountingStore::over(store(folder.path())));
        let store = Arc::clone(&requests) as Arc<dyn ObjectStore>;
        let clock = Arc::new(HandClock::default());
        let log = log_over(Arc::clone(&store), Arc::clone(&clock) as Arc<dyn Clock>, 7).showing();
        let log = Arc::new(log);
        let key = TokenKey::new(&[42; 32]).unwrap();
        let (queue, sent) = channel_queue();
        let ports = Ports {
            log: Arc::clone(&log),
            artifacts: Artifacts::new(store),
            queue: Arc::new(queue),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        let tokens = Tokens::new(key.clone(), OPERATOR, Some(LEGACY));
        let app = Arc::new(App::new(ports, tokens, Limits::default()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = leviathan_api::router(app);
        runtime.spawn(async move { axum::serve(listener, router).await });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let sent = Mutex::new(sent);
        Self { base, agent, clock, log, key, sent, runtime, requests, _folder: folder }
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(body.to_vec()).unwrap()).unwrap();
        let text = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        let text = String::from_utf8(text).unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), text }
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, &[("authorization", &format!("Bearer {token}"))], b"")
    }

    /// Expects success.
    pub(crate) fn read(&self, path: &str) -> Value {
        let answer = self.get(path, OPERATOR);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    pub(crate) fn post(&self, token: &str, body: &str) -> Answer {
        self.post_with(token, &[], body)
    }

    pub(crate) fn post_with(&self, token: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let token = format!("Bearer {token}");
        let mut headers = vec![("authorization", &*token), ("content-type", "application/json")];
        headers.extend_from_slice(more);
        self.call("POST", "/v1/events/ingest", &headers, body.as_bytes())
    }

    /// One bundle of an old worker for target `shop`.
    pub(crate) fn ingest(&self, events: &Value) -> Answer {
        self.post(LEGACY, &bundle(events))
    }

    pub(crate) fn put_artifact(&self, token: &str, bytes: &[u8], query: &str) -> Answer {
        let token = format!("Bearer {token}");
        let path = format!("/v1/artifacts/{}{query}", Digest::of(bytes));
        self.call("PUT", &path, &[("authorization", &token)], bytes)
    }

    /// Requests to the store since the last call.
    pub(crate) fn requests(&self) -> Requests {
        self.requests.take()
    }

    /// The log as another process would read it.
    pub(crate) fn commits(&self) -> Vec<Commit> {
        self.runtime.block_on(async {
            let end = self.log.view().await.unwrap().position.next_seq();
            let mut commits = Vec::new();
            for seq in 0..end {
                commits.push(self.log.read(seq).await.unwrap());
            }
            commits
        })
    }

    /// Reads everything from the store again, and checks it.
    pub(crate) fn verify_log(&self) {
        self.runtime.block_on(self.log.verify(None, |_| ())).unwrap();
    }

    pub(crate) fn event_types(&self) -> Vec<String> {
        self.commits().into_iter().flat_map(|c| c.events).map(|e| e.event_type).collect()
    }

    /// Messages that were sent since the last call.
    pub(crate) fn sent(&self) -> Vec<Message> {
        let mut receiver = self.sent.lock().unwrap();
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    pub(crate) fn token(&self, attempt: &AttemptId) -> String {
        let not_after = self.clock.now() + SignedDuration::from_hours(1);
        self.key.mint(attempt, 1, not_after)
    }

    /// Target `shop` with tasks a, b, c on separate paths.
    pub(crate) fn backlog(&self) {
        self.runtime.block_on(shop::backlog(&self.log));
    }

    /// An attempt that the next tick picks and dispatch submits.
    pub(crate) fn submitted(&self) -> AttemptId {
        self.runtime.block_on(shop::submitted(&self.log))
    }
}

pub(crate) fn bundle(events: &Value) -> String {
    json!({"target": "shop", "bundle_id": "bundle-1", "events": events}).to_string()
}

pub(crate) fn event(id: &str, event_type: &str, payload: &Value) -> Value {
    json!({"event_id": id, "event_type": event_type, "timestamp": "2026-11-24T11:00:00",
        "actor_id": "worker", "payload": payload})
}

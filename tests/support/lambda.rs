//! Lambda, as far as a program can tell: the Runtime API over HTTP, and an environment in which the
//! real program runs. Events go in, answers come out; what is not answered because the process died
//! is told as such, as Lambda does.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path as InPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// How long a program may take to start or to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time that Lambda gives an invocation, unless the test says otherwise.
const TIME: Duration = Duration::from_secs(30);

/// One execution environment of a function.
pub struct Function {
    shared: Arc<Shared>,
    child: Child,
    serving: JoinHandle<()>,
    folder: tempfile::TempDir,
}

/// How a program began.
#[derive(Debug)]
pub enum Began {
    /// It asked for its first event.
    Ready,
    /// It told Lambda that it can't start: the body of `init/error`.
    InitError(Value),
    /// It ended without a word.
    Ended(ExitStatus),
}

/// What became of one event.
#[derive(Debug)]
pub enum Answer {
    /// The program's answer.
    Done(Value),
    /// The program's error.
    Error(Value),
    /// The process ended first.
    Ended(ExitStatus),
}

impl Answer {
    /// The answer, where there has to be one.
    pub fn done(self) -> Value {
        let answer = match self {
            Self::Done(answer) => Ok(answer),
            other => Err(other),
        };
        answer.expect("the program answers")
    }
}

#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    /// Rung at everything new.
    news: Notify,
}

#[derive(Default)]
struct World {
    events: VecDeque<(String, Value, Duration)>,
    waiting: BTreeMap<String, oneshot::Sender<Answer>>,
    asked: bool,
    init_error: Option<Value>,
    numbered: u64,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Function {
    /// Starts a program with these variables, and no others than Lambda's own.
    pub async fn start(program: &Path, environment: &[(&str, &str)]) -> Self {
        let shared = Arc::new(Shared::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let router = routes(Arc::clone(&shared));
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let child = spawn(program, address, environment, folder.path());
        Self { shared, child, serving, folder }
    }

    /// How it began.
    pub async fn began(&mut self) -> Began {
        let shared = Arc::clone(&self.shared);
        let told = until(&shared, |world| {
            let failed = world.init_error.clone().map(Began::InitError);
            failed.or_else(|| world.asked.then_some(Began::Ready))
        });
        tokio::select! {
            began = told => began,
            status = self.child.wait() => {
                let failed = self.shared.world().init_error.clone();
                failed.map_or_else(|| Began::Ended(status.expect("it was started")), Began::InitError)
            }
        }
    }

    /// Sends an event and waits for what becomes of it.
    pub async fn invoke(&mut self, event: Value) -> Answer {
        self.invoke_within(event, TIME).await
    }

    /// The same, with so much time as the program is told that it has.
    pub async fn invoke_within(&mut self, event: Value, time: Duration) -> Answer {
        let answer = self.send(event, time);
        let answer = tokio::time::timeout(PATIENCE, answer);
        tokio::select! {
            answer = answer => answer.expect("the program answers").expect("a test waits for it"),
            status = self.child.wait() => Answer::Ended(status.expect("it was started")),
        }
    }

    /// Sends an event and does not wait.
    pub fn send(&self, event: Value, time: Duration) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        let mut world = self.shared.world();
        world.numbered += 1;
        let id = format!("request-{}", world.numbered);
        world.events.push_back((id.clone(), event, time));
        world.waiting.insert(id, sender);
        drop(world);
        self.shared.news.notify_waiters();
        receiver
    }

    /// Ends the process at once, as Lambda does with one that takes too long.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be ended");
    }

    /// How the process ended; waits for it.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends").expect("it was started")
    }

    /// The process, for its memory.
    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it wrote to its standard error.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).expect("a file of its own")
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn spawn(
    program: &Path,
    address: SocketAddr,
    environment: &[(&str, &str)],
    folder: &Path,
) -> Child {
    let said = File::create(folder.join("stderr")).expect("a file for what it says");
    Command::new(program)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "function")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .envs(environment.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .kill_on_drop(true)
        .spawn()
        .expect("the program can be started")
}

/// Waits until something is so.
async fn until<T>(shared: &Shared, mut look: impl FnMut(&mut World) -> Option<T>) -> T {
    loop {
        let news = shared.news.notified();
        let mut news = std::pin::pin!(news);
        // From here on a bell is heard, also one that rings before it is waited for.
        news.as_mut().enable();
        if let Some(found) = look(&mut shared.world()) {
            return found;
        }
        news.await;
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    let under = "/2018-06-01/runtime";
    Router::new()
        .route(&format!("{under}/invocation/next"), get(next))
        .route(&format!("{under}/invocation/{{id}}/response"), post(response))
        .route(&format!("{under}/invocation/{{id}}/error"), post(error))
        .route(&format!("{under}/init/error"), post(init_error))
        .layer(axum::extract::DefaultBodyLimit::max(6 * 1024 * 1024))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.world().asked = true;
    shared.news.notify_waiters();
    let (id, event, time) = until(&shared, |world| world.events.pop_front()).await;
    let deadline = SystemTime::now() + time;
    let deadline = deadline.duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:function".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    InPath(id): InPath<String>,
    body: Bytes,
) -> StatusCode {
    settle(&shared, &id, Answer::Done(json(&body)))
}

async fn error(
    State(shared): State<Arc<Shared>>,
    InPath(id): InPath<String>,
    body: Bytes,
) -> StatusCode {
    settle(&shared, &id, Answer::Error(json(&body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.world().init_error = Some(json(&body));
    shared.news.notify_waiters();
    StatusCode::ACCEPTED
}

fn settle(shared: &Shared, id: &str, answer: Answer) -> StatusCode {
    match shared.world().waiting.remove(id) {
        Some(waiting) => {
            drop(waiting.send(answer));
            StatusCode::ACCEPTED
        }
        None => StatusCode::BAD_REQUEST,
    }
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

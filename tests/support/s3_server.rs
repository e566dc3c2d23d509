//! A real HTTP server that speaks enough of S3, and misbehaves when it is told to: what the SDK does
//! with a lost answer or a lying status is then in the test. It counts requests as they come over
//! the wire, so a retry that the SDK made by itself shows. It keeps its objects in memory, or stands
//! before an emulator and passes on.

mod fault;
mod forward;
mod rest;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region, SharedCredentialsProvider};
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use leviathan_aws::{S3Place, S3Store, TimeLimits};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::counting_store::Requests;

pub use fault::{Fault, Kind};

/// The bucket that is there from the start.
pub const BUCKET: &str = "leviathan-test";

/// A running server; gone when dropped.
pub struct S3Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What all connections share.
#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    /// Where requests are answered, if not here.
    behind: Option<SocketAddr>,
}

#[derive(Default)]
struct World {
    objects: BTreeMap<String, Bytes>,
    markers: BTreeSet<String>,
    script: VecDeque<(Kind, Fault)>,
    counts: Requests,
    /// Requests that carried one.
    session_tokens: u64,
    /// The most keys in one answer to a LIST.
    page: Option<usize>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl S3Server {
    /// With its own objects.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// Before another server, which answers; faults and counts are made here.
    pub async fn before(behind: SocketAddr) -> Self {
        Self::listen(Some(behind)).await
    }

    async fn listen(behind: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let shared = Arc::new(Shared { behind, ..Shared::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// Its address, as `AWS_ENDPOINT_URL` has it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request of this kind goes wrong like this; told several times, one after the other.
    pub fn next(&self, kind: Kind, fault: Fault) {
        self.shared.world().script.push_back((kind, fault));
    }

    /// Takes back the faults that no request has met.
    pub fn forget(&self) {
        self.shared.world().script.clear();
    }

    /// How many faults still wait for their request.
    pub fn waiting(&self) -> usize {
        self.shared.world().script.len()
    }

    /// The requests that came since the last call.
    pub fn take(&self) -> Requests {
        std::mem::take(&mut self.shared.world().counts)
    }

    /// How many requests carried a session token.
    pub fn session_tokens(&self) -> u64 {
        self.shared.world().session_tokens
    }

    /// Names at most so many keys in one answer to a LIST.
    pub fn page(&self, keys: usize) {
        self.shared.world().page = Some(keys);
    }

    /// What stands under a key of the bucket.
    pub fn object(&self, key: &str) -> Option<Bytes> {
        self.shared.world().objects.get(key).cloned()
    }

    /// Somebody puts this there, whatever stands there.
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        self.shared.world().objects.insert(key.to_owned(), bytes.into());
    }

    /// Somebody deletes an object; a delete marker stays.
    pub fn delete(&self, key: &str) {
        let mut world = self.shared.world();
        world.objects.remove(key);
        world.markers.insert(key.to_owned());
    }

    /// A store in its bucket under this prefix.
    pub fn store(&self, prefix: &str) -> S3Store {
        self.store_within(prefix, TimeLimits::default())
    }

    /// The same, with other time limits.
    pub fn store_within(&self, prefix: &str, limits: TimeLimits) -> S3Store {
        let place = S3Place::new(BUCKET, prefix).expect("a good place");
        S3Store::with_limits(&client(&self.endpoint()), place, limits)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A client of a server on this machine. Retries and time-outs are as the SDK has them by default,
/// so a store that forgot to set its own would show.
pub fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .build();
    Client::from_conf(config)
}

/// What clients of other services than S3 are made of, for a server on this machine.
pub fn surroundings(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "tests",
        )))
        .build()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// One connection; a service's error closes it without an answer.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // An answer in two small writes must not wait for the other side's acknowledgement.
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| fault::answer(Arc::clone(&shared), request));
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

//! What a function finds on AWS, of one test's own, and what comes over its function URL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use data_encoding::BASE64;
use leviathan_aws::{S3Place, S3Store, message};
use leviathan_core::ports::Message;
use leviathan_github::Auth;
use leviathan_log::Log;
use leviathan_tests::clock::TrueClock;
use leviathan_tests::emulator::Emulator;
use leviathan_tests::github_server::GitHubServer;
use leviathan_tests::lambda::{Began, Function};
use leviathan_tests::log_builders::log_over;
use leviathan_tests::programs;
use leviathan_tests::s3_server::{client, surroundings};
use serde_json::{Value, json};

pub(crate) const OPERATOR: &str = "a-persons-token-1234";
pub(crate) const LEGACY: &str = "an-old-workers-token-5678";
pub(crate) const WEBHOOK: &str = "what-github-signs-with";
pub(crate) const LOG_NAME: &str = "logs.example.com/leviathan";
pub(crate) const ATTEMPT_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Buckets, queues and secrets.
pub(crate) struct Account {
    pub(crate) endpoint: String,
    number: u32,
    sqs: aws_sdk_sqs::Client,
    dispatch: String,
    publish: String,
}

impl Account {
    pub(crate) async fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let endpoint = Emulator::ministack().endpoint();
        let around = surroundings(&endpoint);
        let s3 = client(&endpoint);
        for bucket in ["log", "data", "copy"].map(|name| format!("{name}-{number}")) {
            s3.create_bucket().bucket(bucket).send().await.unwrap();
        }
        let sqs = aws_sdk_sqs::Client::new(&around);
        let queue = async |name: &str| {
            let made = sqs.create_queue().queue_name(format!("{name}-{number}"));
            made.send().await.unwrap().queue_url.unwrap()
        };
        let (dispatch, publish) = (queue("dispatch").await, queue("publish").await);
        let account = Self { endpoint, number, sqs, dispatch, publish };
        account.set_secret("attempt-key", ATTEMPT_KEY).await;
        account.set_secret("operator-token", OPERATOR).await;
        account.set_secret("legacy-token", LEGACY).await;
        account.set_secret("webhook", WEBHOOK).await;
        account
    }

    /// Makes or changes a secret.
    pub(crate) async fn set_secret(&self, name: &str, value: &str) {
        let manager = aws_sdk_secretsmanager::Client::new(&surroundings(&self.endpoint));
        let name = format!("{name}-{}", self.number);
        let made = manager.create_secret().name(&name).secret_string(value).send().await;
        if made.is_err() {
            let changed = manager.put_secret_value().secret_id(name).secret_string(value);
            changed.send().await.unwrap();
        }
    }

    /// What the API's environment holds when it is deployed.
    pub(crate) fn of_api(&self) -> Vec<(&'static str, String)> {
        let number = self.number;
        let secret = |name: &str| format!("secretsmanager:{name}-{number}");
        let mut environment = self.of_every_function();
        environment.extend([
            ("LEVIATHAN_DISPATCH_QUEUE", self.dispatch.clone()),
            ("LEVIATHAN_PUBLISH_QUEUE", self.publish.clone()),
            ("LEVIATHAN_ATTEMPT_KEY_SECRET", secret("attempt-key")),
            ("LEVIATHAN_OPERATOR_TOKEN_SECRET", secret("operator-token")),
            ("LEVIATHAN_LEGACY_TOKEN_SECRET", secret("legacy-token")),
        ]);
        environment
    }

    /// What the tick's environment holds. There is no GitHub at its address.
    pub(crate) async fn of_tick(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.of_publish().await;
        environment.extend([
            ("LEVIATHAN_DISPATCH_QUEUE", self.dispatch.clone()),
            ("LEVIATHAN_PUBLISH_QUEUE", self.publish.clone()),
            ("LEVIATHAN_LOG_NAME", LOG_NAME.to_owned()),
            ("LEVIATHAN_CHECKPOINT_KEY", self.key_id().await),
            ("LEVIATHAN_CHECKPOINT_COPY_PLACE", format!("s3://copy-{}", self.number)),
        ]);
        environment
    }

    /// What publish's environment holds. There is no GitHub at its address.
    pub(crate) async fn of_publish(&self) -> Vec<(&'static str, String)> {
        let Auth::App { private_key_pem, .. } = GitHubServer::app() else { panic!("no app") };
        self.set_secret("github-app-key", private_key_pem.expose()).await;
        let secret = format!("secretsmanager:github-app-key-{}", self.number);
        let mut environment = self.of_every_function();
        environment.extend([
            ("LEVIATHAN_GITHUB_API_URL", "http://127.0.0.1:9".to_owned()),
            ("LEVIATHAN_GITHUB_APP_ID", "123456".to_owned()),
            ("LEVIATHAN_GITHUB_APP_KEY_SECRET", secret),
        ]);
        environment
    }

    /// What the environment of the receiver of webhooks holds.
    pub(crate) fn of_pr_ingest(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.of_every_function();
        let secret = format!("secretsmanager:webhook-{}", self.number);
        environment.push(("LEVIATHAN_WEBHOOK_SECRET", secret));
        environment
    }

    /// The key that checkpoints are signed with.
    async fn key_id(&self) -> String {
        let kms = aws_sdk_kms::Client::new(&surroundings(&self.endpoint));
        let alias = format!("alias/checkpoints-{}", self.number);
        let made = kms.create_key().key_spec(KeySpec::EccNistEdwards25519);
        let made = made.key_usage(KeyUsageType::SignVerify).send().await.unwrap();
        let id = made.key_metadata.unwrap().key_id;
        kms.create_alias().alias_name(&alias).target_key_id(id).send().await.unwrap();
        alias
    }

    /// Its public half.
    pub(crate) async fn checkpoint_key(&self) -> [u8; 32] {
        let kms = aws_sdk_kms::Client::new(&surroundings(&self.endpoint));
        let alias = format!("alias/checkpoints-{}", self.number);
        let der = kms.get_public_key().key_id(alias).send().await.unwrap().public_key.unwrap();
        der.as_ref().last_chunk().copied().unwrap()
    }

    /// The second place of trust.
    pub(crate) fn checkpoint_copies(&self) -> S3Store {
        let place = S3Place::new(&format!("copy-{}", self.number), "").unwrap();
        S3Store::new(&client(&self.endpoint), place)
    }

    /// What Lambda and the template give every function.
    pub(crate) fn of_every_function(&self) -> Vec<(&'static str, String)> {
        let number = self.number;
        let mut environment = aws(&self.endpoint);
        environment.extend([
            ("LEVIATHAN_LOG_PLACE", format!("s3://log-{number}/of/one")),
            ("LEVIATHAN_DATA_PLACE", format!("s3://data-{number}")),
        ]);
        environment
    }

    /// The log as another process reads it.
    pub(crate) fn log(&self) -> Log {
        let place = S3Place::new(&format!("log-{}", self.number), "of/one").unwrap();
        let store = S3Store::new(&client(&self.endpoint), place);
        log_over(Arc::new(store), Arc::new(TrueClock), 99)
    }

    /// How many times an event of this id stands in the log.
    pub(crate) async fn count(&self, event_id: &str) -> usize {
        let log = self.log();
        let end = log.view().await.unwrap().position.next_seq();
        let mut count = 0;
        for seq in 0..end {
            let commit = log.read(seq).await.unwrap();
            count += commit.events.iter().filter(|event| event.event_id == event_id).count();
        }
        count
    }

    /// A message that was sent to dispatch.
    pub(crate) async fn sent_to_dispatch(&self) -> Option<Message> {
        let asked = self.sqs.receive_message().queue_url(&self.dispatch).wait_time_seconds(1);
        let answer = asked.send().await.unwrap();
        let record = answer.messages.unwrap_or_default().into_iter().next()?;
        Some(message(record.body().unwrap()).unwrap())
    }
}

/// What Lambda itself sets, for this endpoint.
pub(crate) fn aws(endpoint: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_SESSION_TOKEN", String::new()),
    ]
}

/// Starts a program, which need not get ready.
pub(crate) async fn start(program: &str, environment: &[(&'static str, String)]) -> Function {
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Function::start(&programs::function(program), &environment).await
}

/// Starts a program, which has to get ready.
pub(crate) async fn ready(program: &str, environment: &[(&'static str, String)]) -> Function {
    let mut function = start(program, environment).await;
    match function.began().await {
        Began::Ready => function,
        other => panic!("{other:?}: {}", function.said()),
    }
}

/// One HTTP request, as a function URL hands it to a function.
pub(crate) struct Request {
    event: Value,
}

impl Request {
    pub(crate) fn new(method: &str, url: &str) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let domain = "abcdefghij.lambda-url.us-east-1.on.aws";
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": { "host": domain, "x-forwarded-proto": "https" },
            "requestContext": {
                "accountId": "anonymous", "apiId": "abcdefghij", "domainName": domain,
                "domainPrefix": "abcdefghij",
                "http": {
                    "method": method, "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.1", "userAgent": "tests"
                },
                "requestId": "12345678-1234-1234-1234-123456789012", "routeKey": "$default",
                "stage": "$default", "time": "24/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_521_600_000_u64
            },
            "isBase64Encoded": false
        });
        Self { event }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = value.into();
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.event["body"] = body.to_string().into();
        self.header("content-type", "application/json")
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.event["body"] = body.into();
        self.header("content-type", "application/json")
    }

    /// Bytes come in base64.
    pub(crate) fn bytes(mut self, body: &[u8]) -> Self {
        self.event["body"] = BASE64.encode(body).into();
        self.event["isBase64Encoded"] = true.into();
        self.header("content-type", "application/octet-stream")
    }

    pub(crate) fn event(self) -> Value {
        self.event
    }

    pub(crate) async fn to(self, function: &mut Function) -> Response {
        Response(function.invoke(self.event).await.done())
    }
}

/// What the function URL would answer.
#[derive(Debug)]
pub(crate) struct Response(Value);

impl Response {
    pub(crate) fn status(&self) -> u64 {
        self.0["statusCode"].as_u64().unwrap()
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let body = self.0["body"].as_str().unwrap_or_default();
        if self.0["isBase64Encoded"] == true {
            BASE64.decode(body.as_bytes()).unwrap()
        } else {
            body.as_bytes().to_vec()
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body()).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0["headers"][name].as_str()
    }
}

/// A bundle of one event of an old worker.
pub(crate) fn bundle(event_id: &str) -> Value {
    let event = json!({
        "event_id": event_id, "event_type": "note.made", "timestamp": "2026-11-24T11:00:00",
        "actor_id": "worker", "payload": { "text": event_id }
    });
    json!({ "target": "shop", "bundle_id": format!("bundle-{event_id}"), "events": [event] })
}

//! The bytes: HTTP/1.1 over TLS, each request within its time, each answer within its size.
//! Redirects are not followed: GitHub sends one when a repository was renamed, and the target's
//! address is then to be corrected by a person.

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, USER_AGENT,
};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use serde_json::Value;

use super::fault::{self, Fault};
use super::{GitHubOptions, OptionsError, TimeLimits};

/// The largest answer that is read, in bytes: a file of 16 MiB and what stands around it.
const MOST_ANSWER: usize = 24 * 1024 * 1024;

/// The version of the API that this was written for.
const API_VERSION: &str = "2022-11-28";

/// How long an unused connection is kept. Less than what GitHub and load balancers keep it for.
const IDLE: std::time::Duration = std::time::Duration::from_secs(30);

/// Connections to one GitHub.
pub(super) struct Transport {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    time_limits: TimeLimits,
}

/// One request.
pub(super) struct Wire<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<&'a Value>,
    pub(super) token: &'a str,
    pub(super) raw: bool,
    pub(super) etag: Option<&'a str>,
}

/// An answer that means success, or that nothing has changed.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) not_modified: bool,
    pub(super) etag: Option<String>,
    pub(super) body: Bytes,
}

impl Transport {
    pub(super) fn new(options: &GitHubOptions) -> Result<Self, OptionsError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(options.time_limits.connect));
        // Named, since a program may link more than one.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| OptionsError::Certificates { reason: error.to_string() })?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = HttpClient::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(tls);
        let base = options.api_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base, time_limits: options.time_limits })
    }

    /// One request and its whole answer.
    pub(super) async fn exchange(&self, wire: Wire<'_>, now: Timestamp) -> Result<Answer, Fault> {
        let conditional = wire.etag.is_some();
        let request = self.request(wire)?;
        let limit = self.time_limits.request;
        let answered = tokio::time::timeout(limit, async {
            let answer = self.http.request(request).await.map_err(|error| broken(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MOST_ANSWER).collect().await;
            let body =
                body.map_err(|error| Fault::Unclear(format!("its answer broke off: {error}")))?;
            Ok((head, body.to_bytes()))
        })
        .await;
        let (head, body) = match answered {
            Ok(answered) => answered?,
            Err(_) => {
                return Err(Fault::Unclear(format!("no answer within {} s", limit.as_secs())));
            }
        };
        let not_modified = head.status == StatusCode::NOT_MODIFIED && conditional;
        if head.status.is_success() || not_modified {
            let etag = head.headers.get(ETAG).and_then(|value| value.to_str().ok());
            return Ok(Answer { not_modified, etag: etag.map(str::to_owned), body });
        }
        Err(fault::of(head.status.as_u16(), &head.headers, &body, now))
    }

    fn request(&self, wire: Wire<'_>) -> Result<Request<Full<Bytes>>, Fault> {
        let accept = if wire.raw {
            "application/vnd.github.raw+json"
        } else {
            "application/vnd.github+json"
        };
        let unfit =
            |what: &str| Fault::Refused(format!("{what} has characters that HTTP does not take"));
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", wire.token))
            .map_err(|_| unfit("the token"))?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(wire.method)
            .uri(format!("{}{}", self.base, wire.path))
            .header(USER_AGENT, "leviathan")
            .header(ACCEPT, accept)
            .header("x-github-api-version", API_VERSION)
            .header(AUTHORIZATION, authorization);
        if let Some(etag) = wire.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let body = match wire.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        request.body(Full::new(body)).map_err(|_| unfit("the request"))
    }
}

/// What broke, with its causes: "client error" alone helps nobody.
fn broken(error: &(dyn std::error::Error + 'static)) -> Fault {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    Fault::Unclear(words)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use leviathan_core::ports::Clock;

    use super::*;

    /// A clock that stands still.
    pub(crate) struct Never;

    #[async_trait]
    impl Clock for Never {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
        async fn sleep(&self, _: Duration) {}
    }
}

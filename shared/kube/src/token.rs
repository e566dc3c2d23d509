//! The bearer token of every request, made anew before it runs out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::sync::Mutex;
use tower::buffer::Buffer;
use tower::util::BoxService;
use tower::{BoxError, Layer, Service, ServiceExt as _};

/// How long a token is used. EKS's live 15 minutes; the others that one meets live longer.
const USED_FOR: Duration = Duration::from_mins(10);

/// Requests that may wait for the connection at once.
const WAITING: usize = 64;

/// Where tokens come from.
#[async_trait]
pub trait BearerToken: Send + Sync {
    /// A new token, good for a quarter of an hour at least.
    async fn token(&self) -> Result<String, TokenError>;
}

/// No token could be made.
#[derive(Debug, thiserror::Error)]
#[error("no token for the cluster could be made: {reason}")]
pub struct TokenError {
    /// Why and what to do, for a person; holds no secret.
    pub reason: String,
}

/// The token in use.
struct Tokens {
    source: Arc<dyn BearerToken>,
    current: Mutex<Option<(HeaderValue, Instant)>>,
}

impl Tokens {
    /// Requests wait for one new token together.
    async fn header(&self) -> Result<HeaderValue, TokenError> {
        let mut current = self.current.lock().await;
        if let Some((header, made)) = &*current
            && made.elapsed() < USED_FOR
        {
            return Ok(header.clone());
        }
        let token = self.source.token().await?;
        let mut header =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_not_shown| TokenError {
                reason: "what was made does not fit into a header".to_owned(),
            })?;
        // Debug output of requests leaves it out.
        header.set_sensitive(true);
        *current = Some((header.clone(), Instant::now()));
        Ok(header)
    }

    /// The server did not take it: the next request has a new one.
    async fn refused(&self, used: &HeaderValue) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|(header, _)| header == used) {
            *current = None;
        }
    }
}

/// Puts the token into every request.
pub(crate) struct TokenLayer {
    tokens: Arc<Tokens>,
}

impl TokenLayer {
    pub(crate) fn new(source: Arc<dyn BearerToken>) -> Self {
        Self { tokens: Arc::new(Tokens { source, current: Mutex::new(None) }) }
    }
}

type Inner<B, R> = BoxService<Request<B>, Response<R>, BoxError>;
type Answer<R> = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

impl<B: Send + 'static, R: Send + 'static> Layer<Inner<B, R>> for TokenLayer {
    type Service = Authorised<B, R>;

    fn layer(&self, inner: Inner<B, R>) -> Self::Service {
        // A request is sent after its token was made: it needs the service to itself until then.
        Authorised { tokens: Arc::clone(&self.tokens), inner: Buffer::new(inner, WAITING) }
    }
}

/// The client with the token.
pub(crate) struct Authorised<B: Send + 'static, R: Send + 'static> {
    tokens: Arc<Tokens>,
    inner: Buffer<Request<B>, Answer<R>>,
}

impl<B: Send + 'static, R: Send + 'static> Service<Request<B>> for Authorised<B, R> {
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Answer<R>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The clone that sends the request waits for its turn.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (tokens, inner) = (Arc::clone(&self.tokens), self.inner.clone());
        // Boxed out here: inside, the compiler can't see that it may change threads.
        let send = move |request: Request<B>| -> Answer<R> { Box::pin(inner.oneshot(request)) };
        Box::pin(async move {
            let header = match tokens.header().await {
                Ok(header) => header,
                Err(error) => return Err(Box::new(error) as BoxError),
            };
            request.headers_mut().insert(AUTHORIZATION, header.clone());
            let answer = send(request).await;
            let status = answer.as_ref().ok().map(Response::status);
            if status == Some(StatusCode::UNAUTHORIZED) {
                tokens.refused(&header).await;
            }
            answer
        })
    }
}

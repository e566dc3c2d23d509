//! A request's body: bounded, and JSON where JSON is wanted.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use leviathan_core::decide::ingest::{Fault, fault, not_an_object};
use serde_json::Value;

use crate::error::ApiError;

/// Bytes that are read and dropped after a request was refused; who sends more is cut off.
const DRAINED: usize = 32 * 1024 * 1024;

/// Reads a body to its end before its request is answered, whoever answered it: a sender that still
/// sends would see a broken connection, and not why it was refused.
pub(crate) async fn drain_unread(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body)));
    let handed = Body::new(Shared(Arc::clone(&shared.0)));
    let response = next.run(Request::from_parts(parts, handed)).await;
    let mut rest = std::mem::take(&mut *shared.lock());
    let mut size = 0_usize;
    while size <= DRAINED
        && let Some(Ok(frame)) = rest.frame().await
    {
        size = size.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
    response
}

/// A body of which somebody else keeps hold.
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl http_body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&*self.lock())
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::Body::size_hint(&*self.lock())
    }
}

/// The whole body, at most `limit` bytes of it.
pub(crate) async fn bytes(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut kept = BytesMut::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::Body)?;
        let Some(data) = frame.data_ref() else { continue };
        size = size.saturating_add(data.len());
        if size > limit {
            return Err(ApiError::TooLarge(format!("The body has more than {limit} bytes")));
        }
        kept.extend_from_slice(data);
    }
    Ok(kept.freeze())
}

/// The text of a JSON body. It is not parsed yet, but declared to be JSON.
pub(crate) fn json_text<'a>(headers: &HeaderMap, bytes: &'a Bytes) -> Result<&'a str, ApiError> {
    if bytes.is_empty() {
        return Err(Fault::missing(fault::body(&[]), &Value::Null).into());
    }
    let text = std::str::from_utf8(bytes);
    if !is_json(headers) {
        let input = text.map_or(Value::Null, Value::from);
        return Err(not_an_object(&input).into());
    }
    text.map_err(|_| ApiError::Body)
}

/// `application/json`, or any `application/…+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(header)) = headers.get(CONTENT_TYPE).map(|header| header.to_str()) else {
        return false;
    };
    let essence = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_json_content_type_makes_json() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))])
        };
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
            assert!(is_json(&headers(json)), "{json}");
        }
        for other in ["text/plain", "text/json", "application/jsonp", "json", ""] {
            assert!(!is_json(&headers(other)), "{other}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_passes() {
        assert_eq!(bytes(Body::from("12345"), 5).await.unwrap(), "12345");
        let over = bytes(Body::from("123456"), 5).await;
        assert!(matches!(over, Err(ApiError::TooLarge(_))));
    }
}

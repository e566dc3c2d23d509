//! What goes wrong, and when in a request's life.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::sleep;

use super::{Shared, forward, rest};

/// Kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `PutObject`.
    Put,
    /// `GetObject`.
    Get,
    /// `ListObjectsV2`.
    List,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and this is said: a status and a code of S3.
    Error(u16, &'static str),
    /// It is done, and this is said.
    DoneThenError(u16, &'static str),
    /// A status of the 400s or 500s with a page of HTML, as proxies answer. Nothing is done.
    Page(u16),
    /// Nothing is done, and the connection is closed.
    ClosedBefore,
    /// It is done, and the connection is closed instead of the answer.
    AnswerLost,
    /// It is done, and the answer comes so much later.
    AnswerLate(Duration),
    /// The connection is closed, and it is done so much later.
    DoneLate(Duration),
    /// The answer is said to be longer than it then is.
    Truncated,
    /// One byte of the answer is another.
    FlippedByte,
    /// An answer without the headers that S3 gives: as another kind of server would.
    Bare,
    /// A 404 that tells of a delete marker.
    DeleteMarker,
}

/// A request, whole.
pub(super) type Asked = Request<Bytes>;
/// An answer that may break off.
pub(super) type Answer = Response<BoxBody<Bytes, io::Error>>;
/// An answer, whole.
pub(super) type Said = Response<Bytes>;

fn kind(asked: &Asked) -> Kind {
    let of_bucket = asked.uri().path().trim_matches('/').split('/').count() < 2;
    match *asked.method() {
        Method::GET if of_bucket => Kind::List,
        Method::GET => Kind::Get,
        _ => Kind::Put,
    }
}

/// Counts a request, finds its fault, and answers; an error closes the connection.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Answer, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let asked = Request::from_parts(head, body);
    let kind = kind(&asked);
    let fault = {
        let mut world = shared.world();
        let count = match kind {
            Kind::Put => &mut world.counts.puts,
            Kind::Get => &mut world.counts.gets,
            Kind::List => &mut world.counts.lists,
        };
        *count += 1;
        if asked.headers().contains_key("x-amz-security-token") {
            world.session_tokens += 1;
        }
        let found = world.script.iter().position(|(wanted, _)| *wanted == kind);
        found.and_then(|index| world.script.remove(index)).map(|(_, fault)| fault)
    };
    match fault {
        None => Ok(whole(act(&shared, asked).await?)),
        Some(fault) => go_wrong(shared, asked, fault).await,
    }
}

async fn go_wrong(shared: Arc<Shared>, asked: Asked, fault: Fault) -> Result<Answer, io::Error> {
    let closed = || Err(io::Error::other("closed on purpose"));
    match fault {
        Fault::Error(status, code) => Ok(whole(rest::error(status, code))),
        Fault::DoneThenError(status, code) => {
            act(&shared, asked).await?;
            Ok(whole(rest::error(status, code)))
        }
        Fault::Page(status) => {
            let mut said = Response::new(Bytes::from_static(b"<html>Something in between</html>"));
            *said.status_mut() = StatusCode::from_u16(status).expect("a status");
            Ok(whole(said))
        }
        Fault::ClosedBefore => closed(),
        Fault::AnswerLost => {
            act(&shared, asked).await?;
            closed()
        }
        Fault::AnswerLate(by) => {
            let said = act(&shared, asked).await?;
            sleep(by).await;
            Ok(whole(said))
        }
        Fault::DoneLate(by) => {
            tokio::spawn(async move {
                sleep(by).await;
                act(&shared, asked).await
            });
            closed()
        }
        Fault::Truncated => Ok(truncated(act(&shared, asked).await?)),
        Fault::FlippedByte => {
            let said = act(&shared, asked).await?;
            Ok(whole(said.map(|bytes| {
                let mut bytes = bytes.to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                bytes.into()
            })))
        }
        Fault::Bare => {
            let mut said = act(&shared, asked).await?;
            said.headers_mut().clear();
            Ok(whole(said))
        }
        Fault::DeleteMarker => {
            let mut said = rest::error(404, "NoSuchKey");
            said.headers_mut().insert("x-amz-delete-marker", HeaderValue::from_static("true"));
            Ok(whole(said))
        }
    }
}

/// Does what was asked.
async fn act(shared: &Shared, asked: Asked) -> Result<Said, io::Error> {
    match shared.behind {
        Some(behind) => forward::forward(behind, asked).await,
        None => Ok(rest::act(&mut shared.world(), &asked)),
    }
}

fn whole(said: Said) -> Answer {
    said.map(|bytes| Full::new(bytes).map_err(|never| match never {}).boxed())
}

/// Half of the bytes, under the length of all.
fn truncated(said: Said) -> Answer {
    let length = said.body().len();
    let mut answer = said.map(|bytes| {
        let half = bytes.slice(..length / 2);
        let broken = Err(io::Error::other("broken off on purpose"));
        StreamBody::new(stream::iter([Ok(Frame::data(half)), broken])).boxed()
    });
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    answer
}

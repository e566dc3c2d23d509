//! The part of S3's protocol that a store of whole objects needs: PUT with `If-None-Match`, GET, and
//! ListObjectsV2; signed requests only, PUTs only with a checksum that fits.

use std::fmt::Write as _;
use std::ops::Bound;

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue};
use hyper::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use super::fault::{Asked, Said};
use super::{BUCKET, World};

const CHECKSUM: &str = "x-amz-checksum-sha256";
const MOST_KEYS: usize = 1_000;

/// An error as S3 words it.
pub(super) fn error(status: u16, code: &str) -> Said {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>said by \
         the test's server</Message><RequestId>R1</RequestId></Error>"
    );
    let mut said = Response::new(Bytes::from(body));
    *said.status_mut() = StatusCode::from_u16(status).expect("a status");
    said.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    said
}

pub(super) fn act(world: &mut World, asked: &Asked) -> Said {
    let path = decoded(asked.uri().path());
    let path = path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        return error(404, "NoSuchBucket");
    }
    let signed = asked.headers().get("authorization");
    if !signed.is_some_and(|signed| signed.as_bytes().starts_with(b"AWS4-HMAC-SHA256")) {
        return error(403, "AccessDenied");
    }
    match (asked.method(), key) {
        (&Method::GET, "") => list(world, asked.uri().query().unwrap_or_default()),
        (&Method::GET, key) => get(world, key),
        (&Method::PUT, key) if !key.is_empty() => put(world, key, asked),
        _ => error(501, "NotImplemented"),
    }
}

fn put(world: &mut World, key: &str, asked: &Asked) -> Said {
    let header = |name| asked.headers().get(name).map(HeaderValue::as_bytes);
    let digest = BASE64.encode(&Sha256::digest(asked.body()));
    match header(CHECKSUM) {
        None => return error(400, "InvalidRequest"),
        Some(sent) if sent != digest.as_bytes() => return error(400, "BadDigest"),
        Some(_) => {}
    }
    match header("if-none-match") {
        None => {}
        Some(b"*") if !world.objects.contains_key(key) => {}
        Some(b"*") => return error(412, "PreconditionFailed"),
        Some(_) => return error(501, "NotImplemented"),
    }
    world.markers.remove(key);
    world.objects.insert(key.to_owned(), asked.body().clone());
    tagged(Bytes::new(), asked.body())
}

fn get(world: &World, key: &str) -> Said {
    if let Some(bytes) = world.objects.get(key) {
        return tagged(bytes.clone(), bytes);
    }
    let mut missing = error(404, "NoSuchKey");
    if world.markers.contains(key) {
        missing.headers_mut().insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    }
    missing
}

/// An answer with the object's tag and checksum.
fn tagged(body: Bytes, object: &Bytes) -> Said {
    let digest = Sha256::digest(object);
    let header = |text: String| HeaderValue::from_str(&text).expect("plain text");
    let mut said = Response::new(body);
    said.headers_mut().insert(ETAG, header(format!("\"{}\"", &HEXLOWER.encode(&digest)[..32])));
    said.headers_mut().insert(CHECKSUM, header(BASE64.encode(&digest)));
    said
}

fn list(world: &World, query: &str) -> Said {
    let asked = |name: &str| {
        let found = query.split('&').filter_map(|pair| pair.split_once('='));
        found.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
    };
    if asked("list-type").as_deref() != Some("2") {
        return error(501, "NotImplemented");
    }
    let prefix = asked("prefix").unwrap_or_default();
    // This server's token is the last key that was named.
    let after = asked("continuation-token").or_else(|| asked("start-after")).unwrap_or_default();
    let most = asked("max-keys").and_then(|most| most.parse().ok()).unwrap_or(MOST_KEYS);
    let most = most.min(world.page.unwrap_or(MOST_KEYS));
    let later = world.objects.range::<str, _>((Bound::Excluded(after.as_str()), Bound::Unbounded));
    let mut keys = later.map(|(key, _)| key).filter(|key| key.starts_with(&prefix));
    let page: Vec<&String> = keys.by_ref().take(most).collect();
    let truncated = keys.next().is_some();
    let mut body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult>".to_owned();
    write!(body, "<IsTruncated>{truncated}</IsTruncated>").expect("a text grows");
    for key in &page {
        write!(body, "<Contents><Key>{}</Key></Contents>", escaped(key)).expect("a text grows");
    }
    if let (true, Some(last)) = (truncated, page.last()) {
        let token = escaped(last);
        write!(body, "<NextContinuationToken>{token}</NextContinuationToken>").expect("it grows");
    }
    body.push_str("</ListBucketResult>");
    Response::new(Bytes::from(body))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

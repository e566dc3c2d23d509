//! A commit's header line. Field order is byte order (DECISIONS 3).

use std::fmt;

use jiff::Timestamp;
use leviathan_core::ids::{Digest, TargetId};
use serde::{Deserialize, Serialize};

/// The first line of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Which bytes these are; see [`super::FORMAT`].
    pub format: u32,
    /// Who is older than this reads on, but decides and appends nothing (DECISIONS 7).
    pub min_reader: u32,
    /// The life of the log; a restored log has a higher one (DECISIONS 9).
    pub epoch: u64,
    /// The commit's number, dense from 0.
    pub seq: u64,
    /// SHA-256 of the exact bytes of commit `seq - 1`; `None` for commit 0.
    pub prev: Option<Digest>,
    /// Random for each append: by it a writer knows its own commit again.
    pub nonce: Nonce,
    /// The writer's corrected time, in whole microseconds, never before the last commit's.
    pub recorded_at: Timestamp,
    /// Which program wrote it.
    pub writer: Writer,
    /// The offset of the first event.
    pub first_offset: u64,
    /// Events in the commit, at least 1.
    pub count: u64,
    /// One for each transaction, in order, none of them empty.
    pub parts: Vec<Part>,
}

/// The program that wrote a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// Its name, such as `tick`.
    pub program: String,
    /// Its version.
    pub version: String,
}

/// One transaction's share of a commit. Never split over two commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What kind of transaction: `tick`, `ingest`, `publish` …
    pub kind: String,
    /// The `now` that its decision saw.
    pub decided_at: Timestamp,
    /// The last commit that its decision had read; `None`: it saw an empty log.
    pub read_seq: Option<u64>,
    /// The target that it is about, if one.
    pub target: Option<TargetId>,
    /// The client's bundle that it took in, if one (DECISIONS 6).
    pub bundle_id: Option<String>,
    /// Of the bundle's events, if it took one in.
    pub content_digest: Option<Digest>,
    /// The offset of its first event.
    pub first_offset: u64,
    /// Its events, at least 1.
    pub count: u64,
}

/// 16 random bytes, of which a process keeps the first 8 in all of its commits; in the log 32
/// lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(pub [u8; 16]);

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> String {
        nonce.to_string()
    }
}

impl TryFrom<String> for Nonce {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        data_encoding::HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| "a nonce is 32 lower-case hex digits".to_owned())
    }
}

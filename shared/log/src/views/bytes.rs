//! The bytes of views: a line for each departure, in the order of their numbers, and a line with the
//! digest of them.

use ::bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::checksummed::{add_checksum, checked};
use crate::error::LogError;

/// One line.
#[derive(Serialize, Deserialize)]
struct Line<D> {
    /// Which departure it is.
    number: u64,
    departure: D,
}

/// The exact bytes of the view under this key, of these departures and their numbers.
pub fn encode<D: Serialize>(key: &str, departures: &[(u64, D)]) -> Result<Bytes, LogError> {
    let mut bytes = Vec::new();
    for (number, departure) in departures {
        serde_json::to_writer(&mut bytes, &Line { number: *number, departure })
            .map_err(|problem| fault(key, problem.to_string()))?;
        bytes.push(b'\n');
    }
    Ok(add_checksum(bytes))
}

/// Reads the view that stands under this key.
pub fn decode<D: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<Vec<(u64, D)>, LogError> {
    let body = checked(bytes).ok_or_else(|| fault(key, "its bytes are cut off or changed"))?;
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let line: Line<D> =
                serde_json::from_slice(line).map_err(|problem| fault(key, problem.to_string()))?;
            Ok((line.number, line.departure))
        })
        .collect()
}

pub(super) fn fault(key: &str, why: impl Into<String>) -> LogError {
    LogError::View { key: key.to_owned(), why: why.into() }
}

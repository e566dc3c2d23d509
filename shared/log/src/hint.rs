//! The hint: where a cold reader may begin. One small mutable object, written by the tick after a
//! snapshot, so that a cold start knows in one GET what to fetch next (DECISIONS 8).
//!
//! Never trusted. Lost, damaged or old it costs a LIST or some commits more to read. What it says
//! of the log's end counts in one direction only: a log that is shorter has lost commits.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::checksummed::{add_checksum, checked};

/// The format of the hint's bytes.
const FORMAT: u32 = 1;

/// What the tick knew when it wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Always 1.
    format: u32,
    /// The life of the log (DECISIONS 9).
    pub epoch: u64,
    /// The newest commit.
    pub head: u64,
    /// The newest snapshot.
    pub snapshot: Option<HintedSnapshot>,
}

/// A snapshot's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintedSnapshot {
    /// The format of its state.
    pub state_format: u32,
    /// Its commit.
    pub seq: u64,
}

impl Hint {
    /// A hint at this end and this snapshot.
    pub fn new(epoch: u64, head: u64, snapshot: Option<HintedSnapshot>) -> Self {
        Self { format: FORMAT, epoch, head, snapshot }
    }

    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        // A struct of numbers always serialises.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        add_checksum(line)
    }

    /// Reads one; the error says why it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let line = checked(bytes).ok_or("its bytes are cut off or changed")?;
        let hint: Self = serde_json::from_slice(line).map_err(|problem| problem.to_string())?;
        if hint.format != FORMAT {
            return Err(format!("it has format {}, this program reads {FORMAT}", hint.format));
        }
        Ok(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line_and_the_digest_of_it() {
        let snapshot = Some(HintedSnapshot { state_format: 1, seq: 64 });
        let hint = Hint::new(1, 70, snapshot);
        let expected = "{\"format\":1,\"epoch\":1,\"head\":70,\
                        \"snapshot\":{\"state_format\":1,\"seq\":64}}\n\
                        {\"sha256\":\"";
        let bytes = hint.encode();
        assert!(bytes.starts_with(expected.as_bytes()), "{bytes:?}");
        assert_eq!(Hint::decode(&bytes), Ok(hint));
        let none = Hint::new(2, 7, None);
        assert_eq!(Hint::decode(&none.encode()), Ok(none));
    }

    #[test]
    fn another_format_and_other_bytes_are_no_hint() {
        let later = Hint { format: 2, ..Hint::new(1, 70, None) };
        assert!(Hint::decode(&later.encode()).unwrap_err().contains("format 2"));
        for bytes in ["", "{}", "{\"format\":1}\n"] {
            assert!(Hint::decode(bytes.as_bytes()).is_err(), "{bytes}");
            assert!(Hint::decode(&add_checksum(bytes.as_bytes().to_vec())).is_err(), "{bytes}");
        }
    }
}

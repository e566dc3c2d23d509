//! The bytes of a graph that a reader may begin from: a line with its format and the position, a
//! line with the graph, a line with the digest of both.

use ::bytes::Bytes;
use leviathan_core::graph::{GRAPH_FORMAT, Graph};
use serde::{Deserialize, Serialize};

use crate::checksummed::{add_checksum, checked};
use crate::position::Position;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    graph_format: u32,
    /// Everything that a reader knows who has read up to there.
    position: Position,
}

/// The exact bytes of the graph at this position; the error says why it has none.
pub fn encode(position: &Position, graph: &Graph) -> Result<Bytes, String> {
    let header = Header { graph_format: GRAPH_FORMAT, position: position.clone() };
    let mut bytes = Vec::new();
    serde_json::to_writer(&mut bytes, &header).map_err(|problem| problem.to_string())?;
    bytes.push(b'\n');
    serde_json::to_writer(&mut bytes, graph).map_err(|problem| problem.to_string())?;
    bytes.push(b'\n');
    Ok(add_checksum(bytes))
}

/// Reads the graph of commit `seq`; the error says what is wrong with it. Whether that commit is the
/// log's is not said by this.
pub fn decode(seq: u64, bytes: &[u8]) -> Result<(Position, Graph), String> {
    let damaged = || "its bytes are cut off or changed".to_owned();
    let body = checked(bytes).ok_or_else(damaged)?;
    let end = body.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let (first, graph) = body.split_at_checked(end).ok_or_else(damaged)?;
    let header: Header = serde_json::from_slice(first)
        .map_err(|problem| format!("its first line can't be read: {problem}"))?;
    if header.graph_format != GRAPH_FORMAT {
        let found = header.graph_format;
        return Err(format!("its format is {found}, this program reads {GRAPH_FORMAT}"));
    }
    let position = header.position;
    if position.seq != Some(seq) {
        return Err(format!("it is of commit {:?}, not of {seq}", position.seq));
    }
    let graph: Graph = serde_json::from_slice(graph)
        .map_err(|problem| format!("its graph can't be read: {problem}"))?;
    if graph.events() != position.offset {
        let (events, offset) = (graph.events(), position.offset);
        return Err(format!("its graph is after {events} events, its position after {offset}"));
    }
    Ok((position, graph))
}

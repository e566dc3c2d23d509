//! A view, whose checksum fits, so that what stands before it is reached: whatever is accepted can
//! be written again and is then read as the same. Of the state, and of the graph.

use leviathan_core::graph::{Departure as OfGraph, Row};
use leviathan_core::ids::Digest;
use leviathan_core::state::Departure as OfState;
use leviathan_log::views::{decode, encode, graph};

/// Views with lines of this kind.
macro_rules! lines_of {
    ($kind:ty, $bytes:expr) => {
        if let Ok(departures) = decode::<$kind>("a key", $bytes) {
            let again = encode("a key", &departures).unwrap();
            assert_eq!(decode("a key", &again), Ok(departures));
        }
    };
}

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let last = format!("{{\"sha256\":\"{}\"}}\n", Digest::of(data));
    let whole = [data, last.as_bytes()].concat();
    for bytes in [data, &whole[..]] {
        lines_of!(OfState, bytes);
        lines_of!(OfGraph, bytes);
        lines_of!(Row, bytes);
        if let Ok((position, graph)) = graph::decode(23, bytes) {
            let again = graph::encode(&position, &graph).unwrap();
            assert_eq!(graph::decode(23, &again), Ok((position, graph)));
        }
    }
}

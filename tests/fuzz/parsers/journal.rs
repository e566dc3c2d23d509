//! The original's journal: whatever is accepted can be written again and is then accepted again. Its
//! lines are also chained here, so that what stands behind the hashes is reached: then every line
//! that can be hashed is accepted, and no line in another's place.

use leviathan_core::chain::{JournalLine, Verifier, event_hash};

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let accepted = accepted(text.lines());
    let again: Vec<String> =
        accepted.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    assert_eq!(self::accepted(again.iter().map(String::as_str)), accepted);

    let mut prev_hash = None;
    let mut chained = Vec::new();
    for line in text.lines() {
        let Ok(mut line) = serde_json::from_str::<JournalLine>(line) else { continue };
        let (id, of_type, time) = (&line.event_id, &line.event_type, &line.timestamp);
        let (actor, payload) = (line.actor_id.as_deref(), &line.payload);
        let Ok(hash) = event_hash(prev_hash.as_deref(), id, of_type, time, actor, payload) else {
            continue;
        };
        line.prev_hash = prev_hash.replace(hash.clone());
        line.hash = hash;
        chained.push(serde_json::to_string(&line).unwrap());
    }
    let lines = || chained.iter().map(String::as_str);
    assert_eq!(self::accepted(lines()).len(), chained.len(), "{chained:?}");
    assert!(self::accepted(lines().skip(1)).is_empty(), "without its beginning: {chained:?}");
}

/// The lines up to the first that is not accepted.
fn accepted<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<JournalLine> {
    let mut verifier = Verifier::default();
    lines.map_while(|line| verifier.next(line).ok()).collect()
}

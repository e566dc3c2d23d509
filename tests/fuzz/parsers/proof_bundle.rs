//! A bundle that proves one event: read back as it was, and a bundle that proves its event proves no
//! other. Its note is also signed here, so that what stands behind the signature is reached.

use leviathan_log::seal::Bundle;
use leviathan_log::seal::note::text_of;

use super::signing;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Ok(bundle) = serde_json::from_slice::<Bundle>(data) else { return };
    let again = serde_json::to_vec(&bundle).unwrap();
    assert_eq!(serde_json::from_slice::<Bundle>(&again).unwrap(), bundle);
    proves_one_event_or_none(&bundle);
    let Some((path, note)) = bundle.proof.split_once("\n\n") else { return };
    if let Ok(text) = text_of(note.as_bytes()) {
        let proof = format!("{path}\n\n{}", signing::note(text));
        proves_one_event_or_none(&Bundle { proof, ..bundle });
    }
}

fn proves_one_event_or_none(bundle: &Bundle) {
    let Ok(proven) = bundle.check(&signing::key()) else { return };
    assert!(proven.event.offset < proven.checkpoint.size);
    // The same JSON in other bytes is another line.
    let event = format!("{} ", bundle.event);
    assert!(Bundle { event, ..bundle.clone() }.check(&signing::key()).is_err());
}

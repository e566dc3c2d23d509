//! A snapshot or a hint, whose checksum fits, so that what stands before it is reached: whatever
//! is accepted can be written again and is then read as the same.

use leviathan_core::ids::Digest;
use leviathan_log::hint::Hint;
use leviathan_log::snapshot;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let _ = Hint::decode(data);
    // Its number is looked for in the bytes, so that the rest of the rules is reached.
    let text = String::from_utf8_lossy(data);
    let digits = text.split("\"seq\":").nth(1).map(|rest| rest.split([',', '}']).next());
    let seq = digits.flatten().and_then(|digits| digits.parse().ok()).unwrap_or_default();
    let _ = snapshot::decode(seq, data);
    let last = format!("{{\"sha256\":\"{}\"}}\n", Digest::of(data));
    let bytes = [data, last.as_bytes()].concat();
    if let Ok(hint) = Hint::decode(&bytes) {
        assert_eq!(Hint::decode(&hint.encode()), Ok(hint));
    }
    if let Ok(view) = snapshot::decode(seq, &bytes) {
        let again = snapshot::encode(&view).unwrap();
        assert_eq!(snapshot::decode(seq, &again).unwrap(), view);
    }
}

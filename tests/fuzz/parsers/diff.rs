//! A diff artifact: whatever is accepted is spelled in the one way that we write.

use leviathan_core::diff::Diff;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    if let Ok(diff) = Diff::from_bytes(data) {
        assert_eq!(diff.to_bytes(), data);
        assert!(diff.check().is_ok());
    }
}

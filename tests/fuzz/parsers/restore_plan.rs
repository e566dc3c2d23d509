//! The plan of a restore: whatever is accepted can be written again and is then read as the same.

use leviathan_log::Plan;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    if let Ok(plan) = Plan::decode(data) {
        let again = plan.encode().unwrap();
        assert_eq!(Plan::decode(&again).unwrap(), plan);
    }
}

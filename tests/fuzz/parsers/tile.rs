//! A tile of hashes and a bundle of entries, behind a byte that says how many of them their name
//! promises (less one): what is accepted is written again as the same bytes.

use leviathan_log::seal::tile::{bytes_of, entries_in, hashes_in};

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Some((width, bytes)) = data.split_first() else { return };
    let width = u64::from(*width) + 1;
    if let Some(hashes) = hashes_in(bytes, width) {
        assert_eq!(hashes.len() as u64, width);
        assert_eq!(bytes_of(&hashes), bytes);
    }
    if let Some(entries) = entries_in(bytes, width) {
        assert_eq!(entries.len() as u64, width);
        let again = entries.iter().flat_map(|entry| {
            let length = u16::try_from(entry.len()).unwrap().to_be_bytes();
            [&length[..], entry].concat()
        });
        assert_eq!(again.collect::<Vec<u8>>(), bytes);
    }
}

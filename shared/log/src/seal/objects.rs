//! Requests for what seals the log: repeated while the store's answer is unclear, and create-only.

use bytes::Bytes;
use leviathan_core::ids::Digest;
use leviathan_core::ports::{ObjectStore, StoreError};

use super::SealFault;
use crate::access::{Access, TRIES};
use crate::error::LogError;

/// Keys asked for in one LIST.
const PAGE: usize = 1_000;

/// All keys with this prefix after this one.
pub(super) async fn list(
    access: &Access,
    store: &dyn ObjectStore,
    prefix: &str,
    after: Option<&str>,
) -> Result<Vec<String>, LogError> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let after = keys.last().map(String::as_str).or(after);
        let page = access.until_clear(|| store.list(prefix, after, PAGE)).await?;
        let last = page.len() < PAGE;
        keys.extend(page);
        if last {
            return Ok(keys);
        }
    }
}

/// Creates the object. That it exists already is success where it has the same bytes: another
/// sealer was first, or an earlier try's answer was lost.
pub(super) async fn create(
    access: &Access,
    store: &dyn ObjectStore,
    key: &str,
    bytes: &Bytes,
) -> Result<(), LogError> {
    if access.create_in(store, key, bytes).await? {
        return Ok(());
    }
    // Read back: where it is not there yet, its answer was unclear all the same.
    for tries in 1..=TRIES {
        if let Some(found) = access.bytes_in(store, key).await? {
            return same(key, &found, bytes);
        }
        access.pause(tries).await;
    }
    let reason = "it exists, says the store, and can't be read back".to_owned();
    Err(StoreError::Unclear { key: key.to_owned(), reason }.into())
}

fn same(key: &str, found: &Bytes, computed: &Bytes) -> Result<(), LogError> {
    if found == computed {
        return Ok(());
    }
    let (found, computed) = (Digest::of(found), Digest::of(computed));
    Err(SealFault::Other { key: key.to_owned(), found, computed }.into())
}

/// Replaces the object: only for the mutable copy.
pub(super) async fn replace(access: &Access, key: &str, bytes: &Bytes) -> Result<(), LogError> {
    Ok(access.until_clear(|| access.store.replace(key, Bytes::clone(bytes))).await?)
}

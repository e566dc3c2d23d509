//! LIST: as many pages as the limit needs, in byte order.

use leviathan_core::ports::StoreError;

use super::S3Store;
use super::fault::{Asked, Place, refused, unclear};

/// The most keys that S3 names in one answer.
const PAGE: usize = 1_000;

/// Up to `limit` keys under `prefix`, after `start_after`.
pub(crate) async fn list(
    store: &S3Store,
    prefix: &str,
    start_after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let before = store.place.prefix();
    let mut keys: Vec<String> = Vec::new();
    let mut token = None;
    while keys.len() < limit {
        let page = (limit - keys.len()).min(PAGE);
        let answer = store
            .client
            .list_objects_v2()
            .bucket(store.place.bucket())
            .prefix(format!("{before}{prefix}"))
            .set_start_after(start_after.map(|after| format!("{before}{after}")))
            .set_continuation_token(token)
            .max_keys(i32::try_from(page).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|problem| {
                Place { key: prefix, bucket: &store.place }.fault(Asked::List, &problem)
            })?;
        let found = answer.contents().iter().filter_map(|object| object.key());
        let found = found.filter_map(|key| key.strip_prefix(before));
        let known = keys.len();
        for key in found.take(page) {
            take(&mut keys, prefix, start_after, key)?;
        }
        if answer.is_truncated() != Some(true) {
            break;
        }
        token = answer.next_continuation_token().map(str::to_owned);
        if token.is_none() || keys.len() == known {
            return Err(unclear(prefix, "a list that says it has more, and gives no way on"));
        }
    }
    Ok(keys)
}

/// Adds a key, if it comes after all before it: what is told of the log's end rests on the order.
fn take(
    keys: &mut Vec<String>,
    prefix: &str,
    start_after: Option<&str>,
    key: &str,
) -> Result<(), StoreError> {
    let last = keys.last().map(String::as_str).or(start_after);
    if !key.starts_with(prefix) || last.is_some_and(|last| key <= last) {
        let reason = "it lists its keys in no order, or others than were asked for; a general \
                      purpose bucket of S3 lists them in byte order";
        return Err(refused(prefix, reason));
    }
    keys.push(key.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_out_of_order_or_of_other_keys_is_refused() {
        let list = |after: Option<&str>, found: &[&str]| {
            let mut keys = Vec::new();
            found.iter().try_for_each(|key| take(&mut keys, "e/", after, key)).map(|()| keys)
        };
        assert_eq!(list(None, &["e/1", "e/2"]).unwrap(), ["e/1", "e/2"]);
        assert_eq!(list(Some("e/1"), &["e/2"]).unwrap(), ["e/2"]);
        for (after, found) in [
            (None, &["e/2", "e/1"][..]),
            (None, &["e/1", "e/1"]),
            (None, &["f/1"]),
            (Some("e/1"), &["e/1"]),
            (Some("e/5"), &["e/4"]),
        ] {
            let refused = list(after, found);
            assert!(matches!(refused, Err(StoreError::Refused { .. })), "{found:?}");
        }
    }
}

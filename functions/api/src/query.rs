//! What stands behind the `?`. Unknown parameters are ignored; of repeated ones the last counts.

use axum::extract::Query as Pairs;
use http::Uri;
use leviathan_core::decide::ingest::{Fault, Step, whole_number};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// A request's query.
pub(crate) struct Query(Map<String, Value>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = Pairs::<Vec<(String, String)>>::try_from_uri(uri);
        let pairs = pairs.map(|Pairs(pairs)| pairs).unwrap_or_default();
        Self(pairs.into_iter().map(|(key, value)| (key, Value::from(value))).collect())
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| Fault::missing(at(name), &Value::Null).into())
    }

    /// How many entries are wanted: none below 0, more than `most` counts as `most` (CONTRACT 1.3,
    /// A12).
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, ApiError> {
        let Some(sent) = self.0.get("limit") else { return Ok(default) };
        let wanted = whole_number(at("limit"), sent)?;
        let wanted = u64::try_from(wanted).map_err(|_| Fault::too_small(at("limit"), 0, sent))?;
        Ok(usize::try_from(wanted).unwrap_or(most).min(most))
    }
}

/// The way to a parameter, in a fault.
pub(crate) fn at(name: &str) -> Vec<Step> {
    vec![Step::from("query"), Step::from(name)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(query: &str) -> Option<usize> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        Query::of(&uri).limit(10, 100).ok()
    }

    #[test]
    fn a_limit_is_whole_not_negative_and_capped() {
        for (query, expected) in [
            ("", Some(10)),
            ("limit=0", Some(0)),
            ("limit=7", Some(7)),
            ("limit=%37", Some(7)),
            ("limit=+7", Some(7)),
            ("limit=7.0", Some(7)),
            ("limit=1&limit=2", Some(2)),
            ("limit=1000", Some(100)),
            ("limit=99999999999999999999999", Some(100)),
            ("limit=-1", None),
            ("limit=-99999999999999999999999", None),
            ("limit=", None),
            ("limit=abc", None),
            ("limit=1.5", None),
            ("limit=1e3", None),
        ] {
            assert_eq!(limit(query), expected, "{query}");
        }
    }
}

//! The store's own clock: the `Date` of an answer, which the SDK does not hand on.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Watches one request for the `Date` of its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoreClock(Arc<Mutex<Option<Timestamp>>>);

impl StoreClock {
    /// What the answer said.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for StoreClock {
    fn name(&self) -> &'static str {
        "StoreClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").and_then(parse);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

/// The time in a `Date` header, if it is one.
pub(crate) fn parse(date: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_and_nonsense_is_none() {
        let time = "2026-11-24T12:00:01Z".parse().unwrap();
        assert_eq!(parse("Tue, 24 Nov 2026 12:00:01 GMT"), Some(time));
        for nonsense in ["", "now", "Tue, 99 Nov 2026 12:00:01 GMT", "1795521601"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}

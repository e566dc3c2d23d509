//! What S3's bad news means for the port, by its error code and never by its status alone: a failed
//! condition has been seen with status 200, a time-out has status 400, and a proxy's 404 must not
//! pass for the end of the log.

mod judge;

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use leviathan_core::ports::StoreError;

use self::judge::{Said, judge};
use super::clock;
use crate::s3_place::S3Place;

/// The most of a foreign text that goes into an error, in characters.
const MAX_TEXT: usize = 400;

/// What was asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Create,
    Replace,
    Get,
    List,
}

/// What a request was about.
pub(crate) struct Place<'a> {
    pub(crate) key: &'a str,
    pub(crate) bucket: &'a S3Place,
}

impl Place<'_> {
    /// What came instead of a good answer.
    pub(crate) fn fault<E>(&self, asked: Asked, problem: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(response) = problem.raw_response() else {
            return self.unanswered(problem);
        };
        let headers = response.headers();
        judge(
            self,
            asked,
            &Said {
                status: response.status().as_u16(),
                code: problem.code(),
                message: problem.message(),
                request: problem.request_id(),
                delete_marker: headers.get("x-amz-delete-marker") == Some("true"),
                store_time: headers.get("date").and_then(clock::parse),
            },
        )
    }

    /// No answer at all: never sent, or broken off.
    fn unanswered<E>(&self, problem: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: Error + 'static,
    {
        let causes = causes(problem);
        if let Some(missing) = no_credentials(problem) {
            let reason = format!(
                "no credentials for AWS ({missing}); set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is given"
            );
            return refused(self.key, &reason);
        }
        match problem {
            SdkError::ConstructionFailure(_) => refused(
                self.key,
                &format!(
                    "the request could not be made ({causes}); check AWS_REGION and the endpoint"
                ),
            ),
            SdkError::DispatchFailure(failure) if failure.is_user() => refused(
                self.key,
                &format!("the request could not be sent ({causes}); check the endpoint"),
            ),
            _ => unclear(self.key, &causes),
        }
    }
}

/// Whether a request was not sent because nobody has credentials. A source of credentials that
/// fails for once is another thing, and worth asking again.
fn no_credentials(problem: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(problem);
    while let Some(error) = cause {
        if let Some(
            missing @ (CredentialsError::CredentialsNotLoaded(_)
            | CredentialsError::InvalidConfiguration(_)),
        ) = error.downcast_ref::<CredentialsError>()
        {
            return Some(causes(missing));
        }
        cause = error.source();
    }
    None
}

/// An error and what caused it, on one line: each cause once, short, without control characters.
pub(crate) fn causes(problem: &(dyn Error + 'static)) -> String {
    let mut text = problem.to_string();
    let mut cause = problem.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    tidy(&text)
}

/// Foreign text for a person: this goes to terminals and logs.
fn tidy(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(MAX_TEXT).collect()
}

/// The request may have taken effect.
pub(crate) fn unclear(key: &str, reason: &str) -> StoreError {
    StoreError::Unclear { key: key.to_owned(), reason: reason.to_owned() }
}

/// The request did not take effect, and won't if repeated.
pub(crate) fn refused(key: &str, reason: &str) -> StoreError {
    StoreError::Refused { key: key.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Plain(&'static str, #[source] Option<Box<Plain>>);

    #[test]
    fn causes_are_told_once_on_one_line_and_cut() {
        let low = Plain("connection reset\nby peer", None);
        let middle = Plain("i/o error", Some(Box::new(low)));
        let high = Plain("dispatch failure: i/o error", Some(Box::new(middle)));
        assert_eq!(causes(&high), "dispatch failure: i/o error: connection reset by peer");
        assert_eq!(tidy(&"ä".repeat(9_999)).chars().count(), MAX_TEXT);
    }
}

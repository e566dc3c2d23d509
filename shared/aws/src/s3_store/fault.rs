//! What S3's bad news means for the port, by its error code and never by its status alone: a failed
//! condition has been seen with status 200, a time-out has status 400, and a proxy's 404 must not
//! pass for the end of the log.

mod judge;

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use leviathan_core::ports::StoreError;

use self::judge::{Said, judge};
use super::clock;
use crate::s3_place::S3Place;
use crate::words::{causes, no_credentials, tidy};

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

/// The request may have taken effect.
pub(crate) fn unclear(key: &str, reason: &str) -> StoreError {
    StoreError::Unclear { key: key.to_owned(), reason: reason.to_owned() }
}

/// The request did not take effect, and won't if repeated.
pub(crate) fn refused(key: &str, reason: &str) -> StoreError {
    StoreError::Refused { key: key.to_owned(), reason: reason.to_owned() }
}

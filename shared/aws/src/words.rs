//! What the SDK and a service say, for a person.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
#[cfg(any(feature = "kms", feature = "secrets", feature = "sqs"))]
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
#[cfg(any(feature = "kms", feature = "secrets", feature = "sqs"))]
use aws_smithy_runtime_api::client::result::SdkError;
#[cfg(any(feature = "kms", feature = "secrets", feature = "sqs"))]
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The most of a foreign text that goes into an error, in characters.
const MAX_TEXT: usize = 400;

/// Whether a request was not sent because nobody has credentials. A source of credentials that
/// fails for once is another thing, and worth asking again.
pub(crate) fn no_credentials(problem: &(dyn Error + 'static)) -> Option<String> {
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

/// Why a service did not do what was asked about something, and what to do: `advice` knows that by the
/// service's error code.
#[cfg(any(feature = "kms", feature = "secrets", feature = "sqs"))]
pub(crate) fn explain<E>(
    service: &str,
    about: &str,
    problem: &SdkError<E, HttpResponse>,
    advice: impl Fn(&str) -> String,
) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(code) = problem.code() {
        let message = tidy(problem.message().unwrap_or_default());
        let advice = common_advice(code).map_or_else(|| advice(code), str::to_owned);
        format!("{service} says {} about {about} ({message}); {advice}", tidy(code))
    } else if let Some(missing) = no_credentials(problem) {
        format!(
            "no credentials for AWS ({missing}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
             or AWS_PROFILE, or run where a role is given"
        )
    } else {
        let said = causes(problem);
        format!("no clear answer of {service} about {about} ({said}); the next run tries again")
    }
}

/// What to do about what any service may say.
#[cfg(any(feature = "kms", feature = "secrets", feature = "sqs"))]
fn common_advice(code: &str) -> Option<&'static str> {
    match code {
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken" => {
            Some("check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")
        }
        "ExpiredTokenException" | "ExpiredToken" => {
            Some("the credentials have run out: get new ones")
        }
        _ => None,
    }
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
pub(crate) fn tidy(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(MAX_TEXT).collect()
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

//! What the SDK and a service say, for a person.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;

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

//! What went wrong at KMS, by its error code, and what a person can do about it.

use std::error::Error;

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use leviathan_core::ports::SignerError;

use crate::words;

/// What was asked of KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    PublicKey,
    Sign,
}

impl Asked {
    /// The right that it takes.
    fn right(self) -> &'static str {
        match self {
            Self::PublicKey => "kms:GetPublicKey",
            Self::Sign => "kms:Sign",
        }
    }
}

/// Why KMS did not do it.
pub(super) fn explain<E>(
    key_id: &str,
    asked: Asked,
    problem: &SdkError<E, HttpResponse>,
) -> SignerError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let about = format!("the key {key_id}");
    let reason = words::explain("KMS", &about, problem, |code| advice(asked, code));
    SignerError { reason }
}

fn advice(asked: Asked, code: &str) -> String {
    let again = "the next run tries again";
    match code {
        "AccessDeniedException" | "AccessDenied" => {
            format!("allow {} on it, in the key's policy or in the role's", asked.right())
        }
        "DisabledException" => "enable the key; until then nothing is sealed".to_owned(),
        "KMSInvalidStateException" => {
            "look at the key's state: if its deletion is scheduled, cancel that, then enable it"
                .to_owned()
        }
        "InvalidKeyUsageException" | "UnsupportedOperationException" | "ValidationException" => {
            "it has to be a key with the spec ECC_NIST_EDWARDS25519 and the usage SIGN_VERIFY, in \
             a region where KMS has that spec"
                .to_owned()
        }
        "NotFoundException" | "InvalidArnException" => {
            "check its id, ARN or alias, and AWS_REGION".to_owned()
        }
        _ => again.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_what_to_do() {
        for (asked, code, words) in [
            (Asked::Sign, "AccessDeniedException", "allow kms:Sign"),
            (Asked::PublicKey, "AccessDeniedException", "allow kms:GetPublicKey"),
            (Asked::Sign, "DisabledException", "enable the key"),
            (Asked::Sign, "KMSInvalidStateException", "cancel"),
            (Asked::Sign, "InvalidKeyUsageException", "ECC_NIST_EDWARDS25519"),
            (Asked::PublicKey, "UnsupportedOperationException", "ECC_NIST_EDWARDS25519"),
            (Asked::PublicKey, "NotFoundException", "alias"),
            (Asked::Sign, "ThrottlingException", "tries again"),
        ] {
            assert!(advice(asked, code).contains(words), "{code}");
        }
    }
}

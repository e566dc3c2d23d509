//! An answer of S3 that is an error, judged: the table of `docs/operations/s3.md`.

use jiff::Timestamp;
use leviathan_core::ports::StoreError;

use super::{Asked, Place, refused, tidy, unclear};

/// The parts of an answer that count.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said<'a> {
    pub(super) status: u16,
    pub(super) code: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    /// By which AWS finds the request again.
    pub(super) request: Option<&'a str>,
    pub(super) delete_marker: bool,
    pub(super) store_time: Option<Timestamp>,
}

/// What the answer means.
pub(super) fn judge(place: &Place<'_>, asked: Asked, said: &Said<'_>) -> StoreError {
    let key = place.key;
    let Some(code) = said.code else {
        return without_code(place, asked, said);
    };
    match (asked, code) {
        (Asked::Create, "PreconditionFailed") => StoreError::AlreadyExists { key: key.to_owned() },
        (Asked::Create | Asked::Replace, "ConditionalRequestConflict" | "OperationAborted") => {
            StoreError::Conflict { key: key.to_owned() }
        }
        (Asked::Get, "NoSuchKey") => missing(key, said),
        _ if passes(code) || said.status >= 500 => unclear(key, &words(said)),
        // No error status, and a code that we don't know: it may have taken effect.
        _ if said.status < 300 => unclear(key, &words(said)),
        _ => refused(key, &format!("{}; {}", words(said), advice(place, asked, code))),
    }
}

/// S3 gives each error a code. What has none comes from somebody in between, or from another kind of
/// server; only a delete marker speaks for itself.
fn without_code(place: &Place<'_>, asked: Asked, said: &Said<'_>) -> StoreError {
    if asked == Asked::Get && said.status == 404 && said.delete_marker {
        return missing(place.key, said);
    }
    let reason = format!(
        "status {} without an error code of S3: is a proxy, or another server than S3, at the \
         endpoint?",
        said.status
    );
    unclear(place.key, &reason)
}

fn missing(key: &str, said: &Said<'_>) -> StoreError {
    StoreError::NotFound {
        key: key.to_owned(),
        delete_marker: said.delete_marker,
        store_time: said.store_time,
    }
}

/// Codes that come with a status of the 400s and go away by themselves: the request was cut short or
/// changed on its way, or there were too many.
fn passes(code: &str) -> bool {
    const PASSING: &[&str] = &[
        "BadDigest",
        "IncompleteBody",
        "InternalError",
        "InvalidDigest",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "TooManyRequests",
        "TooManyRequestsException",
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    ];
    PASSING.contains(&code) || code.contains("Throttl") || code.starts_with("RequestLimitExceeded")
}

/// What S3 said, for a person.
fn words(said: &Said<'_>) -> String {
    let mut words = format!("status {}", said.status);
    for (before, part, after) in [
        (" ", said.code, ""),
        (": ", said.message.filter(|message| !message.is_empty()), ""),
        (" (request ", said.request, ")"),
    ] {
        if let Some(part) = part {
            words.push_str(before);
            words.push_str(&tidy(part));
            words.push_str(after);
        }
    }
    words
}

/// What a person can do about it.
fn advice(place: &Place<'_>, asked: Asked, code: &str) -> String {
    let bucket = place.bucket.bucket();
    match code {
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => match asked {
            Asked::Create => format!(
                "allow s3:PutObject on arn:aws:s3:::{bucket}/{}* (and kms:GenerateDataKey where \
                 the bucket is encrypted with a key of KMS)",
                place.bucket.prefix()
            ),
            Asked::Replace => format!(
                "allow s3:PutObject on it; if {bucket} is the log's bucket, it rightly denies \
                 overwriting: this object belongs into the data bucket"
            ),
            Asked::Get => format!(
                "allow s3:GetObject on arn:aws:s3:::{bucket}/{}* and s3:ListBucket on the bucket: \
                 without the second a missing object is answered so too",
                place.bucket.prefix()
            ),
            Asked::List => format!("allow s3:ListBucket on arn:aws:s3:::{bucket}"),
        },
        "NoSuchBucket" => {
            format!("there is no bucket {bucket} at this endpoint; create it or correct its name")
        }
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => {
            format!("the bucket {bucket} seems to lie in another region: set AWS_REGION to it")
        }
        "ExpiredToken" | "TokenRefreshRequired" => {
            "the credentials have run out: get new ones".to_owned()
        }
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "InvalidSecurity" => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN".to_owned()
        }
        "RequestTimeTooSkewed" => "set this machine's clock".to_owned(),
        "InvalidObjectState" => {
            "somebody archived it: restore it to a storage class that can be read at once"
                .to_owned()
        }
        "NotImplemented" => {
            "this store lacks what the log needs: create-only PUT (If-None-Match) and checksums"
                .to_owned()
        }
        _ => format!("look up {code} in S3's list of errors"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3_place::S3Place;

    const KEY: &str = "events/00000000000000000007";

    fn ask(asked: Asked, status: u16, code: &str) -> StoreError {
        let bucket = S3Place::new("my-logs", "team").unwrap();
        let code = (!code.is_empty()).then_some(code);
        let said = Said { status, code, message: Some("as S3\nsays"), ..Said::default() };
        judge(&Place { key: KEY, bucket: &bucket }, asked, &said)
    }

    fn kind(error: &StoreError) -> &'static str {
        match error {
            StoreError::AlreadyExists { .. } => "exists",
            StoreError::Conflict { .. } => "conflict",
            StoreError::NotFound { .. } => "missing",
            StoreError::Unclear { .. } => "unclear",
            StoreError::Refused { .. } => "refused",
        }
    }

    #[test]
    fn each_answer_means_what_its_code_says() {
        use Asked::{Create, Get, List, Replace};
        for (asked, status, code, expected) in [
            (Create, 412, "PreconditionFailed", "exists"),
            (Create, 200, "PreconditionFailed", "exists"),
            (Create, 409, "ConditionalRequestConflict", "conflict"),
            (Create, 200, "ConditionalRequestConflict", "conflict"),
            (Create, 409, "OperationAborted", "conflict"),
            (Replace, 409, "OperationAborted", "conflict"),
            (Create, 409, "SomethingNew", "refused"),
            (Create, 404, "NoSuchBucket", "refused"),
            (Create, 404, "NoSuchKey", "refused"),
            (Get, 404, "NoSuchKey", "missing"),
            (Get, 404, "NoSuchBucket", "refused"),
            (List, 404, "NoSuchKey", "refused"),
            (Get, 404, "", "unclear"),
            (Create, 412, "", "unclear"),
            (Create, 409, "", "unclear"),
            (Get, 403, "", "unclear"),
            (Create, 403, "AccessDenied", "refused"),
            (Create, 400, "RequestTimeout", "unclear"),
            (Create, 400, "BadDigest", "unclear"),
            (Create, 400, "InvalidRequest", "refused"),
            (Create, 400, "KMS.ThrottlingException", "unclear"),
            (Create, 501, "NotImplemented", "unclear"),
            (Create, 500, "InternalError", "unclear"),
            (Create, 200, "InternalError", "unclear"),
            (Create, 200, "Unheard", "unclear"),
            (Create, 503, "SlowDown", "unclear"),
            (Get, 503, "SlowDown", "unclear"),
            (List, 503, "ServiceUnavailable", "unclear"),
            (Get, 301, "PermanentRedirect", "refused"),
            (Get, 400, "ExpiredToken", "refused"),
        ] {
            assert_eq!(kind(&ask(asked, status, code)), expected, "{asked:?} {status} {code}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        for (asked, code, words) in [
            (Asked::Create, "AccessDenied", "allow s3:PutObject on arn:aws:s3:::my-logs/team/*"),
            (Asked::Get, "AccessDenied", "and s3:ListBucket on the bucket"),
            (Asked::List, "AccessDenied", "allow s3:ListBucket on arn:aws:s3:::my-logs"),
            (Asked::Replace, "AccessDenied", "belongs into the data bucket"),
            (Asked::Get, "NoSuchBucket", "no bucket my-logs"),
            (Asked::Get, "PermanentRedirect", "set AWS_REGION"),
            (Asked::Get, "ExpiredToken", "get new ones"),
            (Asked::Get, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
            (Asked::Get, "RequestTimeTooSkewed", "clock"),
            (Asked::Get, "InvalidObjectState", "archived"),
            (Asked::Get, "New", "look up New"),
        ] {
            let text = ask(asked, 403, code).to_string();
            assert!(text.contains(words), "{text}");
            assert!(text.contains(KEY) && text.contains("as S3 says"), "{text}");
        }
    }

    #[test]
    fn a_delete_marker_is_told_and_the_stores_time_with_it() {
        let bucket = S3Place::new("my-logs", "").unwrap();
        let store_time = "2026-11-24T12:00:01Z".parse().ok();
        for code in [Some("NoSuchKey"), None] {
            let said =
                Said { status: 404, code, delete_marker: true, store_time, ..Said::default() };
            let place = Place { key: "a", bucket: &bucket };
            let missing =
                StoreError::NotFound { key: "a".to_owned(), delete_marker: true, store_time };
            assert_eq!(judge(&place, Asked::Get, &said), missing);
        }
    }
}

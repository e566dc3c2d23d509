//! What GitHub's answers mean when they are no success. Pure.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::ForgeError;
use serde::Deserialize;
use serde_json::Value;

use crate::Location;

/// The longest text of GitHub's that is passed on, in characters.
const MOST_SAID: usize = 300;

/// How long to wait where GitHub says to and does not say how long: what its documentation asks for.
const A_WHILE: SignedDuration = SignedDuration::from_secs(60);

/// The longest that GitHub's word to wait is taken for: its budgets are by the hour.
const MOST_WAIT: SignedDuration = SignedDuration::from_secs(65 * 60);

/// Why a request did not succeed. Texts hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No answer, or one that says nothing about what was done.
    Unclear(String),
    /// GitHub wants to be left alone until then; nothing was done.
    Throttled {
        /// Until when.
        until: Timestamp,
        /// What it said.
        said: String,
    },
    /// 401: the token is not taken.
    Unauthorized(String),
    /// 403: the token may not do this.
    Forbidden(String),
    /// 404: not there, or the token may not see it.
    NotFound(String),
    /// 405: GitHub's rules do not allow it now.
    NotAllowed(String),
    /// 409: something else is there, or moved.
    Conflict(String),
    /// 422: the request makes no sense to GitHub.
    Unprocessable(String),
    /// A success whose body makes no sense to us.
    Unreadable(String),
    /// Anything else that asking again does not help.
    Refused(String),
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Value>,
}

/// The fault behind an answer that is no success.
pub(super) fn of(status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Fault {
    let said = said(status, body);
    if let Some(until) = throttled(status, headers, &said, now) {
        return Fault::Throttled { until, said };
    }
    match status {
        301 | 302 | 307 | 308 => Fault::Refused(format!(
            "GitHub says that the repository has moved ({said}): it was renamed or given to \
             another account; register the target with its new address"
        )),
        401 => Fault::Unauthorized(said),
        403 => Fault::Forbidden(with_permissions(said, headers)),
        404 => Fault::NotFound(said),
        405 => Fault::NotAllowed(said),
        409 => Fault::Conflict(said),
        422 => Fault::Unprocessable(said),
        408 | 500..=599 => Fault::Unclear(said),
        _ => Fault::Refused(said),
    }
}

/// Until when GitHub wants to be left alone, if it is that: 429, or a 403 for one of its limits.
fn throttled(status: u16, headers: &HeaderMap, said: &str, now: Timestamp) -> Option<Timestamp> {
    if status != 403 && status != 429 {
        return None;
    }
    let later = |wait: SignedDuration| {
        now.saturating_add(wait.clamp(SignedDuration::from_secs(1), MOST_WAIT)).unwrap_or(now)
    };
    if let Some(seconds) = number(headers, "retry-after") {
        return Some(later(SignedDuration::from_secs(seconds)));
    }
    if number(headers, "x-ratelimit-remaining") == Some(0) {
        let reset = number(headers, "x-ratelimit-reset");
        let reset = reset.and_then(|second| Timestamp::from_second(second).ok());
        return Some(later(reset.map_or(A_WHILE, |reset| reset.duration_since(now))));
    }
    let words = said.to_ascii_lowercase();
    let limit = status == 429 || words.contains("rate limit") || words.contains("abuse detection");
    limit.then(|| later(A_WHILE))
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// What GitHub says, on one line, with the details that tell most.
fn said(status: u16, body: &[u8]) -> String {
    let mut words = format!("HTTP {status}");
    if let Ok(body) = serde_json::from_slice::<Body>(body) {
        let details: Vec<String> = body.errors.iter().filter_map(detail).collect();
        for part in std::iter::once(body.message).chain(details).filter(|part| !part.is_empty()) {
            words.push_str(", ");
            words.push_str(&part);
        }
    }
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST_SAID).collect()
}

/// A text, or an object with a message or with what is wrong with which field.
fn detail(detail: &Value) -> Option<String> {
    let text = |name: &str| detail.get(name).and_then(Value::as_str);
    let field = || Some(format!("{}: {}", text("field")?, text("code")?));
    detail.as_str().or_else(|| text("message")).map(str::to_owned).or_else(field)
}

/// GitHub names the permissions that would have been enough.
fn with_permissions(said: String, headers: &HeaderMap) -> String {
    match headers.get("x-accepted-github-permissions").and_then(|value| value.to_str().ok()) {
        Some(wanted) if !wanted.is_empty() => {
            let wanted: String = wanted.chars().take(100).collect();
            format!("{said}; what is asked for: {wanted}")
        }
        Some(_) | None => said,
    }
}

impl Fault {
    /// As the port's error.
    pub(crate) fn error(self, action: &'static str, location: &Location) -> ForgeError {
        let repository = location.to_string();
        match self {
            Self::Unclear(said) => {
                let reason = format!(
                    "GitHub does not answer as it should ({said}); it is tried again later"
                );
                ForgeError::Unavailable { action, repository, reason }
            }
            Self::Throttled { until, said } => {
                let reason =
                    format!("GitHub throttles until {until} ({said}); it is tried again later");
                ForgeError::Unavailable { action, repository, reason }
            }
            Self::Unauthorized(said) => {
                let reason = format!(
                    "GitHub does not take the token ({said}): it has expired or was revoked; give a \
                     new one"
                );
                ForgeError::Refused { action, repository, reason }
            }
            Self::Forbidden(said) => {
                let reason = format!(
                    "GitHub does not allow it ({said}); give the app or token that permission, or \
                     see which rule of the repository stands against it"
                );
                ForgeError::Refused { action, repository, reason }
            }
            Self::NotFound(said) => {
                let reason = format!(
                    "GitHub has no such thing, or the app or token may not see it ({said})"
                );
                ForgeError::Refused { action, repository, reason }
            }
            Self::NotAllowed(said) | Self::Conflict(said) | Self::Unprocessable(said) => {
                let reason = format!("GitHub refuses it: {said}");
                ForgeError::Refused { action, repository, reason }
            }
            Self::Unreadable(reason) | Self::Refused(reason) => {
                ForgeError::Refused { action, repository, reason }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn judged(status: u16, headers: &[(&'static str, &str)], body: &str) -> Fault {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        of(status, &map, body.as_bytes(), Timestamp::from_second(1_000).unwrap())
    }

    /// Seconds from now until which GitHub is left alone; `None`: it is not throttling.
    fn waits(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<i64> {
        match judged(status, headers, body) {
            Fault::Throttled { until, .. } => Some(until.as_second() - 1_000),
            _ => None,
        }
    }

    #[test]
    fn githubs_words_to_wait_are_understood() {
        let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait"}"#;
        let forbidden = r#"{"message":"Resource not accessible by integration"}"#;
        let budget = ("x-ratelimit-remaining", "0");
        for (status, headers, body, wait) in [
            (429, vec![], "", Some(60)),
            (429, vec![("retry-after", "7")], "", Some(7)),
            (403, vec![("retry-after", "30")], secondary, Some(30)),
            (403, vec![], secondary, Some(60)),
            (403, vec![budget, ("x-ratelimit-reset", "1900")], "", Some(900)),
            (403, vec![budget, ("x-ratelimit-reset", "900")], "", Some(1)),
            (403, vec![budget], "", Some(60)),
            (403, vec![budget, ("x-ratelimit-reset", "99999999999999999")], "", Some(60)),
            (429, vec![("retry-after", "999999999")], "", Some(3_900)),
            (429, vec![("retry-after", "-5")], "", Some(1)),
            (429, vec![("retry-after", "soon")], "", Some(60)),
            (403, vec![("x-ratelimit-remaining", "10")], forbidden, None),
            (403, vec![], forbidden, None),
            (404, vec![("retry-after", "7")], "", None),
            (503, vec![budget], "", None),
        ] {
            assert_eq!(waits(status, &headers, body), wait, "{status} {headers:?} {body}");
        }
    }

    #[test]
    fn each_status_says_whether_asking_again_helps() {
        let location: Location = "https://github.com/acme/shop".parse().unwrap();
        for (status, later) in [
            (301, false),
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (405, false),
            (408, true),
            (409, false),
            (422, false),
            (429, true),
            (500, true),
            (502, true),
            (504, true),
        ] {
            let error = judged(status, &[], "{}").error("read the branch", &location);
            let unavailable = matches!(error, ForgeError::Unavailable { .. });
            assert_eq!(unavailable, later, "{status}: {error}");
            assert!(error.to_string().contains("acme/shop"), "{error}");
        }
    }

    #[test]
    fn what_github_says_is_passed_on_short_and_on_one_line() {
        let body = r#"{"message":"Validation\nFailed","errors":[
            {"resource":"PullRequest","code":"custom","message":"A pull request already exists"},
            {"resource":"PullRequest","field":"head","code":"invalid"}, "plain", 7]}"#;
        let Fault::Unprocessable(said) = judged(422, &[], body) else { panic!() };
        assert_eq!(
            said,
            "HTTP 422, Validation Failed, A pull request already exists, head: invalid, plain"
        );
        let long = format!(r#"{{"message":"{}"}}"#, "ä".repeat(1000));
        let Fault::NotFound(said) = judged(404, &[], &long) else { panic!() };
        assert_eq!(said.chars().count(), MOST_SAID);
        for body in ["<html>gateway</html>", "", "[]", "{\"message\":5}"] {
            assert_eq!(judged(502, &[], body), Fault::Unclear("HTTP 502".to_owned()));
        }
    }

    #[test]
    fn a_missing_permission_is_named() {
        let headers = [("x-accepted-github-permissions", "contents=write")];
        let fault =
            judged(403, &headers, r#"{"message":"Resource not accessible by integration"}"#);
        let Fault::Forbidden(said) = fault else { panic!() };
        assert!(said.contains("contents=write"), "{said}");
    }
}

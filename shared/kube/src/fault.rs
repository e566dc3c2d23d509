//! What went wrong with a request, for a person, and whether the same request may be sent again.

use kube::Error;
use leviathan_core::secret_scan::redact;

/// The most of a foreign text that goes into an error or event, in characters.
const MAX_TEXT: usize = 400;

/// Whether the server may not have been reached, or was busy. All our requests are idempotent.
pub(crate) fn is_unclear(error: &Error) -> bool {
    match error {
        Error::Api(status) => match status.code {
            // 401: a token that has just run out; the next one is a new one.
            401 | 408 | 429 => true,
            // An answer of something in between has no code.
            code => code >= 500 || code == 0,
        },
        Error::HyperError(_) | Error::Service(_) | Error::ReadEvents(_) => true,
        // Half an answer.
        Error::SerdeError(_) => true,
        _ => false,
    }
}

/// What happened and what to do.
pub(crate) fn told(error: &Error, namespace: &str) -> String {
    let Error::Api(status) = error else { return causes(error) };
    let advice = match status.code {
        401 => {
            "; the cluster does not know this identity: check the access entry or the kubeconfig"
        }
        403 => "; grant dispatch's identity what infra/kubernetes/base/rbac.yaml lists",
        404 if status.message.contains("namespaces") => {
            "; make the namespace: kubectl apply -k infra/kubernetes/overlays/…"
        }
        _ => "",
    };
    let namespace = format!(" (namespace {namespace})");
    tidy(&format!("{} {}{namespace}{advice}", status.code, status.message))
}

/// An error and what caused it, on one line, each cause once.
pub(crate) fn causes(problem: &(dyn std::error::Error + 'static)) -> String {
    let mut text = problem.to_string();
    let mut cause = problem.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    tidy(&text)
}

/// Foreign text for terminals, logs and events: one line, no secret, not endless.
pub(crate) fn tidy(text: &str) -> String {
    let redacted = redact(text);
    redacted.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TEXT).collect()
}

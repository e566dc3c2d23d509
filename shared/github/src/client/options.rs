//! What a program says to talk to GitHub.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use leviathan_core::ports::Clock;

use crate::Secret;
use crate::location::is_this_machine;

/// How a program talks to GitHub. [`GitHubOptions::new`] gives github.com and the usual limits.
#[derive(Clone)]
pub struct GitHubOptions {
    /// `https://api.github.com`, or `https://HOST/api/v3` of GitHub Enterprise Server. Without TLS
    /// only on this machine.
    pub api_url: String,
    /// As whom.
    pub auth: Auth,
    /// What the tokens that an app is given may do.
    pub access: Access,
    /// Who git commits are by. `None`: GitHub puts the app there and signs them, so two git commits
    /// of the same change differ (DECISIONS 11). With one they are equal, and unsigned.
    pub identity: Option<Identity>,
    /// How long things may take.
    pub time_limits: TimeLimits,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// As whom a program talks to GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A GitHub App, installed where the targets are. Each request carries a token for exactly its
    /// repository, with no more rights than [`Access`] says.
    App {
        /// The app's id or its client id.
        app_id: String,
        /// The private key that GitHub gave out, as PEM.
        private_key_pem: Secret,
    },
    /// A token that somebody made: it can do whatever it can do, everywhere.
    Token(Secret),
}

/// What an app's token may do in its one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Read the content: prepare's clone.
    Clone,
    /// Read content and pull requests: tick.
    Read,
    /// Write content and pull requests: publish.
    Publish,
}

impl Access {
    /// The permissions by GitHub's names.
    pub fn permissions(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Clone => &[("contents", "read")],
            Self::Read => &[("contents", "read"), ("pull_requests", "read")],
            Self::Publish => &[("contents", "write"), ("pull_requests", "write")],
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> =
            self.permissions().iter().map(|(name, level)| format!("{name}: {level}")).collect();
        f.write_str(&words.join(", "))
    }
}

/// Whom git commits are by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct Identity {
    pub name: String,
    pub email: String,
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Until there is a connection.
    pub connect: Duration,
    /// One request from its beginning to the last byte of its answer.
    pub request: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(20) }
    }
}

/// Options that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// The API's address.
    #[error(
        "{api_url:?} is not the address of a GitHub API: {reason}; for github.com it is \
         https://api.github.com, for GitHub Enterprise Server https://HOST/api/v3"
    )]
    ApiUrl {
        /// The address.
        api_url: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The app's key.
    #[error(
        "the GitHub App's private key cannot be used: {reason}; it has to be the whole .pem file \
         that GitHub gave out, with its line breaks"
    )]
    PrivateKey {
        /// What is wrong; holds nothing of the key.
        reason: String,
    },
    /// This machine's certificates.
    #[error("the certificates that GitHub is known by cannot be loaded: {reason}")]
    Certificates {
        /// What is wrong.
        reason: String,
    },
    /// A value that is empty.
    #[error("{what} is empty")]
    Empty {
        /// Which.
        what: &'static str,
    },
}

impl GitHubOptions {
    /// github.com, with the usual limits.
    pub fn new(auth: Auth, access: Access, clock: Arc<dyn Clock>) -> Self {
        Self {
            api_url: "https://api.github.com".to_owned(),
            auth,
            access,
            identity: None,
            time_limits: TimeLimits::default(),
            clock,
        }
    }

    /// The host that its repositories' addresses name; or what is wrong.
    pub(super) fn checked(&self) -> Result<String, OptionsError> {
        let refuse = |reason| OptionsError::ApiUrl { api_url: self.api_url.clone(), reason };
        let (tls, rest) =
            match (self.api_url.strip_prefix("https://"), self.api_url.strip_prefix("http://")) {
                (Some(rest), _) => (true, rest),
                (None, Some(rest)) => (false, rest),
                (None, None) => return Err(refuse("it does not begin with https://")),
            };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() || authority.contains('@') {
            return Err(refuse("it names no host, or holds a credential"));
        }
        if !tls && !is_this_machine(authority) {
            return Err(refuse("without TLS only this machine is talked to"));
        }
        if path.contains(['?', '#']) {
            return Err(refuse("it has a query"));
        }
        match &self.auth {
            Auth::App { app_id, .. } if app_id.is_empty() => {
                return Err(OptionsError::Empty { what: "the GitHub App's id" });
            }
            Auth::Token(token) if token.expose().is_empty() => {
                return Err(OptionsError::Empty { what: "the token for GitHub" });
            }
            Auth::App { .. } | Auth::Token(_) => {}
        }
        let host = authority.to_ascii_lowercase();
        // github.com and GitHub Enterprise Cloud (HOST.ghe.com) have their API on a host of its own.
        let own = host
            .strip_prefix("api.")
            .filter(|own| *own == "github.com" || own.ends_with(".ghe.com"));
        Ok(own.map_or_else(|| host.clone(), str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::tests::Never;
    use super::*;

    fn options(api_url: &str) -> GitHubOptions {
        let auth = Auth::Token(Secret::from("ghp_secret"));
        let options = GitHubOptions::new(auth, Access::Read, Arc::new(Never));
        GitHubOptions { api_url: api_url.to_owned(), ..options }
    }

    #[test]
    fn the_hosts_of_repositories_follow_from_the_apis() {
        for (api_url, host) in [
            ("https://api.github.com", "github.com"),
            ("https://api.github.com/", "github.com"),
            ("https://api.acme.ghe.com", "acme.ghe.com"),
            ("https://git.acme.example/api/v3", "git.acme.example"),
            ("https://api.acme.example/api/v3", "api.acme.example"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(options(api_url).checked().as_deref(), Ok(host), "{api_url}");
        }
    }

    #[test]
    fn addresses_that_would_leak_or_lead_nowhere_are_refused() {
        for api_url in [
            "",
            "api.github.com",
            "http://api.github.com",
            "http://localhost.example.com",
            "https://",
            "https://me:secret@api.github.com",
            "https://api.github.com/?x",
        ] {
            assert!(
                matches!(options(api_url).checked(), Err(OptionsError::ApiUrl { .. })),
                "{api_url}"
            );
        }
    }
}

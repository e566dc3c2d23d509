//! A repository's address at GitHub: `https://github.com/owner/name`.

use std::fmt;
use std::str::FromStr;

/// Where a repository is. Two of them are the same repository whatever their letters' case: GitHub
/// does not tell them apart.
#[derive(Debug, Clone)]
pub struct Location {
    scheme: &'static str,
    host: String,
    owner: String,
    name: String,
}

/// Why a text is not a repository's address at GitHub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{location:?} is not a repository at GitHub: {reason}; it has to look like \
     https://github.com/owner/name"
)]
pub struct LocationError {
    /// The text, cut to 200 characters, without what stands before an `@`.
    pub location: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl Location {
    /// The host as people type it, in small letters, with its port if it has one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The account that owns it.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name, without `.git`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Small letters of all: equal for the same repository, and only then.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.host, self.owner, self.name).to_ascii_lowercase()
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Location {}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}/{}", self.scheme, self.host, self.owner, self.name)
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => ("https", rest),
            (None, Some(rest)) if is_this_machine(rest.split('/').next().unwrap_or_default()) => {
                ("http", rest)
            }
            (None, _) => return Err(refuse(text, "it does not begin with https://")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let parts: Vec<&str> = rest.split('/').collect();
        let [host, owner, name] = parts.as_slice() else {
            return Err(refuse(text, "it does not have exactly an owner and a name"));
        };
        let name = name.strip_suffix(".git").unwrap_or(name);
        if host.is_empty()
            || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b))
        {
            return Err(refuse(text, "its host is no host's name, or holds a credential"));
        }
        if owner.is_empty()
            || owner.len() > 100
            || !owner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            return Err(refuse(text, "its owner is no account's name"));
        }
        // GitHub has no names that end in `.git`, so one that still does is none.
        if matches!(name, "" | "." | "..")
            || name.len() > 100
            || name.ends_with(".git")
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        {
            return Err(refuse(text, "its name is no repository's name"));
        }
        Ok(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            owner: (*owner).to_owned(),
            name: name.to_owned(),
        })
    }
}

/// Whether a host, with or without a port, is this machine: the only one that is talked to without
/// TLS.
pub(crate) fn is_this_machine(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

fn refuse(text: &str, reason: &'static str) -> LocationError {
    // What stands before an `@` may be a password.
    let shown = text.rsplit_once('@').map_or(text, |(_, shown)| shown);
    LocationError { location: shown.chars().take(200).collect(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_repositories_are_read() {
        for (text, shown) in [
            ("https://github.com/acme/shop", "https://github.com/acme/shop"),
            ("https://github.com/acme/shop.git", "https://github.com/acme/shop"),
            ("https://github.com/acme/shop/", "https://github.com/acme/shop"),
            ("https://GitHub.com/Acme/.github", "https://github.com/Acme/.github"),
            ("https://git.acme.example:8443/a_b/c.d", "https://git.acme.example:8443/a_b/c.d"),
            ("http://127.0.0.1:8080/acme/shop", "http://127.0.0.1:8080/acme/shop"),
        ] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_rule_that_it_breaks() {
        for (text, reason) in [
            ("", "https://"),
            ("/home/me/shop", "https://"),
            ("git@github.com:acme/shop.git", "https://"),
            ("http://github.com/acme/shop", "https://"),
            ("https://github.com/acme", "exactly an owner"),
            ("https://github.com/acme/shop/tree/main", "exactly an owner"),
            ("https:///acme/shop", "host"),
            ("https://me:ghp_secret@github.com/acme/shop", "credential"),
            ("https://github.com/ac me/shop", "owner"),
            ("https://github.com/acme/..", "name is"),
            ("https://github.com/acme/.git", "name is"),
            ("https://github.com/acme/shop.git.git", "name is"),
            ("https://github.com/acme/shop?x=1", "name is"),
        ] {
            let error = text.parse::<Location>().unwrap_err();
            assert!(error.reason.contains(reason), "{text}: {error}");
            assert!(!error.to_string().contains("ghp_secret"), "{error}");
        }
    }

    #[test]
    fn letters_case_makes_no_other_repository() {
        let one: Location = "https://github.com/Acme/Shop.git".parse().unwrap();
        let two: Location = "https://GITHUB.com/acme/shop".parse().unwrap();
        assert_eq!(one, two);
        assert_ne!(one, "https://github.com/acme/shop2".parse().unwrap());
        assert_ne!(one, "https://github.example/acme/shop".parse().unwrap());
    }
}

//! The table of what counts as a secret. Names are stable: they stand in events.
//!
//! Patterns are ASCII (`(?-u)`) and of the `regex` crate, whose search takes time linear in the
//! text whoever wrote it. The group `secret` is it itself; what stands around it stays when a
//! text is redacted. Order is rank: where two rules find the same thing, the earlier names it.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::{Captures, Regex};

use super::value::{is_placeholder, is_random, is_token};

/// What kind of text is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file's name.
    Name,
    /// A file in which a value that is not quoted is still a value, not an expression.
    Settings,
    /// Any other file.
    File,
    /// A tool's output or an event's text.
    Log,
}

impl Place {
    /// By the file's name.
    pub(super) fn of_file(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let endings = [
            "env",
            "yaml",
            "yml",
            "ini",
            "cfg",
            "conf",
            "properties",
            "toml",
            "npmrc",
            "tfvars",
            "sh",
            "bash",
            "dockerfile",
        ];
        let ending = name.rsplit('.').next().unwrap_or_default();
        if name.starts_with(".env") || endings.contains(&ending) {
            Self::Settings
        } else {
            Self::File
        }
    }
}

struct Rule {
    name: &'static str,
    pattern: &'static str,
    /// Where it looks.
    places: &'static [Place],
    /// Whether what the pattern found is one.
    keep: fn(&Captures<'_>) -> bool,
    /// Where the secret really ends, by the text and the end of the group.
    end: fn(&str, usize) -> usize,
}

const EVERYWHERE: &[Place] = &[Place::Name, Place::Settings, Place::File, Place::Log];
const TEXTS: &[Place] = &[Place::Settings, Place::File, Place::Log];

const LOGIN_IN_URL: &str = r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]{1,20}://(?P<user>[!-~--[/:@"'<>`]]{0,100}):(?P<secret>[!-~--[/@"'<>`]]{3,256})@(?P<host>[A-Za-z0-9.-]{0,100})"#;

const fn token(name: &'static str, pattern: &'static str) -> Rule {
    Rule { name, pattern, places: EVERYWHERE, keep: secret_is_token, end: end_of_match }
}

const fn checked(
    name: &'static str,
    pattern: &'static str,
    keep: fn(&Captures<'_>) -> bool,
) -> Rule {
    Rule { name, pattern, places: TEXTS, keep, end: end_of_match }
}

const RULES: [Rule; 25] = [
    Rule {
        name: "private_key",
        // With key material behind it: the marker alone stands in many a parser. Between them may
        // be line breaks, also as text (`\n`), quotes, and the headers of an encrypted key.
        pattern: r"(?-u)(?P<secret>-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\x00-\x7f]{0,160}?[A-Za-z0-9+/]{24})",
        places: TEXTS,
        keep: |_| true,
        end: end_of_private_key,
    },
    token("aws_access_key_id", r"(?-u)(?:\b|\\[nrt])(?P<secret>(?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    checked(
        "aws_secret_access_key",
        r#"(?i-u)aws[a-z0-9_ .-]{0,20}(?:secret|sk)[a-z0-9_ .-]{0,20}["']?\s{0,4}(?:=>|:=|=|:)\s{0,4}["']?(?P<secret>[a-z0-9/+]{40})(?u-i:[^A-Za-z0-9/+=]|$)"#,
        secret_is_token,
    ),
    token("github_token", r"(?-u)(?:\b|\\[nrt])(?P<secret>gh[pousr]_[A-Za-z0-9]{36,251})"),
    token("github_token", r"(?-u)(?:\b|\\[nrt])(?P<secret>github_pat_[A-Za-z0-9_]{36,255})"),
    token(
        "gitlab_token",
        r"(?-u)(?:\b|\\[nrt])(?P<secret>gl(?:pat|ptt|rt|dt|cbt|ft|soat)-[A-Za-z0-9_.-]{20,300})",
    ),
    token(
        "slack_token",
        r"(?-u)(?:\b|\\[nrt])(?P<secret>(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{16,300})",
    ),
    token(
        "slack_webhook",
        r"(?-u)\bhttps://hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9_+/]{24,200})",
    ),
    token("anthropic_key", r"(?-u)(?:\b|\\[nrt])(?P<secret>sk-ant-[A-Za-z0-9_-]{20,300})"),
    token(
        "openai_key",
        r"(?-u)(?:\b|\\[nrt])(?P<secret>sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,300})",
    ),
    token("openai_key", r"(?-u)(?:\b|\\[nrt])(?P<secret>sk-[A-Za-z0-9]{32,128})\b"),
    token(
        "google_api_key",
        r"(?-u)(?:\b|\\[nrt])(?P<secret>AIza[A-Za-z0-9_-]{35})(?u:[^A-Za-z0-9_-]|$)",
    ),
    token("stripe_key", r"(?-u)(?:\b|\\[nrt])(?P<secret>(?:sk|rk)_live_[A-Za-z0-9]{16,255})"),
    token("npm_token", r"(?-u)(?:\b|\\[nrt])(?P<secret>npm_[A-Za-z0-9]{36})\b"),
    checked(
        "npm_token",
        r#"(?m-u)(?:^|:)_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}["']?(?P<secret>[A-Za-z0-9_+/=.-]{16,300})"#,
        secret_is_token,
    ),
    token("azure_storage_key", r"(?-u)\bAccountKey=(?P<secret>[A-Za-z0-9+/]{86}==)"),
    token("pypi_token", r"(?-u)(?:\b|\\[nrt])(?P<secret>pypi-AgE[A-Za-z0-9_-]{40,400})"),
    Rule {
        name: "jwt",
        pattern: r"(?-u)(?:\b|\\[nrt])(?P<secret>eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{16,1000})",
        places: EVERYWHERE,
        keep: has_json_header,
        end: end_of_match,
    },
    Rule {
        name: "url_credentials",
        pattern: LOGIN_IN_URL,
        places: &[Place::Settings, Place::File],
        keep: |found| is_real_login(found) && !is_plain_word(found),
        end: end_of_match,
    },
    // In a tool's output it is somebody's real one, whatever it looks like.
    Rule {
        name: "url_credentials",
        pattern: LOGIN_IN_URL,
        places: &[Place::Log],
        keep: is_real_login,
        end: end_of_match,
    },
    checked(
        "authorization_header",
        r#"(?i-u)\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4}(?P<secret>[a-z0-9._~+/=-]{16,2000})"#,
        secret_is_token,
    ),
    checked(
        "generic_secret",
        r#"(?i-u)(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|(?:auth|private|encryption|signing|master)[_-]?key|credentials?)["'`]?\s{0,8}(?::\s{0,4}[&a-z][a-z0-9_<>& ]{0,30})?(?:=>|:=|={1,3}|:)\s{0,8}["'`](?P<secret>[!-~--["'`]]{8,256})["'`]"#,
        secret_is_random,
    ),
    checked(
        "generic_secret",
        r#"(?i-u)(?:^|\s)--?[a-z-]{0,32}(?:password|passwd|passphrase|secret|token|api-?key)[ \t]{1,4}["']?(?P<secret>[!-~--["'`#;,&(){}<>\[\]]]{8,256})"#,
        secret_is_random,
    ),
    checked(
        "generic_secret",
        r"(?i-u)<[a-z0-9_.:-]{0,32}(?:password|passwd|passphrase|secret|token|api[_-]?key)>[ \t]{0,8}(?P<secret>[!-~--[<>]]{8,256})</",
        secret_is_random,
    ),
    Rule {
        name: "generic_secret",
        pattern: r#"(?im-u)(?:^|[\s;&?{,(-])[a-z0-9_.-]{0,64}(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|(?:auth|private|encryption|signing|master)[_-]?key)["']?[ \t]{0,8}[=:][ \t]{0,8}(?P<secret>[!-~--["'#;,&(){}\[\]]]{8,256})(?:[\s"'#;,&)}\]]|$)"#,
        places: &[Place::Settings, Place::Log],
        keep: secret_is_random,
        end: end_of_match,
    },
];

/// A rule that is ready to search.
pub(super) struct Compiled {
    rule: &'static Rule,
    regex: Regex,
}

impl Compiled {
    /// The table, compiled once a process.
    pub(super) fn all() -> &'static [Self] {
        static TABLE: &[Rule] = &RULES;
        static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
            let compile = |rule: &'static Rule| Compiled { rule, regex: regex(rule) };
            TABLE.iter().map(compile).collect()
        });
        &COMPILED
    }

    pub(super) fn name(&self) -> &'static str {
        self.rule.name
    }

    pub(super) fn looks_in(&self, place: Place) -> bool {
        self.rule.places.contains(&place)
    }

    /// The ranges of the secrets in the text, in order.
    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        self.regex.captures_iter(text).filter(|found| (self.rule.keep)(found)).filter_map(|found| {
            let secret = found.name("secret")?;
            Some(secret.start()..(self.rule.end)(text, secret.end()))
        })
    }
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants; the tests compile each of them"
)]
fn regex(rule: &Rule) -> Regex {
    Regex::new(rule.pattern).expect("a pattern of the table compiles")
}

fn secret<'t>(found: &Captures<'t>) -> &'t str {
    found.name("secret").map_or("", |secret| secret.as_str())
}

fn secret_is_token(found: &Captures<'_>) -> bool {
    is_token(secret(found))
}

fn secret_is_random(found: &Captures<'_>) -> bool {
    is_random(secret(found)) && !is_path(secret(found))
}

/// `PWD=/home/ada/src/shop` is where somebody is, not what they know.
fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    let begins = text.starts_with('/') || text.starts_with("~/") || text.starts_with("./");
    begins && text.matches('/').count() >= 2 && text.chars().all(plain)
}

/// Three parts with dots between them are many things; a JSON object that names its algorithm is
/// not chance.
fn has_json_header(found: &Captures<'_>) -> bool {
    let header = secret(found).split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&header);
    header.is_ok_and(|header| header.contains_key("alg"))
}

/// A password in a URL, unless it is written for everybody: a placeholder, the user's own name, or
/// a service on the reader's own machine.
fn is_real_login(found: &Captures<'_>) -> bool {
    let group = |name| found.name(name).map_or("", |group| group.as_str());
    let (user, password, host) = (group("user"), secret(found), group("host").to_ascii_lowercase());
    let for_everybody = ["pass", "password", "passwd", "pw", "pwd", "secret", "token", "key"];
    let is_local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "0.0.0.0")
        || ["example.com", "example.org", "example.net"].iter().any(|name| host.ends_with(name));
    let lower = password.to_ascii_lowercase();
    let is_repeated = password.bytes().collect::<std::collections::BTreeSet<_>>().len() <= 2;
    !is_placeholder(password)
        && !for_everybody.contains(&lower.as_str())
        && password != user
        && !is_repeated
        && !is_local
}

/// A short word of one case, as examples have it.
fn is_plain_word(found: &Captures<'_>) -> bool {
    let password = secret(found);
    let is_lower = password.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_upper = password.bytes().all(|byte| byte.is_ascii_uppercase());
    password.len() < 6 || (password.len() < 16 && (is_lower || is_upper))
}

fn end_of_match(_text: &str, end: usize) -> usize {
    end
}

/// Up to the end marker, or as far as key material goes where it is missing. Looks no further than
/// a key is long, so that a text of a thousand beginnings is still read in linear time.
fn end_of_private_key(text: &str, end: usize) -> usize {
    const LONGEST: usize = 16 * 1024;
    const MARKER: &[u8] = b"-----END ";
    let rest = text.as_bytes().get(end..).unwrap_or_default();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    let is_material = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=\\\"',:-".contains(byte)
    };
    // All of these are ASCII, so the end stands on a character boundary.
    let material = rest.iter().take_while(|byte| is_material(byte)).count();
    let material = rest.get(..material).unwrap_or_default();
    let marker = material.windows(MARKER.len()).position(|window| window == MARKER);
    let length = match marker {
        Some(marker) => {
            let inside = marker.saturating_add(MARKER.len());
            let after = material.get(inside..).unwrap_or_default();
            let close = after.windows(5).position(|window| window == b"-----");
            close.map_or(material.len(), |close| inside.saturating_add(close).saturating_add(5))
        }
        // Without a marker only what has no blanks between it: prose may follow.
        None => material
            .iter()
            .take_while(|byte| !matches!(byte, b' ' | b'"' | b'\'' | b',' | b':' | b'-'))
            .count(),
    };
    end.saturating_add(length)
}

//! Reads `corpus.txt`: a sample begins with `=== name | file | rule` (`clean`: nothing is to be
//! found), and `⟪…⟫` marks its secret. Every secret is made up, and put together here at run time
//! (`⟨base62 36⟩` is 36 characters of chance, the same each time): no literal in the tree has a
//! secret's form, so that other people's scanners do not take the corpus for a leak.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// One text of the corpus.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) text: String,
    /// What stands in the text and shall be found; empty in a clean one.
    pub(super) secret: String,
    /// The rule that shall find it; `None`: clean.
    pub(super) rule: Option<&'static str>,
}

/// Secrets that the net lets through: they have no form, or are not in one piece.
pub(super) const KNOWN_MISSES: [&str; 7] =
    ["split", "encoded", "words", "prose", "neutral name", "short", "word in url"];

/// Clean texts that look the same as secrets to whoever sees nothing but the text.
pub(super) const KNOWN_FALSE_ALARMS: [&str; 4] =
    ["uuid as token", "digest as token", "documented jwt", "test password"];

pub(super) fn samples() -> Vec<Sample> {
    include_str!("corpus.txt").split("\n=== ").skip(1).map(sample).collect()
}

fn sample(section: &'static str) -> Sample {
    let (head, body) = section.split_once('\n').unwrap();
    let [name, file, rule] = head.split(" | ").collect::<Vec<_>>().try_into().unwrap();
    let mut seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 % 1_000_003 + u64::from(byte));
    let text = expand(body.trim_end_matches('\n'), &mut seed);
    let secret = text.split_once('⟪').and_then(|(_, rest)| rest.split_once('⟫'));
    let secret = secret.map_or_else(String::new, |(secret, _)| secret.to_owned());
    let text = text.replace(['⟪', '⟫'], "") + "\n";
    let rule = (rule != "clean").then_some(rule);
    assert_eq!(rule.is_some(), !secret.is_empty(), "{name}");
    Sample { name, file, text, secret, rule }
}

fn expand(body: &str, seed: &mut u64) -> String {
    let mut pieces = body.split('⟨');
    let mut text = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (made, rest) = piece.split_once('⟩').unwrap();
        *seed += 1;
        text.push_str(&make(made, *seed));
        text.push_str(rest);
    }
    text
}

fn make(what: &str, seed: u64) -> String {
    match what.split_once(' ').unwrap_or((what, "")) {
        ("dashes", _) => "-".repeat(5),
        ("jwt", _) => {
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
            format!("{header}.{}.{}", part(r#"{"sub":"1234"}"#), random(BASE62, 43, seed))
        }
        ("base64", _) => STANDARD.encode(token(seed)),
        (alphabet, length) => {
            let alphabet = match alphabet {
                "base62" => BASE62,
                "hex" => "0123456789abcdef",
                "upper" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                "digits" => "0123456789",
                other => panic!("corpus.txt: nothing makes {other}"),
            };
            random(alphabet, length.parse().unwrap(), seed)
        }
    }
}

pub(super) const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A token that has a form.
pub(super) fn token(seed: u64) -> String {
    format!("ghp_{}", random(BASE62, 36, seed))
}

/// Characters that look like chance and are the same each time.
pub(super) fn random(alphabet: &str, length: usize, seed: u64) -> String {
    let alphabet = alphabet.as_bytes();
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        // The constants of Knuth's MMIX; the upper bits are the good ones.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 40).unwrap()
    };
    (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect()
}

//! Whether a value is likely to be a real secret: how random it is, and whether it says itself that
//! it stands for one.

/// Words by which people mark a value that is none.
const PLACEHOLDER_WORDS: [&str; 14] = [
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "your-",
    "your_",
    "yourpass",
    "yourtoken",
    "dummy",
    "sample",
    "redacted",
    "not-a-secret",
    "notasecret",
];

/// Signs of a value that is filled in later, by a shell, a template or a person.
const PLACEHOLDER_SIGNS: [&str; 9] = ["${", "{{", "$(", "<", ">", "%(", "***", "...", "://"];

/// Whether the value only stands for one.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    PLACEHOLDER_WORDS.iter().any(|word| lower.contains(word))
        || PLACEHOLDER_SIGNS.iter().any(|sign| lower.contains(sign))
        || lower.starts_with(['$', '%', '{', '[', '@'])
}

/// For a token whose form alone names it: not a word in place of it, not one character repeated.
pub(super) fn is_token(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let says_so = ["example", "placeholder", "changeme", "your_", "your-"];
    !says_so.iter().any(|word| lower.contains(word)) && bits_per_character(value) >= 3.0
}

/// For a value that only its name makes suspicious: as random as people's passwords and machines'
/// keys are, and names, paths and sentences are not.
pub(super) fn is_random(value: &str) -> bool {
    if value.len() < 8 || is_placeholder(value) || is_made_of_words(value) {
        return false;
    }
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    // A short text cannot reach many bits: of 8 different characters 3 at most.
    let wanted = match value.len() {
        0..12 => 2.7,
        12..20 => 3.0,
        _ => 3.3,
    };
    has_letter && has_digit && !is_sequence(value) && bits_per_character(value) >= wanted
}

/// `my-app-tls-2`, `process.env.TOKEN_1`, `getToken(user1)`: names, not keys. Each piece between
/// marks is only letters or only a short number, or it is a word with a number at its end.
fn is_made_of_words(value: &str) -> bool {
    let is_word = |piece: &str| {
        let letters = piece.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = piece.len().saturating_sub(letters.len());
        digits <= 2
            && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
            && is_one_case(letters)
    };
    let is_number =
        |piece: &str| piece.len() <= 4 && piece.bytes().all(|byte| byte.is_ascii_digit());
    let mut pieces = value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty());
    value.contains(['-', '_', '.', '/', '(', ':']) && pieces.all(|p| is_word(p) || is_number(p))
}

/// `word`, `Word`, `WORD`, `twoWords`: at most one change of case for each three letters.
fn is_one_case(letters: &str) -> bool {
    let cases: Vec<bool> = letters.bytes().map(|byte| byte.is_ascii_uppercase()).collect();
    let changes = cases.windows(2).filter(|pair| matches!(pair, [a, b] if a != b)).count();
    changes.saturating_mul(3) <= letters.len()
}

/// `12345678abcd`: most characters are the one after the one before.
fn is_sequence(value: &str) -> bool {
    let follows = value.as_bytes().windows(2);
    let follows = follows.filter(|pair| matches!(pair, [a, b] if a.checked_add(1) == Some(*b)));
    follows.count().saturating_mul(2) >= value.len()
}

/// Shannon's entropy of the value's own bytes, in bits for each.
fn bits_per_character(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX)).max(1.0);
    let used = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length);
    used.map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_random_and_names_are_not() {
        for value in ["k3J9xQ2mZ7pL", "Tr0ub4dor&3x", "9f86d081884c7d659a2feaa0c55ad015"] {
            assert!(is_random(value), "{value}");
        }
        for value in [
            "short1",
            "my-app-tls-2",
            "process.env.TOKEN_1",
            "getToken(user1)",
            "${DB_PASSWORD_1}",
            "<your token 1>",
            "aaaaaaaa1",
            "12345678abcd",
            "example-9f86d081",
            "[redacted:jwt1]",
            "correcthorsebatterystaple",
            "1234567890123",
        ] {
            assert!(!is_random(value), "{value}");
        }
    }

    #[test]
    fn entropy_counts_bits() {
        for (value, bits) in [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcdefgh", 3.0)] {
            assert!((bits_per_character(value) - bits).abs() < 1e-9, "{value}");
        }
    }
}

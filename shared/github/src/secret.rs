//! A key or token: usable, and never printed.

use std::fmt;

/// A text that must not reach a log line, an error, an event or an argument. It has no `Display`,
/// and its `Debug` says only that it is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one place that sends or signs with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_it() {
        let secret = Secret::from("ghs_0123456789");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)).matches("ghs").count(), 0);
        assert_eq!(secret.expose(), "ghs_0123456789");
    }
}

//! Foreign text in Markdown: it shows as what it is, makes no markup, calls nobody and closes no
//! issue.

use crate::diff::turns_text;
use crate::secret_scan::redact;

/// Stands where nothing may join what is before and after it, and shows nothing: `@name`, `#12` and
/// `https://` after it are plain text. An escape would not do: a forge looks for them in the text
/// that the escapes have become.
const WORD_JOINER: char = '\u{2060}';

/// One line of plain text: no control characters, single blanks, nothing that turns the direction
/// of writing, no secret; at most so many characters, with an ellipsis where it was cut.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let is_blank = |c: char| {
        c.is_whitespace() || c.is_control() || turns_text(c) || matches!(c, '\u{2028}' | '\u{2029}')
    };
    let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
    let line = redact(&words.join(" ")).into_owned();
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// One line of text between Markdown, also in a table's cell: there code would not do, since a bar
/// ends a cell even between backticks.
pub(super) fn text(text: &str, most: usize) -> String {
    let line = one_line(text, most);
    let mut out = String::new();
    let mut before = ' ';
    for c in line.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => {
                if c == '#' {
                    out.push('\\');
                }
                out.push(c);
                out.push(WORD_JOINER);
            }
            '/' if before == ':' => out.extend([WORD_JOINER, c]),
            '-' if ends_in_gh(&out) => out.extend(['\\', c, WORD_JOINER]),
            c if c.is_ascii_punctuation() => {
                // `1.` and `1)` at the start are a list, and the rest is markup somewhere.
                if !matches!(c, ',' | ';' | ':' | '/' | '?' | '%' | '"' | '\'' | '$') {
                    out.push('\\');
                }
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// `GH-12` names an issue as `#12` does.
fn ends_in_gh(text: &str) -> bool {
    text.get(text.len().saturating_sub(2)..).is_some_and(|end| end.eq_ignore_ascii_case("gh"))
}

/// The same as code: shown letter for letter, between as many backticks as it takes.
pub(super) fn code(text: &str, most: usize) -> String {
    let line = one_line(text, most);
    if line.is_empty() {
        return "(empty)".to_owned();
    }
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1));
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_one_line() {
        let cases = [
            ("plain", "plain"),
            ("  a \t b\r\nc\u{2028}d\0e ", "a b c d e"),
            ("a\u{202e}b\u{85}c", "a b c"),
            ("\n\n", ""),
            ("ünï 日本", "ünï 日本"),
        ];
        for (text, expected) in cases {
            assert_eq!(one_line(text, 40), expected);
        }
        assert_eq!(one_line("abcdef", 5), "abcd…");
        assert_eq!(one_line("日本日本日本", 3), "日本…");
    }

    #[test]
    fn text_makes_no_markup() {
        let cases = [
            ("plain words, 50%: yes?", "plain words, 50%: yes?"),
            ("<img src=x onerror=y>", "&lt;img src\\=x onerror\\=y&gt;"),
            ("a | b", "a \\| b"),
            ("a &lt; b", "a &amp;lt; b"),
            ("[x](y) ![z](w)", "\\[x\\]\\(y\\) \\!\\[z\\]\\(w\\)"),
            ("**b** `c` ~~d~~", "\\*\\*b\\*\\* \\`c\\` \\~\\~d\\~\\~"),
            ("1. a", "1\\. a"),
            ("a\\", "a\\\\"),
            ("@team closes #12", "@\u{2060}team closes \\#\u{2060}12"),
            ("see gh-12", "see gh\\-\u{2060}12"),
            ("well-known", "well\\-known"),
            ("a\\|b", "a\\\\\\|b"),
            ("http://a", "http:\u{2060}//a"),
        ];
        for (given, expected) in cases {
            assert_eq!(text(given, 100), expected);
        }
    }

    #[test]
    fn code_cannot_be_closed_from_within() {
        let cases = [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("`a``", "``` `a`` ```"),
            ("", "(empty)"),
            ("a\n\n# b", "`a # b`"),
            ("<b>", "`<b>`"),
        ];
        for (given, expected) in cases {
            assert_eq!(code(given, 100), expected);
        }
    }
}

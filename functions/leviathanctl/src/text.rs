//! Texts made fit for a terminal: foreign ones can hold escape sequences that move the cursor,
//! line breaks that fake a further line, and marks that turn the reading direction. JSON output
//! needs none of this: there everything stays whole.

use jiff::Timestamp;

/// The first characters of a digest or of a git commit id: enough to tell it apart.
const SHORT: usize = 12;

/// Characters that change how the text around them looks.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of several lines: odd characters are shown as their code, line breaks stay.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push('\n'),
            '\t' => shown.push_str("    "),
            c if is_odd(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// The same as one line: breaks and tabs become single blanks.
pub(crate) fn one_line(text: &str) -> String {
    let joined: Vec<&str> =
        text.split(['\n', '\r', '\t']).map(str::trim).filter(|part| !part.is_empty()).collect();
    plain(&joined.join(" "))
}

/// The same, at most so many characters, the last one `…` where it was longer.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= most {
        return line;
    }
    let mut short: String = line.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// What a program printed: colours and cursor movements go, a bare carriage return is a line break.
pub(crate) fn printed(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = console::strip_ansi_codes(&text);
    plain(&text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// `2026-11-24 14:17:37Z`
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The same, `-` where there is none.
pub(crate) fn time_or_dash(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), time)
}

/// `1.2 s`
pub(crate) fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}

/// The first characters of a digest or of a git commit id.
pub(crate) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// `1 task`, `2 tasks`
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_move_the_cursor_or_hide_words_is_shown_as_its_code() {
        for (text, shown) in [
            ("a plain title", "a plain title"),
            ("red \u{1b}[31mtext", r"red \u{1b}[31mtext"),
            ("bell\u{7}, c1 \u{9b}31m", r"bell\u{7}, c1 \u{9b}31m"),
            ("abc\u{202e}fed", r"abc\u{202e}fed"),
            ("grüße 日本 🦀", "grüße 日本 🦀"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn a_line_break_cannot_fake_a_second_line() {
        assert_eq!(one_line("title\n\ncompleted  all tasks"), "title completed  all tasks");
        assert_eq!(one_line(" a\r\n\tb "), "a b");
    }

    #[test]
    fn a_long_text_is_cut_by_characters_with_a_mark() {
        assert_eq!(cut("ääääää", 6), "ääääää");
        assert_eq!(cut("ääääääz", 6), "äääää…");
        assert_eq!(cut("one two three", 5), "one…");
    }

    #[test]
    fn a_programs_colours_and_progress_bars_become_plain_lines() {
        let bytes = b"\x1b[32mok\x1b[0m 1/2\rok 2/2\r\ndone\x07\xff\n";
        assert_eq!(printed(bytes), "ok 1/2\nok 2/2\ndone\\u{7}\u{fffd}\n");
    }

    #[test]
    fn durations_and_times_are_readable() {
        assert_eq!(seconds(61_250), "61.2 s");
        assert_eq!(time("2026-11-24T14:17:37.5Z".parse().unwrap()), "2026-11-24 14:17:37Z");
        assert_eq!(time_or_dash(None), "-");
        assert_eq!(count(1, "task", "tasks"), "1 task");
        assert_eq!(count(0, "task", "tasks"), "0 tasks");
    }
}

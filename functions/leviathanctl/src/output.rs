//! What a command prints: tables for people or JSON for programs on stdout, notes on stderr.
//! The only file that prints.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::error::CommandError;
use crate::text::{one_line, plain};

/// How results look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables and sentences for people.
    Table,
    /// One JSON document; one object a line where events stream.
    Json,
}

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// How results look.
    pub format: Format,
}

impl Output {
    /// One line of result.
    pub fn line(self, text: impl AsRef<str>) {
        let mut stdout = io::stdout().lock();
        // A reader that went away (`| head`) is no failure of ours.
        let _ = writeln!(stdout, "{}", text.as_ref());
    }

    /// One line that is not result: progress, warnings.
    pub fn note(self, text: impl AsRef<str>) {
        let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
    }

    /// A result as JSON.
    pub fn json(self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(value) {
            self.line(text);
        }
    }

    /// One line of a stream; `false` when nobody reads any more, so that the stream can end.
    pub fn try_line(self, text: impl AsRef<str>) -> bool {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", text.as_ref()).and_then(|()| stdout.flush()).is_ok()
    }

    /// The same with one JSON object.
    pub fn try_json_line(self, value: &impl Serialize) -> bool {
        serde_json::to_string(value).is_ok_and(|text| self.try_line(text))
    }

    /// A table; `empty` is printed where there is no row. Cells are foreign text: each is made one
    /// harmless line.
    pub fn table(self, head: &[&str], rows: Vec<Vec<String>>, empty: &str) {
        if rows.is_empty() {
            self.line(empty);
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(head.iter().map(|name| name.to_uppercase()));
        for row in rows {
            table.add_row(row.iter().map(|cell| one_line(cell)));
        }
        for line in table.lines() {
            // Each cell has a blank on both sides; the first one's would only look like an indent.
            self.line(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        }
    }

    /// What went wrong, and what to do next.
    pub fn error(self, error: &CommandError) {
        self.note(plain(&format!("error: {}", error.what)));
        if !error.next.is_empty() {
            self.note(plain(&format!(" next: {}", error.next)));
        }
    }

    /// Whether a person sits at the other end of both streams.
    pub fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

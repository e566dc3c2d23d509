//! A table of variables as docs/configuration.md shows it.

use super::{Need, Variable};

/// Markdown: a row for each variable.
pub fn table(variables: &[Variable]) -> String {
    let mut text = String::from("| variable | without it | example |\n|---|---|---|\n");
    for variable in variables {
        let without = match variable.need {
            Need::Required => "does not start".to_owned(),
            Need::Default(value) => format!("`{value}`"),
            Need::Optional => "off".to_owned(),
        };
        let Variable { name, purpose, example, .. } = variable;
        text.push_str(&format!("| `{name}`<br>{purpose} | {without} | `{example}` |\n"));
    }
    text
}

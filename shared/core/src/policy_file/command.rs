//! Commands: the tool of a scope, and invariants.

use super::written::Reading;
use crate::fact::FileProblem;
use crate::policy::{Command, Invariant, Tool};
use crate::yaml::Node;

/// When a command is ended that names no time, in seconds.
pub(super) const TIME_LIMIT_SECONDS: u32 = 600;

const KEYS: &[&str] =
    &["name", "description", "run", "shell", "check", "env", "files", "time_limit_seconds"];

/// Words that only a shell understands.
const SHELL_WORDS: &[&str] = &["&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1", "2>"];

/// What does the work of a scope, if it says so.
pub(super) fn tool(reading: &Reading<'_>, node: &Node) -> Result<Option<Tool>, FileProblem> {
    let command = command(reading, node, &["shell"])?;
    let Some(name) = reading.document.text(node, "tool")? else {
        return Ok(command.map(Tool::Command));
    };
    let place = node.get("tool").unwrap_or(node);
    if command.is_some() {
        let problem = "it names a `tool` and a command";
        return Err(reading.document.problem(place, problem, "one of `tool`, `run`, `shell`"));
    }
    match name.trim() {
        "docs" => Ok(Some(Tool::Docs)),
        "tests" => Ok(Some(Tool::Tests)),
        _ => Err(reading.document.wrong(place, "tool", "docs or tests; for a program use `run`")),
    }
}

/// The invariants. One that holds no command is a rule for people: noted, not run.
pub(super) fn invariants(
    reading: &mut Reading<'_>,
    node: &Node,
) -> Result<Vec<Invariant>, FileProblem> {
    if node.is_null() {
        return Ok(Vec::new());
    }
    let Some(items) = node.as_sequence() else {
        return Err(reading.document.wrong(node, "invariants", "a list"));
    };
    let mut invariants = Vec::new();
    for item in items {
        if let Some(text) = item.as_text() {
            let argv = words(reading, item, text)?;
            let command = plain(argv);
            invariants.push(Invariant { name: text.chars().take(100).collect(), command });
            continue;
        }
        if item.get("path").is_some()
            && ["run", "shell", "check"].iter().all(|key| item.get(key).is_none())
        {
            let problem = "this invariant holds no command and is not run".to_owned();
            reading.note(item, problem, "`name` and `run`, such as `run: cargo test`");
            continue;
        }
        reading.mapping(item, "this invariant", KEYS, &[])?;
        let Some(command) = command(reading, item, &["shell", "check"])? else {
            let problem = "this invariant holds no command";
            let expected = "`name` and `run`, such as `run: cargo test`";
            return Err(reading.document.problem(item, problem, expected));
        };
        let name = reading.document.text(item, "name")?.unwrap_or_else(|| command.argv.join(" "));
        invariants.push(Invariant { name: name.chars().take(100).collect(), command });
    }
    Ok(invariants)
}

fn plain(argv: Vec<String>) -> Command {
    let time_limit_seconds = TIME_LIMIT_SECONDS;
    Command { argv, env: Vec::new(), files: Vec::new(), time_limit_seconds }
}

/// The command of a scope or an invariant: `run`, or a text for `sh -c` under one of these keys.
fn command(
    reading: &Reading<'_>,
    node: &Node,
    shell_keys: &[&str],
) -> Result<Option<Command>, FileProblem> {
    let document = &reading.document;
    let there = |key: &&str| node.get(key).is_some_and(|value| !value.is_null());
    let keys: Vec<&str> = std::iter::once("run").chain(shell_keys.iter().copied()).collect();
    let given: Vec<&str> = keys.iter().copied().filter(there).collect();
    let [key] = given.as_slice() else {
        return match given.first() {
            None => Ok(None),
            Some(_) => {
                let problem = format!("it names {}", given.join(" and "));
                Err(document.problem(node, problem, "one of them"))
            }
        };
    };
    let Some(value) = node.get(key) else { return Ok(None) };
    let argv = match (value.as_text(), *key) {
        (Some(text), "run") => words(reading, value, text)?,
        (None, "run") => document.texts_in(value, key)?.into_iter().map(|(word, _)| word).collect(),
        (Some(text), _) => vec!["sh".to_owned(), "-c".to_owned(), text.to_owned()],
        (None, _) => return Err(document.wrong(value, key, "a text for the shell")),
    };
    let blank = argv.first().is_none_or(|program| program.trim().is_empty());
    if blank || argv.iter().any(|word| word.contains('\0')) {
        return Err(document.wrong(value, key, "a program and its arguments"));
    }
    let mut command = plain(argv);
    command.env = names(reading, node)?;
    command.files = places(reading, node)?;
    if let Some((seconds, _)) = document.number(node, "time_limit_seconds", 1)? {
        command.time_limit_seconds = u32::try_from(seconds).unwrap_or(TIME_LIMIT_SECONDS);
    }
    Ok(Some(command))
}

/// A text split into words as a shell would, without a shell behind it.
fn words(reading: &Reading<'_>, node: &Node, text: &str) -> Result<Vec<String>, FileProblem> {
    let Ok(words) = shell_words::split(text) else {
        let problem = "a quote in this command is never closed";
        return Err(reading.document.problem(
            node,
            problem,
            "each quote closed, or a list of words",
        ));
    };
    if let Some(word) = words.iter().find(|word| SHELL_WORDS.contains(&word.as_str())) {
        let problem = format!("`{word}` means nothing here, for no shell runs this command");
        let expected = "`shell:` instead of `run:`, or a list of words";
        return Err(reading.document.problem(node, problem, expected));
    }
    Ok(words)
}

/// The names of variables, never their values.
fn names(reading: &Reading<'_>, node: &Node) -> Result<Vec<String>, FileProblem> {
    let name = |(name, place): (String, &Node)| {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match plain && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
            true => Ok(name),
            false => {
                let problem = "an entry of `env` is not the name of a variable";
                let expected = "a name such as CARGO_HOME, without a value";
                Err(reading.document.problem(place, problem, expected))
            }
        }
    };
    reading.document.texts(node, "env")?.into_iter().map(name).collect()
}

/// Places on the machine: absolute, or in the home of the person who runs it.
fn places(reading: &Reading<'_>, node: &Node) -> Result<Vec<String>, FileProblem> {
    let place = |(file, at): (String, &Node)| {
        let rooted = file.starts_with('/') || file.starts_with("~/");
        if rooted && !file.split('/').any(|part| part == "..") && !file.contains('\0') {
            return Ok(file);
        }
        let problem = format!("{:?} in `files` is no place on the machine", cut(&file));
        let expected = "an absolute path or one that begins with ~/, without `..`";
        Err(reading.document.problem(at, problem, expected))
    };
    reading.document.texts(node, "files")?.into_iter().map(place).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

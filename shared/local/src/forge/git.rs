//! The only place that runs git. Every command starts from an empty environment, so that neither
//! the caller's `GIT_*` variables nor the user's and the machine's configuration can change what
//! happens, and is ended with everything that it started when its time is over.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use leviathan_core::ports::ForgeError;

use super::child::{self, Ended};

/// The oldest git that has all that is used here (`merge-tree --write-tree`).
pub const OLDEST_GIT: (u32, u32) = (2, 38);

/// How long a command without network may take.
const LOCAL_LIMIT: Duration = Duration::from_secs(120);
/// How long a fetch may take.
const NETWORK_LIMIT: Duration = Duration::from_secs(900);
/// The most bytes of output that are kept.
const MOST_OUTPUT: u64 = 256 * 1024 * 1024;

/// Who our git commits are by.
pub(crate) const NAME: &str = "Leviathan";
/// An address that nobody can own.
pub(crate) const EMAIL: &str = "leviathan@localhost";

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The exit code; `None` when it was ended by a signal.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error, for a person.
    pub(crate) stderr: String,
}

impl Answer {
    /// Standard output as one line of text.
    pub(crate) fn line(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }
}

/// A repository folder to run git in, and how errors name it.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    /// Passed as `--git-dir`: a view or a mirror, whose configuration is ours.
    pub(crate) dir: PathBuf,
    /// The repository's location as the target names it.
    pub(crate) location: String,
}

/// One command of git, being put together.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    action: &'static str,
    location: &'a str,
    command: Command,
    input: Vec<u8>,
    limit: Duration,
}

impl Git {
    /// A command in this repository. `action` is how an error names it: "read the branch".
    pub(crate) fn call(&self, action: &'static str) -> Call<'_> {
        let mut call = Call::without_repository(action, &self.location);
        call.command.arg("--git-dir").arg(&self.dir).env("HOME", &self.dir);
        call
    }

    /// An error that may pass.
    pub(crate) fn unavailable(
        &self,
        action: &'static str,
        reason: impl Into<String>,
    ) -> ForgeError {
        unavailable(action, &self.location, reason)
    }

    /// An error that stays until a person changes something.
    pub(crate) fn refused(&self, action: &'static str, reason: impl Into<String>) -> ForgeError {
        refused(action, &self.location, reason)
    }
}

impl<'a> Call<'a> {
    /// A command that names its files itself, such as `git config --file`.
    pub(crate) fn without_repository(action: &'static str, location: &'a str) -> Self {
        let mut command = Command::new("git");
        command.env_clear().envs(kept_environment());
        command
            .env("HOME", "/")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_NO_LAZY_FETCH", "1");
        Self::with(command, action, location, LOCAL_LIMIT)
    }

    /// A command that speaks to the place a URL names. It keeps the user's own environment and git
    /// configuration: proxies, certificates, ssh and credentials live there and nowhere else. It
    /// never asks anything, and only fetches.
    pub(crate) fn over_the_network(action: &'static str, location: &'a str) -> Self {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"GIT_") && name != "GIT_SSH_COMMAND" {
                command.env_remove(name);
            }
        }
        if std::env::var_os("GIT_SSH_COMMAND").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        command.env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh");
        command.args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"]);
        command.args(["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"]);
        Self::with(command, action, location, NETWORK_LIMIT)
    }

    fn with(
        mut command: Command,
        action: &'static str,
        location: &'a str,
        limit: Duration,
    ) -> Self {
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_GRAFT_FILE", "/dev/null")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_AUTHOR_NAME", NAME)
            .env("GIT_AUTHOR_EMAIL", EMAIL)
            .env("GIT_COMMITTER_NAME", NAME)
            .env("GIT_COMMITTER_EMAIL", EMAIL)
            .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"])
            .current_dir("/")
            .process_group(0);
        Self { action, location, command, input: Vec::new(), limit }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds several arguments.
    pub(crate) fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What the command reads from standard input.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Runs it; any exit code is an answer.
    pub(crate) fn answer(mut self) -> Result<Answer, ForgeError> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| {
            refused(
                self.action,
                self.location,
                format!("git did not start: {error}; is git installed and on the PATH?"),
            )
        })?;
        let input = std::mem::take(&mut self.input);
        let ended = child::wait(&mut child, input, self.limit, MOST_OUTPUT)
            .map_err(|error| unavailable(self.action, self.location, error.to_string()))?;
        let Some(Ended { status, stdout, stderr }) = ended else {
            let reason = format!("git took longer than {} s and was ended", self.limit.as_secs());
            return Err(unavailable(self.action, self.location, reason));
        };
        if stdout.len() as u64 > MOST_OUTPUT {
            let reason = format!("git's answer is larger than {MOST_OUTPUT} bytes");
            return Err(refused(self.action, self.location, reason));
        }
        let stderr = brief(&String::from_utf8_lossy(&stderr));
        Ok(Answer { code: status.code(), stdout, stderr })
    }

    /// Runs it; only exit code 0 is an answer.
    pub(crate) fn ok(self) -> Result<Answer, ForgeError> {
        let (action, location) = (self.action, self.location);
        let answer = self.answer()?;
        match answer.code {
            Some(0) => Ok(answer),
            _ => Err(unavailable(action, location, said(&answer))),
        }
    }
}

/// What git said of its failure, for a person.
pub(crate) fn said(answer: &Answer) -> String {
    match (answer.code, answer.stderr.is_empty()) {
        (_, false) => answer.stderr.clone(),
        (Some(code), true) => format!("git ended with exit code {code}"),
        (None, true) => "git was ended by a signal".to_owned(),
    }
}

/// An error that may pass.
pub(crate) fn unavailable(
    action: &'static str,
    location: &str,
    reason: impl Into<String>,
) -> ForgeError {
    ForgeError::Unavailable { action, repository: location.to_owned(), reason: reason.into() }
}

/// An error that stays until a person changes something.
pub(crate) fn refused(
    action: &'static str,
    location: &str,
    reason: impl Into<String>,
) -> ForgeError {
    ForgeError::Refused { action, repository: location.to_owned(), reason: reason.into() }
}

/// The machine's git, or what is wrong with it, in one line.
pub fn check_git() -> Result<(u32, u32), ForgeError> {
    let action = "ask git for its version";
    let answer = Call::without_repository(action, "this machine").arg("--version").ok()?.line();
    let (major, minor) = OLDEST_GIT;
    match version(&answer) {
        Some(found) if found >= OLDEST_GIT => Ok(found),
        _ => {
            let reason = format!("{answer} is too old: git {major}.{minor} or newer is needed");
            Err(refused(action, "this machine", reason))
        }
    }
}

/// `git version 2.47.3 (Apple Git-1)` → (2, 47).
fn version(line: &str) -> Option<(u32, u32)> {
    let mut numbers = line.split_whitespace().nth(2)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The few variables that git itself needs to be found and to run (the last two on macOS).
fn kept_environment() -> Vec<(&'static str, OsString)> {
    ["PATH", "TMPDIR", "DEVELOPER_DIR"]
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)))
        .collect()
}

/// The first lines of an error text.
fn brief(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(6).collect();
    lines.join("; ").chars().take(600).collect()
}

/// A path as text for a message or a command.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_every_vendor_are_read() {
        for (line, want) in [
            ("git version 2.47.3", Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)", Some((2, 39))),
            ("git version 2.51.0.windows.1", Some((2, 51))),
            ("git version 3.0", Some((3, 0))),
            ("git version two", None),
            ("", None),
        ] {
            assert_eq!(version(line), want, "{line}");
        }
    }

    #[test]
    fn an_error_text_is_cut_to_its_first_lines() {
        assert_eq!(brief("fatal: a\n\n  hint: b\n"), "fatal: a; hint: b");
        assert_eq!(brief(&"é".repeat(5000)).chars().count(), 600);
    }

    #[test]
    fn the_callers_git_variables_do_not_reach_a_command() {
        let call = Call::without_repository("look", "here");
        let set: Vec<_> = call.command.get_envs().map(|(name, _)| name.to_owned()).collect();
        assert!(set.iter().any(|name| name == "GIT_CONFIG_GLOBAL"));
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_CONFIG_COUNT"] {
            assert!(!set.iter().any(|set| set == name), "{name}");
        }
    }
}

//! A person's word before a target's commands run on this machine, asked once for each policy.

use std::fs;
use std::path::PathBuf;

use leviathan_core::ids::{Digest, TargetId};
use leviathan_core::policy::Policy;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;

/// What was trusted before, and how to ask.
pub(super) struct Trust {
    folder: PathBuf,
    /// `--trust`, or a sample that this program wrote itself.
    granted: bool,
    output: Output,
}

impl Trust {
    pub(super) fn new(folder: PathBuf, granted: bool, output: Output) -> Self {
        Self { folder, granted, output }
    }

    /// Returns when the policy's commands may run here; a policy without commands asks nothing.
    pub(super) fn ensure(
        &self,
        target: &TargetId,
        digest: &Digest,
        policy: &Policy,
    ) -> Result<(), CommandError> {
        let note = self.folder.join(digest.as_str());
        let commands = policy.commands();
        if commands.is_empty() || note.exists() {
            return Ok(());
        }
        self.output.note(format!("The policy of target {target} runs these commands here:"));
        for (place, command) in &commands {
            let argv = shell_words::join(&command.argv);
            self.output.note(format!("  {place}: {}", crate::text::plain(&argv)));
            for (what, names) in [("sees $", &command.env), ("reads ", &command.files)] {
                for name in names {
                    self.output.note(format!("    {what}{}", crate::text::plain(name)));
                }
            }
        }
        if !self.granted {
            self.ask(digest)?;
        }
        let noted = fs::create_dir_all(&self.folder).and_then(|()| fs::write(&note, b""));
        noted.map_err(|error| {
            CommandError::failed(
                format!("your answer can't be kept in {}: {error}", note.display()),
                "check the state folder's permissions",
            )
        })
    }

    fn ask(&self, digest: &Digest) -> Result<(), CommandError> {
        let refused = |what: &str| {
            CommandError::new(
                Exit::PersonNeeded,
                what,
                "nothing of the target has run; read the commands above, then start again and say \
                 yes, or use --trust in scripts",
            )
        };
        if !Output::is_interactive() {
            return Err(refused("nobody is here to be asked whether these commands may run"));
        }
        let question = format!("May they run? (policy {})", &digest.as_str()[..12]);
        match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(refused("the commands were not trusted")),
        }
    }
}

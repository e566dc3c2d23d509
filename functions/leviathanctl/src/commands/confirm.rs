//! A person's word before something is lost.

use dialoguer::Confirm;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;

/// Returns once a person agreed, or `--yes` said so for them.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), CommandError> {
    if yes {
        return Ok(());
    }
    if !Output::is_interactive() {
        return Err(CommandError::new(
            Exit::PersonNeeded,
            format!("nobody is here to be asked: {question}"),
            "nothing was changed; say --yes to go ahead without being asked, or --dry-run to see \
             what would happen",
        ));
    }
    match Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => {
            Err(CommandError::new(Exit::PersonNeeded, "you did not say yes", "nothing was changed"))
        }
    }
}

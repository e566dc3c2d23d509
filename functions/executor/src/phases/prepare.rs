//! prepare: fetches exactly the base git commit and lays out the workspace.

use std::time::Duration;

use crate::base;
use crate::git::{Git, GitFault, without_credentials};
use crate::job::JobFolder;
use crate::materialise;
use crate::result::{PhaseFailure, PhasePassed};

/// The longest that a fetch may take.
const FETCH_LIMIT: Duration = Duration::from_secs(600);

/// Fills `base.git`, `workspace` and the empty `home`.
pub fn run(folder: &JobFolder) -> Result<PhasePassed, PhaseFailure> {
    fetch(folder)?;
    let tree = base::read_tree(&folder.base_git(), &folder.job.base)?;
    materialise::files(&folder.base_git(), &tree, &folder.workspace())?;
    materialise::repository(&folder.base_git(), &folder.job.base, &folder.workspace())?;
    std::fs::create_dir_all(folder.home()).map_err(|error| {
        let place = folder.home();
        let place = place.display();
        PhaseFailure::infra("job_folder_unwritable", format!("{place} cannot be made: {error}"))
    })?;
    let commit = folder.job.base.as_str().get(..12).unwrap_or_default();
    Ok(PhasePassed::saying(format!("base {commit}, {} files", tree.len())))
}

/// One git commit, no history, no tags, no configuration of where it comes from.
fn fetch(folder: &JobFolder) -> Result<(), PhaseFailure> {
    let (base, repository) = (&folder.job.base, folder.job.repository.as_str());
    let base_git = folder.base_git();
    let shown = without_credentials(repository);
    let failed = |fault: GitFault| match fault {
        GitFault::NotStarted(_) => PhaseFailure::infra("git_missing", fault.to_string()),
        GitFault::Failed { .. } | GitFault::TimedOut { .. } | GitFault::Broken { .. } => {
            PhaseFailure::infra(
                "base_not_fetched",
                format!("git commit {base} could not be fetched from {shown}: {fault}"),
            )
        }
    };
    materialise::init(&base_git, base, true).map_err(failed)?;
    let git = Git::new(&base_git, FETCH_LIMIT.min(folder.time_left()));
    let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head"];
    if repository.starts_with('/') || repository.starts_with("file://") {
        // The other side of a path runs git as well: there, too, its owner need not be us.
        arguments.push("--upload-pack=git -c safe.directory=* upload-pack");
    }
    arguments.extend(["--", repository, base.as_str()]);
    git.run(&arguments).map_err(failed)?;
    // Nothing else is taken for the base: it must be there, and be a git commit.
    let kind = git.run(&["cat-file", "-t", base.as_str()]).map_err(failed)?;
    if kind.trim_ascii() != b"commit" {
        return Err(PhaseFailure::infra(
            "base_not_fetched",
            format!("{base} in {shown} is not a git commit"),
        ));
    }
    Ok(())
}

//! The view as Landlock rules: as much as the running kernel knows, and told how much that is.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, Scope,
};

use super::Failure;
use crate::instructions::{Access, Rule};

/// The newest version whose rights are asked for.
const ASKED: ABI = ABI::V7;

/// Restricts this process and all that it will start. Returns the version that is in force; 0 is
/// a kernel without Landlock, where nothing of this holds.
pub(super) fn restrict(rules: &[Rule], network: bool) -> Result<u32, Failure> {
    let step = "confine the command by Landlock";
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(ASKED)))
        .map_err(Failure::at(step))?;
    if !network {
        ruleset = ruleset.handle_access(AccessNet::from_all(ASKED)).map_err(Failure::at(step))?;
    }
    let mut created = ruleset.create().map_err(Failure::at(step))?;
    for rule in rules {
        // Gone since the rules were worked out: then there is nothing to allow.
        let Ok(path) = PathFd::new(&rule.path) else { continue };
        let access = rights(rule.access, rule.path.is_dir());
        created = created.add_rule(PathBeneath::new(path, access)).map_err(Failure::at(step))?;
    }
    let status = created.restrict_self().map_err(Failure::at(step))?;
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    })
}

fn rights(access: Access, is_folder: bool) -> BitFlags<AccessFs> {
    let rights = match access {
        Access::List => AccessFs::ReadDir.into(),
        Access::Read => AccessFs::from_read(ASKED),
        Access::Device => {
            AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev
        }
        Access::Write => {
            AccessFs::from_all(ASKED)
                & !(AccessFs::MakeChar | AccessFs::MakeBlock)
                & !BitFlags::from(AccessFs::IoctlDev)
        }
    };
    // Rights of folders don't exist for a file; the kernel refuses such a rule.
    if is_folder { rights } else { rights & AccessFs::from_file(ASKED) }
}

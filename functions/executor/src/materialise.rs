//! Lays out a work tree from the base, byte for byte as it is stored: no filter, no line-ending
//! conversion, no submodule, no LFS content. Git's own checkout would obey `.gitattributes`.

use std::io;
use std::path::Path;
use std::time::Duration;

use leviathan_core::diff::FileMode;
use leviathan_core::ids::GitCommit;

use crate::base::{self, BaseTree};
use crate::files::{Tree, TreeFault};
use crate::git::{Git, GitFault};
use crate::result::PhaseFailure;

/// Building an index over a large work tree.
const INDEX_LIMIT: Duration = Duration::from_secs(300);

/// Overrides whatever `.gitattributes` says: tools that use git in the tree compare stored bytes.
const RAW_ATTRIBUTES: &str = "* -text !eol -ident -filter !working-tree-encoding\n";

/// Writes every file of the base into the new folder `root`.
pub fn files(base_git: &Path, tree: &BaseTree, root: &Path) -> Result<(), PhaseFailure> {
    std::fs::create_dir_all(root).map_err(|error| unwritable(root, &error))?;
    let out = Tree::open(root).map_err(|error| unwritable(root, &error))?;
    let mut blobs = base::blobs(base_git)?;
    for (path, entry) in tree {
        let written = match entry.mode {
            FileMode::Submodule => out.folder(path),
            FileMode::Symlink => {
                let target = blobs.read(&entry.id).map_err(|fault| base::unreadable(&fault))?;
                out.link(path, &target)
            }
            FileMode::Regular | FileMode::Executable => {
                let content = blobs.read(&entry.id).map_err(|fault| base::unreadable(&fault))?;
                out.write(path, &content, entry.mode == FileMode::Executable)
            }
        };
        written.map_err(|fault| not_laid_out(&fault))?;
    }
    Ok(())
}

/// Makes the tree at `root` a repository of its own, at the base on a branch of its own, with no
/// remote. Objects are copied, not shared: what a tool does to them reaches no later phase.
pub fn repository(base_git: &Path, base: &GitCommit, root: &Path) -> Result<(), PhaseFailure> {
    let directory = root.join(".git");
    let failed = |fault: &GitFault| {
        PhaseFailure::infra("workspace_not_made", format!("no work tree could be made: {fault}"))
    };
    init(&directory, base, false).map_err(|fault| failed(&fault))?;
    copy_objects(base_git, &directory).map_err(|error| unwritable(&directory, &error))?;
    let git = Git::new(&directory, INDEX_LIMIT).with_work_tree(root);
    for arguments in [
        ["update-ref", "HEAD", base.as_str()].as_slice(),
        ["read-tree", base.as_str()].as_slice(),
        // Fills in what `git status` compares, so that the tools' own calls are fast.
        ["update-index", "-q", "--really-refresh"].as_slice(),
    ] {
        git.run(arguments).map_err(|fault| failed(&fault))?;
    }
    Ok(())
}

/// Makes an empty repository with the hash function that `base` was made with.
pub fn init(directory: &Path, base: &GitCommit, bare: bool) -> Result<(), GitFault> {
    let format = if base.as_str().len() == 64 { "sha256" } else { "sha1" };
    let mut arguments = vec!["init", "-q", "--template=", "--initial-branch=work"];
    let format = format!("--object-format={format}");
    arguments.push(&format);
    if bare {
        arguments.push("--bare");
    }
    Git::new(directory, INDEX_LIMIT).run(&arguments)?;
    std::fs::create_dir_all(directory.join("info"))
        .and_then(|()| std::fs::write(directory.join("info/attributes"), RAW_ATTRIBUTES))
        .map_err(|source| GitFault::Broken { verb: "init".to_owned(), source })
}

/// Copies packs, loose objects and the note where history was cut off.
fn copy_objects(from: &Path, to: &Path) -> io::Result<()> {
    if from.join("shallow").exists() {
        std::fs::copy(from.join("shallow"), to.join("shallow"))?;
    }
    for folder in std::fs::read_dir(from.join("objects"))? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() || folder.file_name() == "info" {
            continue;
        }
        let place = to.join("objects").join(folder.file_name());
        std::fs::create_dir_all(&place)?;
        for object in std::fs::read_dir(folder.path())? {
            let object = object?;
            std::fs::copy(object.path(), place.join(object.file_name()))?;
        }
    }
    Ok(())
}

fn unwritable(place: &Path, error: &io::Error) -> PhaseFailure {
    let place = place.display();
    PhaseFailure::infra("job_folder_unwritable", format!("{place} cannot be written: {error}"))
}

/// The base holds a path that no honest git would check out, or the disk is full.
fn not_laid_out(fault: &TreeFault) -> PhaseFailure {
    let reason = std::error::Error::source(fault).map(|source| format!(": {source}"));
    let reason = reason.unwrap_or_default();
    match fault {
        TreeFault::BadPath { .. } | TreeFault::NotAFolder { .. } => PhaseFailure::policy(
            "base_not_usable",
            format!("the base git commit cannot be laid out: {fault}{reason}"),
        ),
        TreeFault::Failed { .. } => {
            PhaseFailure::infra("job_folder_unwritable", format!("{fault}{reason}"))
        }
    }
}

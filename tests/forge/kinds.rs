//! Every kind of repository that git knows how to keep.

use std::fs;
use std::path::{Path, PathBuf};

use leviathan_core::ports::forge::{MergeOutcome, PullRequestStatus, WatchedPullRequest};
use leviathan_core::ports::{Forge, ForgeError};
use leviathan_local::forge::Deleted;

use crate::repository::{BRANCH, World, add, at, forge, git, new, try_git};

/// The whole way in a repository: read, write, look, delete; and git finds it sound afterwards.
async fn works(world: &World, path: &Path) {
    let target = at(path);
    let base = world.forge.head(&target).await.unwrap().unwrap();
    let readme = world.forge.file(&target, &base, "README.md").await.unwrap().unwrap();
    assert_eq!(readme.bytes.as_ref(), b"# Sample\n");
    let commit = new(&base, vec![add("docs/new.md", "new\n")]);
    let head = world.forge.create_commit(&target, &commit).await.unwrap();
    world.forge.create_branch(&target, BRANCH, &head).await.unwrap();
    assert_eq!(git(path, ["rev-parse", BRANCH]), head.as_str());
    assert_eq!(git(path, ["show", &format!("{BRANCH}:docs/new.md")]), "new");
    git(path, ["fsck"]);
    let watched = WatchedPullRequest {
        number: 1,
        head: BRANCH.to_owned(),
        head_commit: head.clone(),
        base_commit: base,
        attempt: "a".to_owned(),
    };
    let status = world.forge.pull_request(&target, &watched).await.unwrap();
    assert_eq!(status, PullRequestStatus::Open { head: head.clone() });
    git(path, ["pack-refs", "--all"]);
    let branches = world.forge.agent_branches(&target).await.unwrap();
    assert_eq!(branches, [(BRANCH.to_owned(), head.clone())]);
    assert_eq!(world.forge.delete_branch(&target, BRANCH, &head).await.unwrap(), Deleted::Gone);
    assert_eq!(git(path, ["for-each-ref", "refs/heads/agent"]), "");
    git(path, ["fsck"]);
}

#[tokio::test]
async fn a_plain_repository() {
    let world = World::new();
    works(&world, &world.path).await;
}

#[tokio::test]
async fn a_path_below_the_top_means_the_repository() {
    let world = World::new();
    let below = world.path.join("src");
    let found = world.forge.find(below.to_str().unwrap(), None).await.unwrap();
    let top = fs::canonicalize(&world.path).unwrap();
    assert_eq!(found.location, top.to_str().unwrap());
    assert_eq!(found.working_tree.as_deref(), Some(top.as_path()));
    works(&world, &below).await;
}

#[tokio::test]
async fn object_ids_of_sha256() {
    let world = World::with(&["--initial-branch=main", "--object-format=sha256"]);
    assert_eq!(world.id("main").as_str().len(), 64);
    works(&world, &world.path).await;
}

#[tokio::test]
async fn refs_in_a_reftable() {
    let folder = tempfile::TempDir::new().unwrap();
    let made = try_git(folder.path(), ["init", "-q", "--ref-format=reftable", "probe"]);
    if !made.status.success() {
        // Gits before 2.45 have no reftable: there is nothing to find such a repository with.
        return;
    }
    let world = World::with(&["--initial-branch=main", "--ref-format=reftable"]);
    works(&world, &world.path).await;
    world.git(["branch", "-m", "main", "trunk"]);
    let found = world.forge.find(world.path.to_str().unwrap(), None).await.unwrap();
    assert_eq!(found.default_branch, "trunk");
    let side = world.folder.path().join("side");
    world.git(["worktree", "add", "--quiet", "-b", "side", side.to_str().unwrap()]);
    let busy = world.forge.checked_out(&world.target(), "side").await.unwrap().unwrap();
    assert_eq!(busy.path, fs::canonicalize(&side).unwrap());
    let busy = world.forge.checked_out(&world.target(), "trunk").await.unwrap().unwrap();
    assert_eq!(busy.path, fs::canonicalize(&world.path).unwrap());
}

#[tokio::test]
async fn refs_that_are_packed() {
    let world = World::new();
    world.git(["pack-refs", "--all"]);
    world.git(["gc", "--quiet"]);
    assert!(!world.path.join(".git/refs/heads/main").exists());
    works(&world, &world.path).await;
}

#[tokio::test]
async fn a_bare_repository() {
    let world = World::new();
    let bare = world.folder.path().join("bare.git");
    world.git(["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    works(&world, &bare).await;
    assert_eq!(world.forge.checked_out(&at(&bare), "main").await.unwrap(), None);
    let found = world.forge.find(bare.to_str().unwrap(), None).await.unwrap();
    assert_eq!(found.working_tree, None);
}

#[tokio::test]
async fn a_linked_working_tree() {
    let world = World::new();
    let side = world.folder.path().join("side tree");
    world.git(["worktree", "add", "--quiet", "-b", "side", side.to_str().unwrap()]);
    works(&world, &side).await;
    let target = world.target();
    let busy = world.forge.checked_out(&target, "side").await.unwrap().unwrap();
    assert_eq!(busy.path, fs::canonicalize(&side).unwrap());
    fs::remove_dir_all(&side).unwrap();
    assert_eq!(world.forge.checked_out(&target, "side").await.unwrap(), None);
}

#[tokio::test]
async fn a_git_folder_somewhere_else() {
    let world = World::new();
    let away = world.folder.path().join("away");
    git(
        world.folder.path(),
        [
            "init",
            "--quiet",
            "--initial-branch=main",
            &format!("--separate-git-dir={}", away.display()),
            "repo",
        ],
    );
    assert!(world.path.join(".git").is_file());
    works(&world, &world.path).await;
    let busy = world.forge.checked_out(&world.target(), "main").await.unwrap().unwrap();
    assert_eq!(busy.path, fs::canonicalize(&world.path).unwrap());
}

#[tokio::test]
async fn a_submodule_is_a_repository_of_its_own() {
    let world = World::new();
    let outer = World::new();
    outer.git(
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"]
            .iter()
            .chain(&[world.path.to_str().unwrap(), "inner"]),
    );
    let inner = outer.path.join("inner");
    works(&outer, &inner).await;
    let busy = outer.forge.checked_out(&at(&inner), "main").await.unwrap().unwrap();
    assert_eq!(busy.path, fs::canonicalize(&inner).unwrap());
    assert_eq!(outer.git(["branch", "--list", "agent/*"]), "");
}

#[tokio::test]
async fn objects_that_are_borrowed() {
    let world = World::new();
    let borrower = world.folder.path().join("borrower");
    world.git(["clone", "--quiet", "--shared", ".", borrower.to_str().unwrap()]);
    // Git itself allows a relative path here.
    fs::write(borrower.join(".git/objects/info/alternates"), "../../../repo/.git/objects\n")
        .unwrap();
    works(&world, &borrower).await;
    assert!(try_git(&world.path, ["rev-parse", "--verify", "-q", BRANCH]).stdout.is_empty());
}

#[tokio::test]
async fn a_history_that_is_cut_off() {
    let world = World::new();
    world.commit("two.md", "2", "second");
    let shallow = world.folder.path().join("shallow");
    let url = format!("file://{}", world.path.display());
    world.git(["clone", "--quiet", "--depth=1", &url, shallow.to_str().unwrap()]);
    assert!(shallow.join(".git/shallow").exists());
    works(&world, &shallow).await;
}

#[tokio::test]
async fn a_partial_clone_is_not_filled_from_its_remote() {
    let world = World::new();
    world.git(["config", "uploadpack.allowFilter", "true"]);
    let partial = world.folder.path().join("partial");
    let url = format!("file://{}", world.path.display());
    world.git(["clone", "-q", "-n", "--filter=blob:none", &url, partial.to_str().unwrap()]);
    let target = at(&partial);
    let base = world.forge.head(&target).await.unwrap().unwrap();
    let error = world.forge.file(&target, &base, "README.md").await.unwrap_err();
    assert!(error.to_string().contains("partial clone"), "{error}");
    let commit = new(&base, vec![add("docs/new.md", "new\n")]);
    let head = world.forge.create_commit(&target, &commit).await.unwrap();
    world.forge.create_branch(&target, BRANCH, &head).await.unwrap();
    assert_eq!(git(&partial, ["diff", "--name-only", "main", BRANCH]), "docs/new.md");
}

#[tokio::test]
async fn a_shared_repository_stays_writable_for_its_group() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with(&["--initial-branch=main", "--shared=group"]);
    works(&world, &world.path).await;
    for folder in fs::read_dir(world.path.join(".git/objects")).unwrap() {
        let mode = folder.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o070, 0o070, "{mode:o}");
    }
}

#[tokio::test]
async fn a_format_that_is_not_known_is_refused() {
    let world = World::new();
    world.git(["config", "core.repositoryFormatVersion", "1"]);
    world.git(["config", "extensions.somethingNew", "true"]);
    let error = world.forge.head(&world.target()).await.unwrap_err();
    assert!(error.to_string().contains("somethingnew"), "{error}");
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_detached_head_takes_nothing_from_the_branches() {
    let world = World::new();
    world.git(["checkout", "--quiet", "--detach"]);
    let before = world.untouched();
    let watched = world.published().await;
    assert_eq!(world.forge.checked_out(&world.target(), "main").await.unwrap(), None);
    let merged = world.forge.merge(&world.target(), &watched, "Merge it").await.unwrap();
    let MergeOutcome::Merged { commit } = merged else { panic!("{merged:?}") };
    assert_eq!(world.id("main"), commit);
    assert_eq!(before.len(), world.untouched().len());
    world.git(["diff", "--quiet", "HEAD"]);
}

#[tokio::test]
async fn a_view_follows_a_repository_that_is_made_anew() {
    let world = World::new();
    works(&world, &world.path).await;
    fs::remove_dir_all(&world.path).unwrap();
    let again = World::with(&["--initial-branch=main", "--object-format=sha256"]);
    fs::rename(&again.path, &world.path).unwrap();
    works(&world, &world.path).await;
}

#[tokio::test]
async fn two_forges_at_once_make_one_branch() {
    let world = World::new();
    let folder: PathBuf = world.folder.path().to_owned();
    let base = world.id("main");
    let mut running = Vec::new();
    for _ in 0..8 {
        let (forge, target) = (forge(&folder), world.target());
        let commit = new(&base, vec![add("docs/new.md", "new\n")]);
        running.push(tokio::spawn(async move {
            let head = forge.create_commit(&target, &commit).await?;
            forge.create_branch(&target, BRANCH, &head).await.map(|()| head)
        }));
    }
    for made in running {
        assert_eq!(made.await.unwrap().unwrap(), world.id(BRANCH));
    }
}

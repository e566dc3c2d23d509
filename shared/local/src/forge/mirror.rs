//! Targets named by URL: a bare copy of their default branch in the state folder. It is fetched
//! into on demand and nothing is ever pushed from it; our branches stay in it.
//!
//! Fetching is the one thing that is done with the user's own git configuration and environment:
//! proxies, certificates, ssh keys and credential helpers live there, and the URL is the user's
//! word. No password is ever asked for, and a URL that holds one is refused, since a target's
//! location is written to the log.

use std::fs;
use std::path::{Path, PathBuf};

use leviathan_core::ids::{Digest, slug};
use leviathan_core::ports::ForgeError;

use super::git::{Answer, Call, Git, refused, said, text, unavailable};
use super::refs::{full, is_branch_name};

const ACTION: &str = "fetch";

/// Whether a location is a URL and not a path: `scheme://…`, or ssh's `[user@]host:path`.
pub fn is_url(location: &str) -> bool {
    if location.contains("://") {
        return true;
    }
    match location.split_once(':') {
        Some((host, _)) => !host.is_empty() && !host.contains('/') && !Path::new(location).exists(),
        None => false,
    }
}

/// Refuses what may not become a target's location.
pub(crate) fn check_url(url: &str) -> Result<(), ForgeError> {
    let refuse = |shown: &str, reason: &str| Err(refused("use the URL", shown, reason));
    if url.starts_with('-') || url.chars().any(|c| c.is_control() || c == ' ') {
        return refuse("the target", "it holds characters that no URL has");
    }
    let Some((scheme, rest)) = url.split_once("://") else { return Ok(()) };
    if !matches!(scheme, "file" | "git" | "http" | "https" | "ssh") {
        return refuse("the target", "only file, git, http, https and ssh URLs can be fetched");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if let Some((user, host)) = authority.rsplit_once('@')
        && (user.contains(':') || scheme.starts_with("http"))
    {
        let shown = format!("{scheme}://…@{host}");
        return refuse(
            &shown,
            "it holds a credential, and locations are written to the log; leave it out and let \
             git's credential helper or ssh supply it",
        );
    }
    Ok(())
}

/// The mirror of a URL under `folder`, whether it exists or not.
pub(crate) fn place(folder: &Path, url: &str) -> Git {
    let digest = Digest::of(url.as_bytes());
    let kept: String = digest.as_str().chars().take(16).collect();
    let dir: PathBuf = folder.join(format!("{}-{kept}.git", slug(url, 40)));
    Git { dir, location: url.to_owned() }
}

/// Brings the mirror's default branch up to date, making the mirror first where there is none.
pub(crate) fn refresh(mirror: &Git, branch: &str) -> Result<(), ForgeError> {
    let url = &mirror.location;
    check_url(url)?;
    mirror.checked(ACTION, branch)?;
    if !mirror.dir.exists() {
        create(mirror)?;
    }
    let answer = Call::over_the_network(ACTION, url)
        .arg("--git-dir")
        .arg(&mirror.dir)
        .args(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"])
        .args(["--end-of-options", url])
        .arg(format!("+{0}:{0}", full(branch)))
        .answer()?;
    match answer.code {
        Some(0) => Ok(()),
        _ if answer.stderr.contains("couldn't find remote ref") => {
            // The branch is not there, or no longer: then it is not here either.
            match mirror.branch(branch)? {
                Some(stands) => mirror.delete_branch(branch, &stands).map(drop),
                None => Ok(()),
            }
        }
        _ => Err(failed(url, &answer)),
    }
}

/// The wanted branch, if the URL has it; without a wish the one that its HEAD names.
pub(crate) fn remote_branch(url: &str, wanted: Option<&str>) -> Result<String, ForgeError> {
    let action = "ask for the default branch";
    check_url(url)?;
    let name = match wanted {
        Some(wanted) if is_branch_name(wanted) => full(wanted),
        Some(wanted) => {
            let reason = format!("{wanted:?} is not a branch name that git allows");
            return Err(refused(action, url, reason));
        }
        None => "HEAD".to_owned(),
    };
    let answer = Call::over_the_network(action, url)
        .args(["ls-remote", "--symref", "--end-of-options", url, &name])
        .answer()?;
    if answer.code != Some(0) {
        return Err(failed(url, &answer));
    }
    let listed = String::from_utf8_lossy(&answer.stdout).into_owned();
    if let Some(wanted) = wanted {
        return match listed.lines().any(|line| line.ends_with(&format!("\t{name}"))) {
            true => Ok(wanted.to_owned()),
            false => Err(refused(action, url, format!("there is no branch {wanted}"))),
        };
    }
    let named = listed
        .lines()
        .filter_map(|line| line.strip_prefix("ref: refs/heads/"))
        .find_map(|rest| rest.strip_suffix("\tHEAD"))
        .filter(|name| is_branch_name(name));
    match named {
        Some(name) => Ok(name.to_owned()),
        None => Err(refused(action, url, "its HEAD names no branch; say which with --branch")),
    }
}

/// An empty mirror with the URL's kind of object ids, made aside and moved into place whole.
fn create(mirror: &Git) -> Result<(), ForgeError> {
    let url = &mirror.location;
    let cannot = |error: std::io::Error| {
        let reason = format!("the mirror {} could not be made: {error}", text(&mirror.dir));
        unavailable(ACTION, url, reason)
    };
    let parent = mirror.dir.parent().unwrap_or(&mirror.dir);
    fs::create_dir_all(parent).map_err(cannot)?;
    let aside = tempfile::tempdir_in(parent).map_err(cannot)?;
    let made = aside.path().join("mirror.git");
    let answer = Call::over_the_network(ACTION, url)
        .args(["ls-remote", "--end-of-options", url])
        .answer()?;
    if answer.code != Some(0) {
        return Err(failed(url, &answer));
    }
    let sha256 = answer.stdout.split(|b| *b == b'\t').next().is_some_and(|id| id.len() == 64);
    Call::without_repository(ACTION, url)
        .args(["init", "--quiet", "--bare", "--template="])
        .arg(if sha256 { "--object-format=sha256" } else { "--object-format=sha1" })
        .arg(&made)
        .ok()?;
    // Two that make it at once: the second finds it there, and that is as good.
    match fs::rename(&made, &mirror.dir) {
        Ok(()) => Ok(()),
        Err(_) if mirror.dir.join("HEAD").exists() => Ok(()),
        Err(error) => Err(cannot(error)),
    }
}

fn failed(url: &str, answer: &Answer) -> ForgeError {
    unavailable(
        ACTION,
        url,
        format!(
            "{}; does `git ls-remote` with this URL work here? If not: clone it by hand and give \
             the clone's path",
            said(answer)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths_are_told_apart() {
        for (location, url) in [
            ("https://example.com/a.git", true),
            ("file:///srv/a.git", true),
            ("git@example.com:a/b.git", true),
            ("example:a", true),
            ("/srv/a", false),
            ("./a:b", false),
            ("a", false),
            (":a", false),
        ] {
            assert_eq!(is_url(location), url, "{location}");
        }
    }

    #[test]
    fn a_url_with_a_credential_is_refused_and_not_repeated() {
        for url in ["https://me:s3cret@example.com/a", "https://s3cret@example.com/a"] {
            let error = check_url(url).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        for url in ["ext::sh -c true", "ext://x", "-u", "a\nb"] {
            assert!(check_url(url).is_err(), "{url}");
        }
        for url in ["ssh://git@example.com/a", "git@example.com:a", "file:///a@b:c/d"] {
            assert!(check_url(url).is_ok(), "{url}");
        }
    }
}

//! A policy's globs.
//!
//! The crate globset does the matching: it is the one of ripgrep, needs no file system, and can
//! keep `*` from crossing a `/`.

use std::borrow::Cow;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::allowed::Entry;
use super::{PathProblem, climbs, normalise};

/// Bytes of all globs of one list together: what is made ready to match grows with them.
const MAX_BYTES: usize = 64 * 1024;

/// Globs over paths from the repository's root: `*` and `?` stay within one part, `**` crosses
/// parts, `[ab]` and `{a,b}` choose. So `*.md` matches at the root only, `**/*.md` everywhere,
/// `docs/**` all below `docs`. `docs/` is read as `docs/**`.
#[derive(Debug, Clone)]
pub struct Patterns {
    globs: Vec<String>,
    set: GlobSet,
    /// What a directory must match so that one of the globs takes in all below it.
    whole: GlobSet,
    /// One of the globs takes in all there is.
    everything: bool,
    ignore_case: bool,
}

impl Patterns {
    /// Upper and lower case differ: for what is allowed.
    pub fn new(globs: &[String]) -> Result<Self, PathProblem> {
        Self::build(globs, false)
    }

    /// Upper and lower case are the same: for what is forbidden, since some file systems and
    /// services don't tell them apart.
    pub fn ignoring_case(globs: &[String]) -> Result<Self, PathProblem> {
        Self::build(globs, true)
    }

    /// Whether this is a glob, without the cost of making it ready to match.
    pub fn check(glob: &str) -> Result<(), PathProblem> {
        compile(&root_relative(glob)?).map(|_| ()).map_err(|error| no_glob(glob, &error))
    }

    fn build(globs: &[String], ignore_case: bool) -> Result<Self, PathProblem> {
        let bytes = globs.iter().fold(0_usize, |sum, glob| sum.saturating_add(glob.len()));
        if bytes > MAX_BYTES {
            let problem = format!("and the globs beside it have {bytes} bytes");
            let first = globs.first().map(String::as_str).unwrap_or_default();
            return Err(PathProblem::new(first, problem, "write at most 65,536 bytes of globs"));
        }
        let (mut set, mut whole) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut everything = false;
        for text in globs {
            let glob = root_relative(text)?;
            // Both sides in lower case, and not globset's own way: that one makes a regular
            // expression of each glob, where most are plain names and prefixes.
            let glob = if ignore_case { glob.to_lowercase() } else { glob };
            set.add(compile(&glob).map_err(|error| no_glob(text, &error))?);
            match whole_directories(&glob) {
                Some("**") => everything = true,
                Some(top) => {
                    // What is no glob by itself covers nothing for sure.
                    if let Ok(top) = compile(top) {
                        whole.add(top);
                    }
                }
                None => {}
            }
        }
        let too_much = |error: globset::Error| {
            let all = globs.join(" ");
            PathProblem::new(&all, format!("can't be matched: {error}"), "write shorter globs")
        };
        let (set, whole) = (set.build().map_err(too_much)?, whole.build().map_err(too_much)?);
        Ok(Self { globs: globs.to_vec(), set, whole, everything, ignore_case })
    }

    /// The path as it is compared.
    fn compared<'p>(&self, path: &'p str) -> Cow<'p, str> {
        if self.ignore_case { path.to_lowercase().into() } else { path.into() }
    }

    /// The first glob, as it was given, that matches this path. A path that has no spelling in the
    /// repository matches none.
    pub fn matches(&self, path: &str) -> Option<&str> {
        let path = normalise(path).ok()?;
        let first = self.set.matches(self.compared(&path).as_ref()).into_iter().min()?;
        self.globs.get(first).map(String::as_str)
    }

    /// Whether every path that this entry of a task allows is matched. For a directory: whether
    /// one glob takes in all below it, whatever is there; unsure is no.
    pub fn covers(&self, entry: &str) -> bool {
        match Entry::read(entry) {
            Ok(Entry::File(file)) => self.matches(&file).is_some(),
            Ok(Entry::Directory(directory)) => {
                let directory = self.compared(&directory);
                self.everything
                    || itself_and_parents(&directory).any(|dir| self.whole.is_match(dir))
            }
            Err(_) => false,
        }
    }

    /// Whether every path that this other glob matches is matched. Sure only where it is one of
    /// these globs, where it names a single file, or where the directory before its first special
    /// part is covered whole; unsure is no.
    pub fn covers_glob(&self, glob: &str) -> bool {
        if self.globs.iter().any(|own| own == glob) {
            return true;
        }
        let Ok(glob) = root_relative(glob) else { return false };
        let special = |part: &&str| part.contains(['*', '?', '[', ']', '{', '}', '\\']);
        let parts: Vec<&str> = glob.split('/').collect();
        let literal: Vec<&str> = parts.iter().copied().take_while(|part| !special(part)).collect();
        match (literal.len() == parts.len(), literal.is_empty()) {
            (true, _) => self.covers(&glob),
            (false, true) => self.everything,
            (false, false) => self.covers(&format!("{}/", literal.join("/"))),
        }
    }

    /// Whether it matches nothing at all.
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }
}

fn compile(glob: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(glob).literal_separator(true).build()
}

fn no_glob(text: &str, error: &globset::Error) -> PathProblem {
    let problem = format!("is not a glob: {}", error.kind());
    PathProblem::new(text, problem, "write one like `docs/**` or `src/*.rs`")
}

/// The glob as matched: without `./` before it, with `**` after a final `/`.
fn root_relative(text: &str) -> Result<String, PathProblem> {
    let refuse = |problem: &str, fix: &str| Err(PathProblem::new(text, problem, fix));
    if text.contains('\0') {
        return refuse("holds a NUL character", "no file can be called so");
    }
    if text.starts_with('/') {
        return refuse("is absolute", "write it from the repository's root, without the first `/`");
    }
    if climbs(text) {
        return refuse("holds `..`", "write it from the repository's root");
    }
    let mut glob = text;
    while let Some(rest) = glob.strip_prefix("./") {
        glob = rest;
    }
    if glob.is_empty() || glob == "." {
        return refuse("names nothing", "write `**` for everything");
    }
    Ok(if glob.ends_with('/') { format!("{glob}**") } else { glob.to_owned() })
}

/// What a directory must match so that the glob takes in all below it, `**` for any; `None` when
/// it takes in no directory whole.
fn whole_directories(glob: &str) -> Option<&str> {
    let glob = glob.strip_suffix("/*").filter(|rest| ends_in_any(rest)).unwrap_or(glob);
    if glob == "**" {
        return Some(glob);
    }
    glob.strip_suffix("/**")
}

fn ends_in_any(glob: &str) -> bool {
    glob == "**" || glob.ends_with("/**")
}

/// `a/b/c`, `a/b`, `a`
fn itself_and_parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(parent, _)| parent))
}

//! From "readable, writable, hidden" to what the kernel can enforce: Landlock only ever allows, so
//! a folder with something hidden beneath is replaced by its other children; and where mounts are
//! possible, folders that nobody may see are covered with empty ones.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use crate::command::Confinement;
use crate::instructions::{Access, Rule, View};

/// Places where other programs of this machine keep sockets and temporary files. Landlock does not
/// yet hold back connections to sockets in the file system, so they are covered where possible.
const ALWAYS_COVERED: &[&str] = &["/run", "/tmp", "/var/tmp", "/dev/shm"];

/// What of the covered places the command may use as its own, empty.
pub(crate) const OWN_WHEN_COVERED: &[&str] = &["/tmp", "/dev/shm"];

/// Works out the view. `covering` says whether folders can be covered; `own` names folders that
/// were covered by a confinement around this one and may be written.
pub(crate) fn view(confinement: &Confinement, covering: bool, own: &[PathBuf]) -> View {
    let readable = existing(&confinement.readable);
    let writable = existing(&confinement.writable);
    let hidden: Vec<PathBuf> = existing(&confinement.hidden).into_iter().map(|e| e.real).collect();
    let mut rules = Vec::new();
    for entry in &readable {
        allow_reading(&entry.real, &hidden, &mut rules);
    }
    rules.extend(
        writable.iter().map(|entry| Rule { path: entry.real.clone(), access: Access::Write }),
    );
    rules.extend(own.iter().map(|path| Rule { path: path.clone(), access: Access::Write }));
    let mut view = View { rules, ..View::default() };
    if covering {
        cover(&mut view, &readable, &writable, hidden);
    }
    view.rules.sort();
    view.rules.dedup();
    view
}

/// An entry as it was given, and where it really is.
struct Entry {
    given: PathBuf,
    real: PathBuf,
}

fn existing(paths: &[PathBuf]) -> Vec<Entry> {
    let real = |given: &PathBuf| {
        fs::canonicalize(given).ok().map(|real| Entry { given: given.clone(), real })
    };
    paths.iter().filter_map(real).collect()
}

fn allow_reading(path: &Path, hidden: &[PathBuf], rules: &mut Vec<Rule>) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        // A link needs no rule: what it points to is judged where it is.
        return;
    }
    if kind.is_char_device() {
        rules.push(Rule { path: path.to_owned(), access: Access::Device });
        return;
    }
    if !kind.is_dir() || !hidden.iter().any(|h| h != path && h.starts_with(path)) {
        rules.push(Rule { path: path.to_owned(), access: Access::Read });
        return;
    }
    rules.push(Rule { path: path.to_owned(), access: Access::List });
    let Ok(children) = fs::read_dir(path) else { return };
    for child in children.flatten().map(|child| child.path()) {
        if !hidden.contains(&child) {
            allow_reading(&child, hidden, rules);
        }
    }
}

fn cover(view: &mut View, readable: &[Entry], writable: &[Entry], hidden: Vec<PathBuf>) {
    let entries: Vec<&Entry> = readable.iter().chain(writable).collect();
    let open = |path: &Path| entries.iter().any(|entry| path.starts_with(&entry.real));
    let always = ALWAYS_COVERED.iter().filter_map(|path| fs::canonicalize(path).ok());
    let mut covered: Vec<PathBuf> =
        always.chain(hidden).filter(|path| path.is_dir() && !open(path)).collect();
    covered.sort();
    covered.dedup();
    let all = covered.clone();
    covered.retain(|path| !all.iter().any(|other| other != path && path.starts_with(other)));

    let beneath = |path: &Path| covered.iter().any(|folder| path.starts_with(folder));
    let mut kept: Vec<PathBuf> =
        entries.iter().map(|e| e.real.clone()).filter(|path| beneath(path)).collect();
    kept.sort();
    kept.dedup();
    let all = kept.clone();
    kept.retain(|path| !all.iter().any(|other| other != path && path.starts_with(other)));

    view.links = entries
        .iter()
        .filter(|entry| entry.given != entry.real && beneath(&entry.given))
        .filter(|entry| !kept.iter().any(|folder| entry.given.starts_with(folder)))
        .map(|entry| (entry.given.clone(), entry.real.clone()))
        .collect();
    // A rule for a folder holds for all beneath it, also for what is kept there read-only: so a
    // covered folder is the command's own only when nothing is kept in it.
    let own = OWN_WHEN_COVERED
        .iter()
        .map(PathBuf::from)
        .filter(|own| covered.contains(own) && !kept.iter().any(|path| path.starts_with(own)));
    view.rules.extend(own.map(|path| Rule { path, access: Access::Write }));
    view.covered = covered;
    view.kept = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Limits;

    fn confinement(readable: &[PathBuf], writable: &[PathBuf], hidden: &[PathBuf]) -> Confinement {
        Confinement {
            readable: readable.to_vec(),
            writable: writable.to_vec(),
            hidden: hidden.to_vec(),
            network: true,
            limits: Limits::default(),
            helper: None,
        }
    }

    #[test]
    fn a_folder_with_something_hidden_is_replaced_by_its_other_children() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for file in ["a/keep", "a/deep/keep", "a/deep/secret", "a/secret"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink(root.join("a/secret"), root.join("a/link")).unwrap();
        let hidden = [root.join("a/secret"), root.join("a/deep/secret"), root.join("gone")];
        let view = view(&confinement(&[root.join("a")], &[], &hidden), false, &[]);
        let rule = |path: &str, access| Rule { path: root.join(path), access };
        let expected = vec![
            rule("a", Access::List),
            rule("a/deep", Access::List),
            rule("a/deep/keep", Access::Read),
            rule("a/keep", Access::Read),
        ];
        assert_eq!(view.rules, expected);
    }

    #[test]
    fn covered_folders_keep_what_is_allowed_beneath_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(folder.path()).unwrap();
        for name in ["tools/bin", "real", "work"] {
            fs::create_dir_all(home.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(home.join("real"), home.join("alias")).unwrap();
        let readable = [home.join("tools"), home.join("alias"), "/dev/null".into()];
        let view = view(
            &confinement(&readable, &[home.join("work")], std::slice::from_ref(&home)),
            true,
            &[],
        );
        assert!(view.covered.iter().any(|covered| home.starts_with(covered)), "{view:?}");
        assert_eq!(view.kept, [home.join("real"), home.join("tools"), home.join("work")]);
        assert_eq!(view.links, [(home.join("alias"), home.join("real"))]);
        let device = Rule { path: "/dev/null".into(), access: Access::Device };
        assert!(view.rules.contains(&device), "{view:?}");
        let temporary = Path::new("/tmp");
        let own = view.rules.iter().any(|rule| rule.path == temporary);
        assert!(!own || !home.starts_with(temporary), "what is kept there would be writable");
    }
}

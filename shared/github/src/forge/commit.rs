//! Git commits out of data: blobs, tree and git commit are written through the API, after what the
//! change is against was compared with what the base has.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use jiff::Timestamp;
use leviathan_core::diff::{FileChange, FileMode, NewFile, path_fault};
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::NewGitCommit;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::objects::{Entry, blob_id};
use super::refs::id;
use crate::Location;
use crate::client::{Call, Fault};

#[derive(Deserialize)]
struct Made {
    sha: String,
}

#[derive(Deserialize)]
struct CommitAnswer {
    tree: Made,
}

/// What a change makes of each path: `true` there is a file after it.
type After<'a> = BTreeMap<&'a str, bool>;

impl GitHub {
    /// See `Forge::create_commit`. Objects that nothing points to do no harm, so each request can
    /// be made again.
    pub(super) async fn write_commit(
        &self,
        location: &Location,
        new: &NewGitCommit,
    ) -> Result<GitCommit, Fault> {
        let after = after(&new.changes)?;
        let base_tree = self.tree_of(location, &new.base).await?;
        let mut entries = Vec::new();
        for change in &new.changes {
            let found = self.entry(location, &new.base, &change.path).await?;
            expected(change, found.as_ref())?;
            self.room(location, new, change, found.as_ref(), &after).await?;
        }
        for change in &new.changes {
            entries.push(self.tree_entry(location, change).await?);
        }
        let tree = match entries.is_empty() {
            true => base_tree,
            false => {
                let body = json!({"base_tree": base_tree, "tree": entries});
                let call = Call::create_object("/git/trees", body);
                self.client.ask::<Made>(location, call).await?.sha
            }
        };
        let mut body = json!({
            "message": new.message,
            "tree": tree,
            "parents": [new.base.as_str()],
        });
        if let (Some(identity), Value::Object(fields)) = (&self.client.options.identity, &mut body)
        {
            let date = Timestamp::from_second(new.unix_seconds)
                .map_err(|_| Fault::Refused("its time is out of range".to_owned()))?;
            let person =
                json!({"name": identity.name, "email": identity.email, "date": date.to_string()});
            fields.insert("author".to_owned(), person.clone());
            fields.insert("committer".to_owned(), person);
        }
        let made: Made =
            self.client.ask(location, Call::create_object("/git/commits", body)).await?;
        id(&made.sha)
    }

    async fn tree_of(&self, location: &Location, base: &GitCommit) -> Result<String, Fault> {
        let call = Call::get(format!("/git/commits/{base}"));
        match self.client.ask::<CommitAnswer>(location, call).await {
            Ok(answer) => Ok(answer.tree.sha),
            Err(Fault::NotFound(_) | Fault::Unprocessable(_) | Fault::Conflict(_)) => {
                Err(Fault::Refused(format!("its base {base} is not there")))
            }
            Err(other) => Err(other),
        }
    }

    /// Refuses a path that would be a file and a folder at once.
    async fn room(
        &self,
        location: &Location,
        new: &NewGitCommit,
        change: &FileChange,
        found: Option<&Entry>,
        after: &After<'_>,
    ) -> Result<(), Fault> {
        if change.new.is_none() {
            return Ok(());
        }
        for (at, _) in change.path.match_indices('/') {
            let Some(folder) = change.path.get(..at) else { continue };
            match after.get(folder) {
                Some(true) => return Err(in_the_way(folder)),
                Some(false) => {}
                None => match self.entry(location, &new.base, folder).await? {
                    Some(entry) if !entry.is_folder() => return Err(in_the_way(folder)),
                    Some(_) | None => {}
                },
            }
        }
        let below = format!("{}/", change.path);
        if after.iter().any(|(path, stays)| *stays && path.starts_with(&below)) {
            return Err(in_the_way(&change.path));
        }
        // A folder gives way when all that is in it is deleted by the same change.
        if let Some(folder) = found.filter(|entry| entry.is_folder()) {
            for file in self.below(location, &folder.sha).await? {
                let path = format!("{below}{}", file.path);
                if after.get(path.as_str()) != Some(&false) {
                    return Err(in_the_way(&change.path));
                }
            }
        }
        Ok(())
    }

    async fn tree_entry(&self, location: &Location, change: &FileChange) -> Result<Value, Fault> {
        let (mode, sha) = match &change.new {
            Some(new) => (new.mode, Value::from(self.write_blob(location, change, new).await?)),
            None => (change.old.as_ref().map_or(FileMode::Regular, |old| old.mode), Value::Null),
        };
        let kind = if mode == FileMode::Submodule { "commit" } else { "blob" };
        Ok(json!({"path": change.path, "mode": mode.as_str(), "type": kind, "sha": sha}))
    }

    /// The content's blob, written if the base does not have it already.
    async fn write_blob(
        &self,
        location: &Location,
        change: &FileChange,
        new: &NewFile,
    ) -> Result<String, Fault> {
        let wanted = blob_id(&new.content);
        if change.old.as_ref().is_some_and(|old| old.blob == wanted) {
            return Ok(wanted);
        }
        let body = json!({"content": BASE64.encode(&new.content), "encoding": "base64"});
        let made: Made = self.client.ask(location, Call::create_object("/git/blobs", body)).await?;
        match made.sha == wanted {
            true => Ok(wanted),
            false => Err(Fault::Unreadable(format!(
                "GitHub stored other bytes for {:?} than it was sent",
                change.path
            ))),
        }
    }
}

/// Each path that changes, once, with whether there is a file after it.
fn after(changes: &[FileChange]) -> Result<After<'_>, Fault> {
    let mut after = After::new();
    for change in changes {
        let path = change.path.as_str();
        if let Some(fault) = path_fault(path) {
            let path: String = path.chars().take(200).collect();
            return Err(Fault::Refused(format!("the path {path:?} {fault}")));
        }
        if change.new.as_ref().is_some_and(|new| new.mode == FileMode::Submodule) {
            return Err(Fault::Refused(format!("{path:?} would be a submodule")));
        }
        if after.insert(path, change.new.is_some()).is_some() {
            return Err(Fault::Refused(format!("{path:?} is changed twice")));
        }
    }
    Ok(after)
}

/// The change must be against what really stands in the base.
fn expected(change: &FileChange, found: Option<&Entry>) -> Result<(), Fault> {
    let same = match (&change.old, found) {
        (Some(old), Some(entry)) => entry.sha == old.blob && entry.mode() == Some(old.mode),
        (None, Some(entry)) => entry.is_folder(),
        (None, None) => true,
        (Some(_), None) => false,
    };
    match same {
        true => Ok(()),
        false => Err(Fault::Refused(format!(
            "the change of {:?} is not against what the base has",
            change.path
        ))),
    }
}

fn in_the_way(path: &str) -> Fault {
    Fault::Refused(format!("{path:?} would be a file and a folder at once"))
}

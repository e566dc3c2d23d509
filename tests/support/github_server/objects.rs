//! Git's objects and refs over HTTP.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Shared;
use super::git::Git;
use super::reply::Reply;

/// What a deletion is in git's index.
const NOTHING: &str = "0000000000000000000000000000000000000000";

impl Shared {
    /// `GET /repos/{owner}/{name}`
    pub(super) fn about(&self, name: &str) -> Reply {
        Reply::json(200, &self.repository_json(name))
    }

    /// How a repository is described, alone and in webhooks.
    pub(super) fn repository_json(&self, name: &str) -> Value {
        let mut world = self.world();
        let place = world.place(name);
        json!({
            "name": place.name.split_once('/').map_or("", |(_, short)| short),
            "full_name": place.name,
            "private": true,
            "html_url": self.html_url(&place.name),
            "default_branch": place.default_branch,
        })
    }

    /// `GET git/ref/heads/…`
    pub(super) fn read_ref(&self, name: &str, full: &str) -> Reply {
        let git = self.git(name);
        match git.id(&format!("refs/{full}^{{commit}}")) {
            Some(id) => Reply::json(200, &ref_json(full, &id)),
            None if git.run(["for-each-ref", "--count=1"]).line().is_empty() => {
                Reply::message(409, "Git Repository is empty.")
            }
            None => Reply::not_found(),
        }
    }

    /// `POST git/refs`
    pub(super) fn create_ref(&self, name: &str, body: &Value) -> Reply {
        let (Some(full), Some(id)) = (body["ref"].as_str(), body["sha"].as_str()) else {
            return Reply::message(422, "Invalid request.");
        };
        let Some(short) = full.strip_prefix("refs/").filter(|short| short.contains('/')) else {
            return Reply::message(
                422,
                "Reference name must start with 'refs/' and have at least one slash",
            );
        };
        let git = self.git(name);
        if git.kind(id).as_deref() != Some("commit") {
            return Reply::message(422, "Object does not exist");
        }
        if git.id(full).is_some() {
            return Reply::message(422, "Reference already exists");
        }
        if !git.run(["update-ref", "--no-deref", full, id, NOTHING]).ok {
            return Reply::message(422, "Reference update failed");
        }
        Reply::json(201, &ref_json(short, id))
    }

    /// `DELETE git/refs/heads/…`; an open pull request of the branch is closed with it.
    pub(super) fn delete_ref(&self, name: &str, short: &str) -> Reply {
        let git = self.git(name);
        let full = format!("refs/{short}");
        let Some(stands) = git.id(&full) else {
            return Reply::message(422, "Reference does not exist");
        };
        if !git.run(["update-ref", "-d", &full, &stands]).ok {
            return Reply::message(422, "Reference update failed");
        }
        if let Some(branch) = short.strip_prefix("heads/") {
            self.branch_deleted(name, branch, &stands);
        }
        Reply::nothing()
    }

    /// `GET git/commits/{id}`
    pub(super) fn read_commit(&self, name: &str, id: &str) -> Reply {
        let git = self.git(name);
        if git.kind(id).as_deref() != Some("commit") {
            return Reply::not_found();
        }
        let tree = git.id(&format!("{id}^{{tree}}")).unwrap_or_default();
        let parents = git.run(["rev-list", "--parents", "--max-count=1", id]).line();
        let parents: Vec<Value> =
            parents.split(' ').skip(1).map(|parent| json!({"sha": parent})).collect();
        let message = git.run(["show", "-s", "--format=%B", id]).line();
        let body =
            json!({"sha": id, "tree": {"sha": tree}, "parents": parents, "message": message});
        Reply::json(200, &body)
    }

    /// `POST git/commits`. Without an author GitHub puts the app there and signs, so that two are
    /// never the same.
    pub(super) fn create_commit(&self, name: &str, body: &Value) -> Reply {
        let git = self.git(name);
        let (Some(message), Some(tree)) = (body["message"].as_str(), body["tree"].as_str()) else {
            return Reply::message(422, "Invalid request.");
        };
        if git.kind(tree).as_deref() != Some("tree") {
            return Reply::message(422, "Tree SHA does not exist");
        }
        let mut args = vec!["commit-tree", "--no-gpg-sign", "-F", "-"];
        for parent in body["parents"].as_array().into_iter().flatten() {
            let parent = parent.as_str().unwrap_or_default();
            if git.kind(parent).as_deref() != Some("commit") {
                return Reply::message(422, "Parent SHA does not exist or is not a commit object");
            }
            args.extend(["-p", parent]);
        }
        args.push(tree);
        let author = self.person(&body["author"]);
        let committer = if body["committer"].is_null() {
            author.clone()
        } else {
            self.person(&body["committer"])
        };
        let environment = [
            ("GIT_AUTHOR_NAME", author.0.as_str()),
            ("GIT_AUTHOR_EMAIL", author.1.as_str()),
            ("GIT_AUTHOR_DATE", author.2.as_str()),
            ("GIT_COMMITTER_NAME", committer.0.as_str()),
            ("GIT_COMMITTER_EMAIL", committer.1.as_str()),
            ("GIT_COMMITTER_DATE", committer.2.as_str()),
        ];
        let made = git.with(args, &environment, message.as_bytes());
        Reply::json(201, &json!({"sha": made.line(), "tree": {"sha": tree}}))
    }

    fn person(&self, given: &Value) -> (String, String, String) {
        let date = given["date"].as_str().and_then(|date| date.parse::<Timestamp>().ok());
        match (given["name"].as_str(), given["email"].as_str(), date) {
            (Some(name), Some(email), Some(date)) => {
                (name.to_owned(), email.to_owned(), format!("@{} +0000", date.as_second()))
            }
            _ => {
                let second = self.clock.now().as_second();
                let second = second + i64::try_from(self.world().count()).unwrap_or(0);
                let email = "4711+leviathan[bot]@users.noreply.github.com".to_owned();
                ("leviathan[bot]".to_owned(), email, format!("@{second} +0000"))
            }
        }
    }

    /// `GET git/trees/{id}`
    pub(super) fn read_tree(&self, name: &str, id: &str, recursive: bool) -> Reply {
        let git = self.git(name);
        if !matches!(git.kind(id).as_deref(), Some("tree" | "commit")) {
            return Reply::not_found();
        }
        let mut args = vec!["ls-tree", "-z", "-l", "--full-tree"];
        if recursive {
            args.extend(["-r", "-t"]);
        }
        args.push(id);
        let listed = git.run(args);
        let entries: Vec<Value> = listed.stdout.split(|b| *b == 0).filter_map(entry).collect();
        Reply::json(200, &json!({"sha": id, "tree": entries, "truncated": false}))
    }

    /// `POST git/trees`
    pub(super) fn create_tree(&self, name: &str, body: &Value) -> Reply {
        let git = self.git(name);
        let index = self.folder.path().join(format!("index-{}", self.world().count()));
        let index = index.to_string_lossy().into_owned();
        let environment = [("GIT_INDEX_FILE", index.as_str())];
        if let Some(base) = body["base_tree"].as_str()
            && !git.with(["read-tree", base], &environment, &[]).ok
        {
            return Reply::message(422, "base_tree is not a valid tree oid");
        }
        let mut gone = String::new();
        let mut there = String::new();
        for entry in body["tree"].as_array().into_iter().flatten() {
            match index_line(&git, &environment, entry) {
                Ok((true, line)) => there.push_str(&line),
                Ok((false, line)) => gone.push_str(&line),
                Err(message) => return Reply::message(422, message),
            }
        }
        let both = format!("{gone}{there}");
        let args = ["update-index", "-z", "--add", "--replace", "--index-info"];
        let tree = match git.with(args, &environment, both.as_bytes()).ok {
            true => git.with(["write-tree"], &environment, &[]),
            false => return Reply::message(422, "tree.path contains a malformed path component"),
        };
        drop(std::fs::remove_file(&index));
        Reply::json(201, &json!({"sha": tree.line(), "truncated": false}))
    }

    /// `GET git/blobs/{id}`
    pub(super) fn read_blob(&self, name: &str, id: &str, raw: bool) -> Reply {
        let git = self.git(name);
        if git.kind(id).as_deref() != Some("blob") {
            return Reply::not_found();
        }
        let bytes = git.run(["cat-file", "blob", id]).stdout;
        if raw {
            return Reply::raw(bytes);
        }
        let content = BASE64.encode(&bytes);
        let size = bytes.len();
        let body = json!({"sha": id, "size": size, "content": content, "encoding": "base64"});
        Reply::json(200, &body)
    }

    /// `POST git/blobs`
    pub(super) fn create_blob(&self, name: &str, body: &Value) -> Reply {
        let content = body["content"].as_str().unwrap_or_default();
        let bytes = match body["encoding"].as_str() {
            Some("base64") => match BASE64.decode(content.as_bytes()) {
                Ok(bytes) => bytes,
                Err(_) => return Reply::message(422, "content is not valid Base64"),
            },
            _ => content.as_bytes().to_vec(),
        };
        let args = ["hash-object", "-w", "-t", "blob", "--no-filters", "--stdin"];
        let made = self.git(name).with(args, &[], &bytes);
        Reply::json(201, &json!({"sha": made.line()}))
    }
}

/// What a tree's entry is in git's index, and whether it puts something there.
fn index_line(
    git: &Git,
    environment: &[(&str, &str)],
    entry: &Value,
) -> Result<(bool, String), &'static str> {
    let (path, mode) = (entry["path"].as_str(), entry["mode"].as_str());
    let (Some(path), Some(mode)) = (path, mode) else { return Err("Invalid tree info") };
    if entry["sha"].is_null() && entry["content"].is_null() {
        let listed = git.with(["ls-files", "-z", "--", path], environment, &[]);
        return match listed.stdout.is_empty() {
            true => Err("GitRPC::BadObjectState"),
            false => Ok((false, format!("0 {NOTHING}\t{path}\0"))),
        };
    }
    let id = entry["sha"].as_str().unwrap_or_default();
    match git.kind(id).as_deref() {
        Some("blob") => Ok((true, format!("{mode} {id}\t{path}\0"))),
        _ => Err("tree.sha is not a valid blob"),
    }
}

fn ref_json(short: &str, id: &str) -> Value {
    json!({"ref": format!("refs/{short}"), "object": {"type": "commit", "sha": id}})
}

/// `git ls-tree -l -z`: `mode SP kind SP id SP+ size TAB name`.
fn entry(line: &[u8]) -> Option<Value> {
    let line = String::from_utf8_lossy(line).into_owned();
    let (facts, path) = line.split_once('\t')?;
    let facts: Vec<&str> = facts.split_whitespace().collect();
    let [mode, kind, id, size] = facts.as_slice() else { return None };
    let mut entry = json!({"path": path, "mode": mode, "type": kind, "sha": id});
    if let Ok(size) = size.parse::<u64>() {
        entry["size"] = size.into();
    }
    Some(entry)
}

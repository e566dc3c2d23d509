//! Pull requests over HTTP, and what a person does with them and to their branches.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Shared;
use super::git::Git;
use super::reply::Reply;
use super::route::Request;

/// One pull request.
pub(super) struct Pull {
    pub(super) title: String,
    pub(super) body: String,
    draft: bool,
    head: String,
    base: String,
    open: bool,
    /// Where the branch stood when it was closed.
    frozen: Option<String>,
    merged: Option<String>,
    ended: Option<Timestamp>,
}

impl Shared {
    /// `GET pulls?head=owner:branch&state=…`
    pub(super) fn list_pulls(&self, name: &str, request: &Request) -> Reply {
        let state = request.parameter("state").unwrap_or_else(|| "open".to_owned());
        let head = request.parameter("head");
        let owner = name.split_once('/').map_or("", |(owner, _)| owner).to_owned();
        let numbers: Vec<u64> = {
            let mut world = self.world();
            let pulls = world.place(name).pulls.iter();
            pulls
                .filter(|(_, pull)| match state.as_str() {
                    "all" => true,
                    "closed" => !pull.open,
                    _ => pull.open,
                })
                .filter(|(_, pull)| {
                    head.as_ref().is_none_or(|head| {
                        head.eq_ignore_ascii_case(&format!("{owner}:{}", pull.head))
                    })
                })
                .map(|(number, _)| *number)
                .rev()
                .collect()
        };
        let listed = numbers.into_iter().map(|number| self.pull_json(name, number, false));
        Reply::json(200, &listed.collect())
    }

    /// `GET pulls/{number}`
    pub(super) fn read_pull(&self, name: &str, number: u64) -> Reply {
        match self.world().place(name).pulls.contains_key(&number) {
            true => {}
            false => return Reply::not_found(),
        }
        Reply::json(200, &self.pull_json(name, number, true))
    }

    /// `POST pulls`
    pub(super) fn create_pull(&self, name: &str, body: &Value) -> Reply {
        let field = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let (title, head, base) = (field("title"), field("head"), field("base"));
        let owner = name.split_once('/').map_or("", |(owner, _)| owner);
        let head = head.strip_prefix(&format!("{owner}:")).unwrap_or(&head).to_owned();
        let git = self.git(name);
        let invalid = |field: &str| {
            Reply::invalid(&json!({"resource": "PullRequest", "field": field, "code": "invalid"}))
        };
        let Some(head_id) = git.branch(&head) else { return invalid("head") };
        let Some(base_id) = git.branch(&base) else { return invalid("base") };
        let custom = |message: String| {
            Reply::invalid(
                &json!({"resource": "PullRequest", "code": "custom", "message": message}),
            )
        };
        if git.run(["merge-base", "--is-ancestor", &head_id, &base_id]).ok {
            return custom(format!("No commits between {base} and {head}"));
        }
        let draft = body["draft"].as_bool().unwrap_or(false);
        let number = {
            let mut world = self.world();
            let place = world.place(name);
            if place.pulls.values().any(|pull| pull.open && pull.head == head && pull.base == base)
            {
                return custom(format!("A pull request already exists for {owner}:{head}."));
            }
            if draft && !place.drafts {
                let said = "Draft pull requests are not supported in this repository.";
                return Reply::message(422, said);
            }
            let number = place.pulls.keys().next_back().map_or(1, |last| last + 1);
            let text = field("body");
            let pull = Pull {
                title,
                body: text,
                draft,
                head,
                base,
                open: true,
                frozen: None,
                merged: None,
                ended: None,
            };
            place.pulls.insert(number, pull);
            number
        };
        self.tell(name, number, "opened");
        Reply::json(201, &self.pull_json(name, number, true))
    }

    /// `PATCH pulls/{number}`
    pub(super) fn edit_pull(&self, name: &str, number: u64, body: &Value) -> Reply {
        let state = body["state"].as_str().unwrap_or_default().to_owned();
        let now = self.clock.now();
        let action = {
            let head = self.world().place(name).pulls.get(&number).map(|pull| pull.head.clone());
            let Some(head) = head else { return Reply::not_found() };
            let stands = self.git(name).branch(&head);
            let mut world = self.world();
            let Some(pull) = world.place(name).pulls.get_mut(&number) else {
                return Reply::not_found();
            };
            match (state.as_str(), pull.open) {
                ("closed", true) => {
                    (pull.open, pull.ended, pull.frozen) = (false, Some(now), stands);
                    Some("closed")
                }
                ("open", false) if pull.merged.is_none() && stands.is_some() => {
                    (pull.open, pull.ended, pull.frozen) = (true, None, None);
                    Some("reopened")
                }
                _ => None,
            }
        };
        if let Some(action) = action {
            self.tell(name, number, action);
        }
        Reply::json(200, &self.pull_json(name, number, true))
    }

    /// `PUT pulls/{number}/merge`
    pub(super) fn merge_pull(&self, name: &str, number: u64, body: &Value) -> Reply {
        let method = body["merge_method"].as_str().unwrap_or("merge").to_owned();
        let (open, head, base, title, methods) = {
            let mut world = self.world();
            let place = world.place(name);
            let methods = place.merge_methods.clone();
            let Some(pull) = place.pulls.get(&number) else { return Reply::not_found() };
            (pull.open, pull.head.clone(), pull.base.clone(), pull.title.clone(), methods)
        };
        let not_mergeable = || Reply::message(405, "Pull Request is not mergeable");
        if !open {
            return not_mergeable();
        }
        if !methods.contains(&method.as_str()) {
            let said = match method.as_str() {
                "merge" => "Merge commits are not allowed on this repository.",
                "squash" => "Squash merges are not allowed on this repository.",
                _ => "Rebase merges are not allowed on this repository.",
            };
            return Reply::message(405, said);
        }
        let git = self.git(name);
        let (Some(head_id), Some(base_id)) = (git.branch(&head), git.branch(&base)) else {
            return not_mergeable();
        };
        if body["sha"].as_str().is_some_and(|sha| sha != head_id) {
            return Reply::message(
                409,
                "Head branch was modified. Review and try the merge again.",
            );
        }
        let title = body["commit_title"].as_str().unwrap_or(&title).to_owned();
        let text = body["commit_message"].as_str().unwrap_or_default();
        let message = format!("{title}\n\n{text}");
        let Some(merged) = self.merged(&git, &method, (&base_id, &head_id), &message) else {
            return not_mergeable();
        };
        let now = self.clock.now();
        git.run(["update-ref", &format!("refs/heads/{base}"), &merged, &base_id]);
        if let Some(pull) = self.world().place(name).pulls.get_mut(&number) {
            (pull.open, pull.ended) = (false, Some(now));
            (pull.frozen, pull.merged) = (Some(head_id), Some(merged.clone()));
        }
        self.tell(name, number, "closed");
        self.tell_push(name, &base, &merged);
        Reply::json(
            200,
            &json!({"sha": merged, "merged": true, "message": "Pull Request successfully merged"}),
        )
    }

    /// The git commit of the merge; `None`: files conflict. A rebase of one git commit is a squash
    /// that keeps its message.
    fn merged(
        &self,
        git: &Git,
        method: &str,
        (base, head): (&str, &str),
        message: &str,
    ) -> Option<String> {
        let tree = git.run(["merge-tree", "--write-tree", "--no-messages", base, head]);
        if !tree.ok {
            return None;
        }
        let tree = tree.line();
        let own = git.run(["show", "-s", "--format=%B", head]).line();
        let message = if method == "rebase" { own } else { message.to_owned() };
        let mut args = vec!["commit-tree", "--no-gpg-sign", "-F", "-", "-p", base];
        if method == "merge" {
            args.extend(["-p", head]);
        }
        args.push(&tree);
        let environment = [
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.com"),
            ("GIT_COMMITTER_NAME", "GitHub"),
            ("GIT_COMMITTER_EMAIL", "noreply@github.com"),
        ];
        Some(git.with(args, &environment, message.as_bytes()).line())
    }

    /// `GET compare/{base}...{head}`
    pub(super) fn compare(&self, name: &str, range: &str) -> Reply {
        let git = self.git(name);
        let Some((from, to)) = range.split_once("...") else { return Reply::not_found() };
        let id = |text: &str| git.branch(text).or_else(|| git.id(&format!("{text}^{{commit}}")));
        let (Some(from), Some(to)) = (id(from), id(to)) else { return Reply::not_found() };
        let base = git.run(["merge-base", &from, &to]).line();
        let changed = git.run(["diff-tree", "-r", "-z", "--no-renames", "--name-only", &base, &to]);
        let changed = String::from_utf8_lossy(&changed.stdout).into_owned();
        let files: Vec<Value> = changed
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(|path| json!({"filename": path}))
            .collect();
        Reply::json(200, &json!({"files": files}))
    }

    /// Somebody pushes: the branch stands there from now on.
    pub(super) fn push(&self, name: &str, branch: &str, commit: &str) {
        let git = self.git(name);
        assert!(git.run(["update-ref", &format!("refs/heads/{branch}"), commit]).ok);
        self.tell_push(name, branch, commit);
        for number in self.open_with_head(name, branch) {
            self.tell(name, number, "synchronize");
        }
    }

    /// A branch is gone, and its open pull requests with it.
    pub(super) fn branch_deleted(&self, name: &str, branch: &str, stood: &str) {
        let now = self.clock.now();
        for number in self.open_with_head(name, branch) {
            if let Some(pull) = self.world().place(name).pulls.get_mut(&number) {
                pull.open = false;
                (pull.ended, pull.frozen) = (Some(now), Some(stood.to_owned()));
            }
            self.tell(name, number, "closed");
        }
    }

    fn open_with_head(&self, name: &str, branch: &str) -> Vec<u64> {
        let mut world = self.world();
        let pulls = world.place(name).pulls.iter();
        pulls.filter(|(_, pull)| pull.open && pull.head == branch).map(|(n, _)| *n).collect()
    }

    fn tell(&self, name: &str, number: u64, action: &str) {
        let pull = self.pull_json(name, number, true);
        let payload = json!({"action": action, "number": number, "pull_request": pull});
        self.send(name, "pull_request", payload);
    }

    fn tell_push(&self, name: &str, branch: &str, commit: &str) {
        let payload =
            json!({"ref": format!("refs/heads/{branch}"), "after": commit, "deleted": false});
        self.send(name, "push", payload);
    }

    /// How a pull request is described; in a list some things are left out.
    fn pull_json(&self, name: &str, number: u64, whole: bool) -> Value {
        let git = self.git(name);
        let mut world = self.world();
        let place = world.place(name);
        let url = format!("{}/pull/{number}", self.html_url(&place.name));
        let Some(pull) = place.pulls.get(&number) else { return Value::Null };
        let head = pull.frozen.clone().or_else(|| git.branch(&pull.head)).unwrap_or_default();
        let ended = pull.ended.map(|at| at.to_string());
        let mut json = json!({
            "number": number,
            "html_url": url,
            "state": if pull.open { "open" } else { "closed" },
            "title": pull.title,
            "body": pull.body,
            "draft": pull.draft,
            "head": {"ref": pull.head, "sha": head},
            "base": {"ref": pull.base},
            "closed_at": ended,
            "merged_at": pull.merged.as_ref().and(ended.as_ref()),
            "merge_commit_sha": pull.merged,
        });
        if whole {
            let base = git.branch(&pull.base).unwrap_or_default();
            let tried =
                || git.run(["merge-tree", "--write-tree", "--no-messages", &base, &head]).ok;
            json["merged"] = pull.merged.is_some().into();
            json["mergeable"] = if pull.open { tried().into() } else { Value::Null };
        }
        json
    }
}

//! Which request is which, and what it needs.

use http::Method;
use serde_json::Value;

use super::Shared;
use super::reply::Reply;

/// A request, taken apart.
pub(super) struct Request {
    pub(super) method: Method,
    /// Without its query.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) bearer: String,
    pub(super) raw: bool,
    pub(super) body: Value,
}

impl Request {
    /// A parameter of the query, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| decoded(value))
        })
    }
}

impl Shared {
    /// The answer to a request, as if nothing went wrong.
    pub(super) fn answer(&self, request: &Request) -> Reply {
        let path = decoded(&request.path);
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        if let ["app", "installations", id, "access_tokens"] = parts.as_slice() {
            return self.mint(&request.bearer, id, &request.body);
        }
        let ["repos", owner, name, rest @ ..] = parts.as_slice() else {
            return Reply::not_found();
        };
        let name = format!("{owner}/{name}");
        if rest == ["installation"] {
            return self.installation(&request.bearer, &name);
        }
        let Some(needs) = needs(&request.method, rest) else { return Reply::not_found() };
        if let Err(reply) = self.may(&request.bearer, &name, needs) {
            return reply;
        }
        if !self.world().repositories.contains_key(&name.to_ascii_lowercase()) {
            return Reply::not_found();
        }
        self.act(request, &name, rest)
    }

    fn act(&self, request: &Request, name: &str, rest: &[&str]) -> Reply {
        let body = &request.body;
        match (request.method.as_str(), rest) {
            ("GET", []) => self.about(name),
            ("GET", ["git", "ref", rest @ ..]) => self.read_ref(name, &rest.join("/")),
            ("POST", ["git", "refs"]) => self.create_ref(name, body),
            ("DELETE", ["git", "refs", rest @ ..]) => self.delete_ref(name, &rest.join("/")),
            ("GET", ["git", "commits", id]) => self.read_commit(name, id),
            ("POST", ["git", "commits"]) => self.create_commit(name, body),
            ("GET", ["git", "trees", id]) => {
                self.read_tree(name, id, request.parameter("recursive").is_some())
            }
            ("POST", ["git", "trees"]) => self.create_tree(name, body),
            ("GET", ["git", "blobs", id]) => self.read_blob(name, id, request.raw),
            ("POST", ["git", "blobs"]) => self.create_blob(name, body),
            ("GET", ["compare", rest @ ..]) => self.compare(name, &rest.join("/")),
            ("GET", ["pulls"]) => self.list_pulls(name, request),
            ("POST", ["pulls"]) => self.create_pull(name, body),
            ("GET", ["pulls", number]) => self.read_pull(name, number.parse().unwrap_or(0)),
            ("PATCH", ["pulls", number]) => self.edit_pull(name, number.parse().unwrap_or(0), body),
            ("PUT", ["pulls", number, "merge"]) => {
                self.merge_pull(name, number.parse().unwrap_or(0), body)
            }
            _ => Reply::not_found(),
        }
    }
}

/// The permission that a request below a repository needs; `None`: there is no such request.
fn needs(method: &Method, rest: &[&str]) -> Option<(&'static str, &'static str)> {
    let write = *method != Method::GET;
    let level = if write { "write" } else { "read" };
    match rest {
        [] if !write => Some(("metadata", "read")),
        ["git", ..] => Some(("contents", level)),
        ["compare", ..] if !write => Some(("contents", "read")),
        // Merging is a write of content, not of the pull request.
        ["pulls", _, "merge"] if write => Some(("contents", "write")),
        ["pulls", ..] => Some(("pull_requests", level)),
        _ => None,
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

//! `.leviathan/contract.yaml` (CONTRACT 4.3): what a repository says of itself. Shown, never decided
//! upon. Three shapes are in use, and any key may be missing; what has another form than expected is
//! left out, for no task hangs on it.

use serde::Serialize;

use crate::fact::FileProblem;
use crate::yaml::{Document, Node};

/// What is known of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// Its id, where it names one.
    pub target_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it lives.
    pub repo_url: Option<String>,
    /// The branch that changes go to.
    pub default_branch: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The contract's own version.
    pub version: Option<String>,
    /// When a change is done.
    pub definition_of_done: Vec<String>,
    /// What must hold for every change.
    pub constraints: Vec<String>,
    /// What work belongs here; a list of scopes in one of the shapes.
    pub in_scope: Vec<String>,
    /// What does not.
    pub out_of_scope: Vec<String>,
    /// What a reviewer looks at.
    pub quality_gates: Vec<String>,
}

/// Reads a contract file; `file` is what problems call it. An empty file says nothing.
pub fn parse(file: &str, text: &str) -> Result<Contract, FileProblem> {
    let document = Document::parse(file, text)?;
    let root = &document.root;
    if root.is_null() {
        return Ok(Contract::default());
    }
    if root.as_mapping().is_none() {
        return Err(document.wrong(root, "the file", "a mapping with `name` and `description`"));
    }
    let text = |ways: &[&[&str]]| {
        let found = ways.iter().find_map(|way| at(root, way)?.as_text().map(str::to_owned));
        found.filter(|text| !text.trim().is_empty())
    };
    let list = |ways: &[&[&str]]| {
        let node = ways.iter().find_map(|way| at(root, way).filter(|node| !node.is_null()));
        node.map(texts).unwrap_or_default()
    };
    Ok(Contract {
        target_id: text(&[&["target_id"]]),
        name: text(&[&["name"], &["repository", "name"]]),
        description: text(&[&["description"], &["repository", "description"], &["purpose"]]),
        repo_url: text(&[&["repo_url"], &["repository", "url"]]),
        default_branch: text(&[&["default_branch"], &["repository", "default_branch"]]),
        owner: text(&[&["owner"]]),
        version: text(&[&["versioning", "contract_version"], &["version"]]),
        definition_of_done: list(&[&["definition_of_done"]]),
        constraints: list(&[&["safety", "constraints"]]),
        in_scope: list(&[&["scope", "in_scope"], &["scopes"]]),
        out_of_scope: list(&[&["scope", "out_of_scope"]]),
        quality_gates: list(&[&["quality_gates"]]),
    })
}

/// The node at the end of these keys.
fn at<'n>(root: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().try_fold(root, |node, key| node.get(key))
}

/// A list's texts, or one text; of a mapping in the list its name.
fn texts(node: &Node) -> Vec<String> {
    if let Some(text) = node.as_text() {
        return vec![text.to_owned()];
    }
    let text = |item: &std::rc::Rc<Node>| {
        item.as_text().or_else(|| item.get("name")?.as_text()).map(str::to_owned)
    };
    node.as_sequence().unwrap_or_default().iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::{Contract, parse};

    fn read(text: &str) -> Contract {
        parse("contract.yaml", text).unwrap()
    }

    #[test]
    fn the_first_shape_is_read() {
        let contract = read(
            "name: Ship\npurpose: carries\ndefinition_of_done: [built, tested]\nsafety:\n  output_mode: pr_only\n  human_approval_required: true\n  constraints: [no surprise]\nscope: {in_scope: [a], out_of_scope: [b, c]}\nquality_gates: [{name: lint, x: 1}]\nversioning: {contract_version: 1.2}\n",
        );
        assert_eq!(contract.name.as_deref(), Some("Ship"));
        assert_eq!(contract.description.as_deref(), Some("carries"));
        assert_eq!(contract.definition_of_done, ["built", "tested"]);
        assert_eq!(contract.constraints, ["no surprise"]);
        assert_eq!((contract.in_scope.len(), contract.out_of_scope.len()), (1, 2));
        assert_eq!(contract.quality_gates, ["lint"]);
        assert_eq!(contract.version.as_deref(), Some("1.2"));
    }

    #[test]
    fn the_second_shape_is_read() {
        let contract = read(
            "version: 1\nrepository: {name: ship, description: d, default_branch: trunk}\nleviathan: {max_open_prs: 1}\nscopes: [docs, tests]\n",
        );
        assert_eq!(contract.name.as_deref(), Some("ship"));
        assert_eq!(contract.default_branch.as_deref(), Some("trunk"));
        assert_eq!(contract.in_scope, ["docs", "tests"]);
        assert_eq!(contract.version.as_deref(), Some("1"));
    }

    #[test]
    fn the_third_shape_is_read() {
        let contract = read(
            "target_id: ship\nname: Ship\nrepo_url: https://forge.invalid/a/b\ndefault_branch: main\ndescription: d\nowner: crew\ncreated_at: 2026-01-01\n",
        );
        assert_eq!(contract.target_id.as_deref(), Some("ship"));
        assert_eq!(contract.repo_url.as_deref(), Some("https://forge.invalid/a/b"));
        assert_eq!(contract.owner.as_deref(), Some("crew"));
    }

    #[test]
    fn what_is_odd_is_left_out_and_what_is_broken_is_named() {
        assert_eq!(read(""), Contract::default());
        assert_eq!(read("name: [a]\nscope: x\nquality_gates: {a: b}\n"), Contract::default());
        let problem = parse("contract.yaml", "- a\n").unwrap_err().to_string();
        assert!(problem.contains("contract.yaml:1: `the file` is a list"), "{problem}");
        assert!(parse("contract.yaml", "a: [\n").unwrap_err().to_string().contains("not YAML"));
    }
}

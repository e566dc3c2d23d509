//! The tree: what it reads and where it says that things stand.

use super::{Document, Node};

fn tree(text: &str) -> Node {
    Document::parse("f.yaml", text).unwrap().root
}

#[test]
fn a_node_knows_its_place() {
    let text = "# ü\r\ntasks:\r\n  - id: ünï  # x\r\n    ready: 'yes'\r\n    status:\r\n  - {id: b, n: [1]}\r\n";
    let root = tree(text);
    let items = root.get("tasks").unwrap().as_sequence().unwrap();
    let places: Vec<_> = items
        .iter()
        .flat_map(|item| item.as_mapping().unwrap())
        .map(|entry| {
            (entry.key.line, entry.key.column, text.get(entry.value.bytes.clone()).unwrap())
        })
        .collect();
    let expected = [(3, 4, "ünï"), (4, 4, "'yes'"), (5, 4, ""), (6, 5, "b"), (6, 12, "[1]")];
    assert_eq!(places, expected);
}

#[test]
fn nothing_is_not_a_text_and_a_quoted_null_is() {
    let root = tree("a: null\nb: ~\nc:\nd: 'null'\ne: !!str null\n");
    for (key, expected) in
        [("a", None), ("b", None), ("c", None), ("d", Some("null")), ("e", Some("null"))]
    {
        assert_eq!(root.get(key).unwrap().as_text(), expected, "{key}");
    }
}

#[test]
fn own_keys_stand_before_merged_ones() {
    let root = tree("base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\none: {<<: [*b, *m], x: 5}\n");
    let one = root.get("one").unwrap();
    let values: Vec<_> =
        ["x", "y", "z", "w"].iter().map(|key| one.get(key).and_then(Node::as_text)).collect();
    assert_eq!(values, [Some("5"), Some("2"), Some("4"), None]);
}

#[test]
fn the_same_in_another_layout_says_the_same() {
    let one = tree("a: 'x'\nb: [1, {c: ~}]\n");
    for (text, same) in [
        ("{a: \"x\", b: [1, {c: ~}]} # note", true),
        ("a: 'x'\nb:\n- 1\n- c: ~\n", true),
        ("a: x\nb: [1, {c: ~}]\n", false),
        ("b: [1, {c: ~}]\na: 'x'\n", false),
        ("a: 'x'\nb: [1, {c: ~}, 2]\n", false),
        ("a: 'x'\nb: [1, {c: !!str ~}]\n", false),
        ("a: 'x'\nb: [1, [c]]\n", false),
    ] {
        assert_eq!(one.says_the_same(&tree(text)), same, "{text}");
    }
}

#[test]
fn a_node_ends_at_its_last_character() {
    for (value, written) in [
        ("'x ''y'''  # c", "'x ''y'''"),
        ("\"x \\\" # y\" # c", "\"x \\\" # y\""),
        ("plain words # c", "plain words"),
        ("[a, 'b'] # c]", "[a, 'b']"),
        ("[ # c]\n  ] # c", "[ # c]\n  ]"),
        ("{a: {b: }, c } # c}", "{a: {b: }, c }"),
        ("&x [] # c", "&x []"),
        ("&x 'y' # c", "&x 'y'"),
        ("!!str # c", "!!str"),
        ("# c", ""),
        ("", ""),
    ] {
        for (before, after) in [("k: ", "\n"), ("ü: 1\nk: ", "\nl: 'x'\n")] {
            let text = format!("{before}{value}{after}");
            let root = tree(&text);
            let node = root.get("k").unwrap();
            assert_eq!(text.get(node.bytes.clone()), Some(written), "{text}");
        }
    }
}

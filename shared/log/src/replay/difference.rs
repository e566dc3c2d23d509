//! The first difference of two states, as a path that a person can follow.

use leviathan_core::state::State;
use serde_json::Value;

/// A value is shown up to this many characters.
const SHOWN: usize = 120;

/// Where two states differ first, in the order of their bytes, such as
/// `targets.shop.tasks.x.status: "pending" / "completed"`; `None`: nowhere.
pub fn first_difference(left: &State, right: &State) -> Option<String> {
    // A state always serialises; if one did not, both would be null and their views still differ.
    let value = |state: &State| serde_json::to_value(state).unwrap_or_default();
    let mut path = Vec::new();
    let found = differ(&value(left), &value(right), &mut path)?;
    Some(format!("{}: {found}", path.join(".")))
}

fn differ(left: &Value, right: &Value, path: &mut Vec<String>) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let more = right.keys().filter(|key| !left.contains_key(*key));
            left.keys().chain(more).find_map(|key| inner(key, left.get(key), right.get(key), path))
        }
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len()))
            .find_map(|at| inner(&at.to_string(), left.get(at), right.get(at), path)),
        (left, right) => (left != right).then(|| format!("{} / {}", show(left), show(right))),
    }
}

fn inner(
    key: &str,
    left: Option<&Value>,
    right: Option<&Value>,
    path: &mut Vec<String>,
) -> Option<String> {
    path.push(key.to_owned());
    let found = match (left, right) {
        (Some(left), Some(right)) => differ(left, right, path),
        (Some(left), None) => Some(format!("{} / nothing", show(left))),
        (None, Some(right)) => Some(format!("nothing / {}", show(right))),
        (None, None) => None,
    };
    if found.is_none() {
        path.pop();
    }
    found
}

fn show(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(left: &Value, right: &Value) -> Option<String> {
        let mut path = Vec::new();
        let found = differ(left, right, &mut path);
        found.map(|found| format!("{}: {found}", path.join(".")))
    }

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let left = json!({ "events": 7, "targets": { "shop": { "tasks": { "x": "pending" } } } });
        let right =
            json!({ "events": 7, "targets": { "shop": { "tasks": { "x": "completed" } } } });
        let expected = "targets.shop.tasks.x: \"pending\" / \"completed\"";
        assert_eq!(at(&left, &right).as_deref(), Some(expected));
        assert_eq!(at(&left, &left), None);
    }

    #[test]
    fn what_stands_on_one_side_only_and_in_lists_is_found() {
        let table = [
            (json!({ "a": 1 }), json!({}), "a: 1 / nothing"),
            (json!({}), json!({ "a": [1] }), "a: nothing / [1]"),
            (json!({ "a": [1, 2] }), json!({ "a": [1] }), "a.1: 2 / nothing"),
            (
                json!({ "a": [1, { "b": null }] }),
                json!({ "a": [1, { "b": 0 }] }),
                "a.1.b: null / 0",
            ),
            (json!({ "a": 1, "b": 1 }), json!({ "a": 1, "b": "1" }), "b: 1 / \"1\""),
        ];
        for (left, right, expected) in table {
            assert_eq!(at(&left, &right).as_deref(), Some(expected));
        }
    }

    #[test]
    fn two_states_are_compared() {
        let left = State::default();
        let right = State { events: 1, ..State::default() };
        assert_eq!(first_difference(&left, &right).as_deref(), Some("events: 0 / 1"));
        assert_eq!(first_difference(&left, &left), None);
    }
}

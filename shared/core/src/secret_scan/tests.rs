//! What is found, where, and what stays when it is taken out.

use super::*;

#[test]
fn a_finding_names_rule_and_line() {
    let token = format!("{}_{}", "ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let text = format!("one\ntwo\n x = {token}\n");
    assert_eq!(scan("src/a.rs", text.as_bytes()), [Finding { line: 3, rule: "github_token" }]);
    assert_eq!(redact(&text), "one\ntwo\n x = [redacted:github_token]\n");
}

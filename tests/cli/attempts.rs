//! One attempt: its phases, refusals, artifacts, events, logs.

use leviathan_core::fact::Phase;
use serde_json::json;

use crate::story::task;
use crate::world::World;

#[test]
fn an_attempt_is_shown_from_the_pick_to_the_refusal() {
    let world = World::with_tasks(&[task("a")]);
    let attempt = world.pick();
    world.start(&attempt);
    world.phase(&attempt, Phase::Prepare, 420, b"cloned\n");
    world.phase(&attempt, Phase::Work, 61_250, b"wrote\n");
    world.refuse(&attempt);
    let id = attempt.as_str();
    let state = world.state();
    let policy = &state.attempts[&attempt].policy_digest.as_str()[..12];
    let base = &world.head().as_str()[..12].to_owned();
    assert_eq!(
        world.run(&["attempts", "show", id]).out(),
        format!(
            "\
attempt       a-ibpklz3fl7
task          a
target        shop
number        1 of generation 1
status        failed
result        1 file is outside the allowed paths
failure       scope_violation (class task)
picked        medium priority, waiting since 2026-03-01T12:00:00Z, nothing against it
created       2026-03-01 12:00:00Z
changed       2026-03-01 12:00:00Z
base          {base}
policy        {policy}

PHASE    STATE  TOOK    DETAIL
prepare  ended  0.4 s   prepare is through
work     ended  61.2 s  work is through

RULE                   PATH        REFUSED BECAUSE
outside_allowed_paths  src/lib.rs  the task allows docs/a.md

ARTIFACT     TYPE  BYTES  SHA256
prepare.log  log   7      07caad115ffb0e8360f7243501cede48aff84f6ea302c7b82b7af6ef0961ff8c
work.log     log   6      ace7c8a52c4c6bcc271abd74d43696b64e3da764172c552d5879a722c8bf3286

TIME                  COMMIT  EVENT              BY
2026-03-01 12:00:00Z  2       attempt.created    tick
2026-03-01 12:00:00Z  3       attempt.submitted  dispatch
2026-03-01 12:00:00Z  4       attempt.started    attempt:a-ibpklz3fl7
2026-03-01 12:00:00Z  5       attempt.progress   attempt:a-ibpklz3fl7
2026-03-01 12:00:00Z  6       artifact.created   attempt:a-ibpklz3fl7
2026-03-01 12:00:00Z  7       attempt.progress   attempt:a-ibpklz3fl7
2026-03-01 12:00:00Z  8       artifact.created   attempt:a-ibpklz3fl7
2026-03-01 12:00:00Z  9       attempt.failed     attempt:a-ibpklz3fl7
"
        )
    );
    let shown = world.json(&["attempts", "show", id]);
    assert_eq!(
        shown["phases"],
        json!([
            {"phase": "prepare", "state": "ended", "milliseconds": 420, "detail": "prepare is through"},
            {"phase": "work", "state": "ended", "milliseconds": 61250, "detail": "work is through"},
        ])
    );
    assert_eq!(shown["violations"][0]["path"], "src/lib.rs");
    assert_eq!(shown["artifacts"][1]["name"], "work.log");
    assert_eq!(shown["failure_class"], "task");
    let types: Vec<_> =
        shown["events"].as_array().unwrap().iter().map(|event| &event["event_type"]).collect();
    assert_eq!(types.first().unwrap().as_str(), Some("attempt.created"));
    assert_eq!(types.last().unwrap().as_str(), Some("attempt.failed"));
}

#[test]
fn logs_come_whole_one_after_the_other_or_by_phase() {
    let world = World::with_tasks(&[task("a")]);
    let attempt = world.pick();
    let id = attempt.as_str();
    world.start(&attempt);
    let none = world.run(&["attempts", "logs", id]);
    assert_eq!(none.code, 4);
    assert!(none.stderr.contains("look again then"), "{}", none.stderr);
    world.phase(&attempt, Phase::Work, 5, b"\x1b[32mone\x1b[0m 50%\rtwo\n");
    world.phase(&attempt, Phase::Check, 5, b"ran 1\n");
    world.store(&attempt, "check", "check-1.log", b"ok\n");
    assert_eq!(
        world.run(&["attempts", "logs", id]).out(),
        "==> work.log (21 bytes) <==\none 50%\ntwo\n==> check.log (6 bytes) <==\nran 1\n\
         ==> check-1.log (3 bytes) <==\nok\n"
    );
    assert_eq!(world.run(&["attempts", "logs", id, "--phase", "work"]).out(), "one 50%\ntwo\n");
    let logs = world.json(&["attempts", "logs", id, "--phase", "check"]);
    assert_eq!(logs["logs"][1]["text"], "ok\n");
    assert_eq!(logs["logs"][1]["artifact_type"], "check");
    assert_eq!(world.run(&["attempts", "logs", id, "--phase", "gate"]).code, 4);
    assert_eq!(world.run(&["attempts", "logs", id, "--phase", "lunch"]).code, 2);
}

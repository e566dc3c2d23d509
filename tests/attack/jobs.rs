//! Attacks from within a whole Job.

use leviathan_core::fact::Phase;
use leviathan_core::ports::cluster::JobStatus;

use crate::job_world::run;
use crate::world::World;

const SOURCE: &[(&str, &str)] = &[("src/lib.txt", "one\n"), ("README", "read me\n")];

#[test]
fn an_honest_tool_s_change_arrives_whole() {
    let world = World::with(SOURCE)
        .tool(&["sh", "-c", "echo two >> src/lib.txt"])
        .invariant("has two", &["grep", "-q", "two", "src/lib.txt"]);
    let done = run(&world);
    assert_eq!(done.status, JobStatus::Completed, "{}", done.logs());
    assert!(done.checked().is_some(), "{}", done.logs());
    assert_eq!(done.paths(), ["src/lib.txt"], "{}", done.logs());
    done.assert_token_is_nowhere();
    assert!(done.result(Phase::Check).is_some());
}

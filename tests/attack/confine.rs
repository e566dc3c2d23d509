//! Attacks on the confinement alone, without phases.

use leviathan_confine::{ConfineError, Ending};

use crate::sandbox::{Sandbox, lacks_landlock, somebody_runs};

/// A text that no other process has in its command line.
fn mark(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

#[test]
fn a_command_gets_its_input_and_its_exit_code_comes_back() {
    let sandbox = Sandbox::new();
    let input = "line\n".repeat(100_000);
    let stop = leviathan_confine::StopToken::new();
    let script = "wc -c; echo problem >&2; exit 3";
    let ended = sandbox.run_until("sh", &["-c", script], input.as_bytes(), &stop).unwrap();
    assert_eq!(ended.ending, Ending::Exited(3), "{}", sandbox.output());
    assert_eq!(sandbox.output(), "500000\nproblem\n");
    assert!(!ended.output_cut);
}

#[test]
fn a_program_that_does_not_exist_is_told_apart_from_one_that_fails() {
    let sandbox = Sandbox::new();
    let error = sandbox.run("no-such-program", &[]).unwrap_err();
    assert!(matches!(error, ConfineError::NotStarted { .. }), "{error}");
}

#[test]
fn the_environment_holds_only_what_was_given() {
    let sandbox = Sandbox::new();
    sandbox.sh("env | sed 's/=.*//' | sort | tr '\\n' ' '");
    for name in sandbox.output().split_whitespace() {
        let expected =
            ["HOME", "LANG", "PATH", "PWD", "TMPDIR", "LEVIATHAN_CONFINED", "_", "SHLVL"];
        let toolchain =
            name.ends_with("_HOME") || name.ends_with("_ROOT") || name.ends_with("_DIR");
        assert!(expected.contains(&name) || toolchain, "{name} was inherited");
    }
}

#[test]
fn nothing_outside_the_writable_folder_can_be_written_or_read() {
    if lacks_landlock() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.sh("echo broken > ../victim; ln ../victim mine; mv ../victim .; rm -f ../victim; \
                cat ../home/.ssh/id_ed25519; ln -s ../home/.ssh/id_ed25519 link; cat link; \
                cat /etc/shadow; ls ../home; echo x > ../new; chmod 777 ..; true");
    assert_eq!(sandbox.victim(), "untouched", "Landlock's write rules: {}", sandbox.output());
    assert!(!sandbox.root().join("new").exists(), "Landlock's make rules");
    assert!(!sandbox.output().contains("private key"), "Landlock's read rules");
    assert!(!sandbox.output().contains("root:"), "hidden /etc/shadow");
}

#[test]
fn a_fork_that_outlives_its_parent_is_dead_when_run_returns() {
    let sandbox = Sandbox::new();
    let mark = mark("outlives");
    let script = format!(
        "import os,sys,time\n\
         if os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  \
         os.execvp('sh', ['sh', '-c', 'trap \"\" TERM HUP; while :; do sleep 1; done', '{mark}'])\n \
         os._exit(0)\n\
         time.sleep(0.3)"
    );
    let ended = sandbox.python(&script);
    assert_eq!(ended.ending, Ending::Exited(0), "{}", sandbox.output());
    assert!(!somebody_runs(&mark), "pid namespace, or adoption and sweep");
    assert!(ended.survivors_killed >= 1, "{ended:?}");
}

#[test]
fn when_time_is_over_the_whole_tree_is_killed() {
    let mut sandbox = Sandbox::new();
    sandbox.limits.time = std::time::Duration::from_millis(700);
    let mark = mark("over-time");
    let script =
        format!("nohup sh -c 'trap \"\" TERM; sleep 1000' {mark} & setsid sleep 1000 & wait");
    let ended = sandbox.sh(&script);
    assert_eq!(ended.ending, Ending::TimedOut);
    assert!(!somebody_runs(&mark), "kill of the whole tree");
}

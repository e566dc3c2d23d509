//! work: the tool that policy names, in bounds.

use std::fs;
use std::os::unix::fs::symlink;

use leviathan_core::fact::FailureClass;
use leviathan_core::policy::Tool;
use leviathan_core::task::TaskDefinition;

use crate::world::{World, command, write};

fn builtin(tool: Tool, allowed: &[&str]) -> World {
    let mut world = World::with(&[("README.md", "# r\n")]).allowing(allowed);
    world.set_tool(tool);
    world.pass("prepare");
    world
}

fn text(world: &World, path: &str) -> String {
    fs::read_to_string(world.workspace(path)).expect("a file of the workspace")
}

/// Runs work once more, as another attempt on the same workspace would.
fn again(world: &World) {
    fs::remove_dir_all(world.path("job/phases/work")).expect("the phase's folder");
}

#[test]
fn a_command_gets_its_task_twice_and_changes_the_workspace() {
    let script =
        "cat > src/stdin.json; printf %s \"$LEVIATHAN_TASK\" > src/variable.json; echo done";
    let world = World::with(&[("src/a", "1")]).tool(&["sh", "-c", script]);
    world.pass("prepare");
    let ended = world.pass("work");
    for file in ["src/stdin.json", "src/variable.json"] {
        let task: TaskDefinition = serde_json::from_str(&text(&world, file)).unwrap();
        assert_eq!(task, world.job.task, "{file}");
    }
    assert!(ended.log.contains("done\n"), "the output is in the phase's log: {}", ended.log);
    assert!(!ended.result.skeleton);
}

#[test]
fn a_command_sees_only_the_variables_that_policy_names() {
    let mut world = World::with(&[("src/a", "1")]);
    let mut tool = command(&["sh", "-c", "env > src/env"]);
    tool.env = ["NAMED", "MISSING", "LEVIATHAN_SETTING"].map(str::to_owned).to_vec();
    world.set_tool(Tool::Command(tool));
    for (name, value) in [("NAMED", "n1"), ("UNNAMED", "u1"), ("LEVIATHAN_SETTING", "l1")] {
        world.variables.insert(name.to_owned(), value.to_owned());
    }
    world.pass("prepare");
    let ended = world.pass("work");
    let seen = text(&world, "src/env");
    assert!(seen.contains("NAMED=n1\n"), "{seen}");
    assert!(!seen.contains("u1") && !seen.contains("l1"), "{seen}");
    let home = format!("HOME={}\n", world.path("job/home").display());
    assert!(seen.contains(&home), "{seen}");
    assert!(ended.log.contains("MISSING") && ended.log.contains("LEVIATHAN_SETTING"));
    assert!(!ended.log.contains("n1"), "values are never printed: {}", ended.log);
}

#[test]
fn a_command_may_commit_in_its_workspace_and_the_files_count_all_the_same() {
    let script = "echo 2 > src/a && git add --all && git commit --quiet --message=generated";
    let world = World::with(&[("src/a", "1")]).tool(&["sh", "-c", script]);
    world.pass("prepare");
    world.pass("work");
    world.pass("gate");
    let diff = world.diff().expect("a change");
    assert_eq!(diff.files.iter().map(|file| &file.path).collect::<Vec<_>>(), ["src/a"]);
}

#[test]
fn a_command_that_fails_or_takes_too_long_fails_the_task() {
    let world = World::with(&[("src/a", "1")]).tool(&["sh", "-c", "echo why >&2; exit 3"]);
    world.pass("prepare");
    let ended = world.fail("work", "command_failed");
    assert_eq!(ended.result.class, Some(FailureClass::Task));
    assert!(ended.result.summary.contains("exit code 3"), "{}", ended.result.summary);
    assert!(ended.log.contains("why\n"));

    let mut world = World::with(&[("src/a", "1")]);
    let mut slow = command(&["sleep", "600"]);
    slow.time_limit_seconds = 1;
    world.set_tool(Tool::Command(slow));
    world.pass("prepare");
    world.fail("work", "command_timed_out");
}

#[test]
fn a_command_that_is_not_there_is_not_the_tasks_fault() {
    let world = World::with(&[("src/a", "1")]).tool(&["no-such-program-anywhere"]);
    world.pass("prepare");
    let ended = world.fail("work", "command_not_started");
    assert_eq!(ended.result.class, Some(FailureClass::Policy));
}

#[test]
fn a_command_stays_within_workspace_and_home() {
    if !leviathan_confine::available_with(leviathan_tests::programs::executor()).confines_files() {
        return;
    }
    let world = World::with(&[("src/a", "1")]);
    let outside = world.path("outside/file");
    write(&outside, b"theirs");
    let script = format!(
        "echo x > '{0}'; cat '{0}' > src/read; echo x > ../base.git/HEAD; echo x > ../job.json; \
         echo x > \"$HOME/own\" && echo x > \"$TMPDIR/own\" && echo ok > src/end",
        outside.display()
    );
    let world = world.tool(&["sh", "-c", &script]);
    world.pass("prepare");
    let before = fs::read(world.path("job/base.git/HEAD")).unwrap();
    world.pass("work");
    assert_eq!(text(&world, "src/end"), "ok\n");
    assert_eq!(text(&world, "src/read"), "");
    assert_eq!(fs::read(&outside).unwrap(), b"theirs");
    assert_eq!(fs::read(world.path("job/base.git/HEAD")).unwrap(), before);
}

#[test]
fn a_scope_without_a_tool_is_refused_by_policy() {
    let mut world = World::with(&[("src/a", "1")]);
    world.job.task.scope = "unknown-scope".to_owned();
    world.pass("prepare");
    let ended = world.fail("work", "scope_not_in_policy");
    assert_eq!(ended.result.class, Some(FailureClass::Policy));
    assert!(ended.result.summary.contains("unknown-scope"));
}

#[test]
fn docs_writes_a_skeleton_once() {
    let world = builtin(Tool::Docs, &["docs/"]);
    let ended = world.pass("work");
    assert!(ended.result.skeleton);
    let first = text(&world, "docs/T_1.md");
    assert!(first.starts_with("# A task\n") && first.contains("- It works\n"), "{first}");
    again(&world);
    let ended = world.pass("work");
    assert!(ended.result.summary.contains("unchanged"), "{}", ended.result.summary);
    assert_eq!(text(&world, "docs/T_1.md"), first);
    world.pass("gate");
    assert_eq!(world.facts().paths, ["docs/T_1.md"]);
}

#[test]
fn tests_writes_python_that_python_reads_and_that_does_not_pass() {
    let mut world = builtin(Tool::Tests, &["tests/"]);
    world.job.task.acceptance_criteria =
        ["Says \"\"\"hello\"\"\"", "Says hello", "back\\slash\nand line", "日本"]
            .map(str::to_owned)
            .to_vec();
    let ended = world.pass("work");
    assert!(ended.result.skeleton);
    let file = world.workspace("tests/test_t_1.py");
    let module = "import sys, types, ast\n\
        pytest = types.ModuleType('pytest')\n\
        pytest.mark = types.SimpleNamespace(skip=lambda reason: (lambda f: f))\n\
        sys.modules['pytest'] = pytest\n\
        names = {}\n\
        exec(compile(open(sys.argv[1], encoding='utf-8').read(), 'x', 'exec'), names)\n\
        tests = [f for n, f in names.items() if n.startswith('test_')]\n\
        assert len(tests) == 4, tests\n\
        assert tests[0].__doc__ == 'Says \"\"\"hello\"\"\"', tests[0].__doc__\n\
        for test in tests:\n\
        \x20   try: test()\n\
        \x20   except NotImplementedError: continue\n\
        \x20   raise SystemExit('a skeleton passed')\n";
    let python = std::process::Command::new("python3").args(["-c", module]).arg(file).output();
    let python = python.expect("the tests need Python 3");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
}

#[test]
fn a_builtin_refuses_what_it_may_not_write() {
    // A folder needs its slash.
    let world = builtin(Tool::Docs, &["docs"]);
    let ended = world.fail("work", "tool_refused");
    assert!(ended.result.summary.contains("outside allowed_paths"), "{}", ended.result.summary);
    assert!(!world.workspace("docs").exists());

    let world = builtin(Tool::Docs, &["../docs/"]);
    world.fail("work", "tool_refused");
    assert!(!world.path("job/docs").exists());

    // A person's work is not replaced.
    let world = builtin(Tool::Docs, &["README.md"]);
    world.fail("work", "tool_refused");
    assert_eq!(text(&world, "README.md"), "# r\n");

    // A link in the base leads nowhere.
    let world = World::with(&[("a", "1")]).allowing(&["docs/"]);
    symlink(world.path("outside"), world.source().join("docs")).unwrap();
    let mut world = world.committed();
    world.set_tool(Tool::Docs);
    world.pass("prepare");
    world.fail("work", "tool_refused");
    assert_eq!(fs::read_dir(world.path("outside")).unwrap().count(), 0);
}

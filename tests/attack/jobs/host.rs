//! Attacks on the machine: other files, other processes, the target repository, the token.

use std::fs;
use std::path::Path;

use leviathan_core::fact::Phase;
use leviathan_core::policy::Tool;

use super::{SOURCE, seen, tool};
use crate::job_world::{TOKEN, run, state};
use crate::sandbox::{lacks_landlock, somebody_runs};
use crate::world::{World, command};

/// Everything beneath a folder: path and content.
fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(everything(&path));
        } else {
            found.push((path.to_string_lossy().into_owned(), fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_outside_the_workspace_is_written_and_no_key_is_read() {
    if lacks_landlock() {
        return;
    }
    let world = World::with(SOURCE);
    fs::create_dir_all(world.path("home/.ssh")).unwrap();
    fs::write(world.path("home/.ssh/id_ed25519"), "private-key").unwrap();
    fs::create_dir_all(state(&world)).unwrap();
    fs::write(state(&world).join("signing-key"), "signing-key-of-the-log").unwrap();
    fs::create_dir_all(state(&world).join("jobs/another/logs")).unwrap();
    fs::write(state(&world).join("jobs/another/end.json"), "{}").unwrap();
    fs::write(state(&world).join("jobs/another/logs/work.log"), "log-of-another").unwrap();
    fs::write(world.path("outside/file"), "untouched").unwrap();
    let (outside, source) = (world.path("outside"), world.source());
    let before = (everything(&outside), everything(&source));
    let script = format!(
        "for to in ../outside ../../outside ../job.json ../gate/diff ../gate/facts.json \
            ../report/claimed ../phases/gate/result.json ../phases/work/result.json ../end.json \
            ../base.git/HEAD {outside}/new {outside}/file {source}/README {source}/.git/config \
            {source}/.git/refs/heads/main {state}/log; do echo broken > $to && echo WROTE $to >> src/seen; done
         git -C {source} branch mischief; git -C {source} commit --allow-empty -m mischief
         rm -rf {outside} {source} {state}; mv ../workspace ../elsewhere; ln -s /etc ../workspace2
         cat {home}/.ssh/id_ed25519 {state}/signing-key {state}/jobs/another/logs/work.log \
            ../phases/work/result.json >> src/seen; ls {state} {state}/jobs >> src/seen; echo end >> src/seen",
        outside = outside.display(),
        source = source.display(),
        state = state(&world).display(),
        home = world.path("home").display(),
    );
    let done = run(world.tool(&["sh", "-c", &script]));
    let seen = seen(&done);
    assert_eq!(seen, "end\n", "Landlock: {}", done.logs());
    assert_eq!(everything(&outside), before.0, "Landlock's write rules");
    assert_eq!(everything(&source), before.1, "the target repository is not even readable");
    assert!(!done.folder.join("workspace2").exists(), "the Job's folder itself is not writable");
}

#[test]
fn the_attempt_s_token_is_found_nowhere() {
    let hunt = "\
import glob, os
found = []
for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline') + \
        glob.glob('/proc/[0-9]*/task/*/environ') + glob.glob('/proc/[0-9]*/fd/*') + \
        glob.glob(os.getcwd() + '/../**', recursive=True):
    try:
        if os.path.isfile(path) or path.startswith('/proc'):
            if b'attempt-' + b'token-that-stays' in (open(path, 'rb', opener=lambda p, f: os.open(p, f | os.O_NONBLOCK)).read(1 << 20) or b''):
                found.append(path)
    except OSError: pass
open('src/seen', 'w').write(repr(found) + repr([k for k in os.environ if 'TOKEN' in k or 'POD' in k]))
";
    let world = World::with(SOURCE).tool(&["python3", "-c", hunt]).invariant(
        "hunts too",
        &["python3", "-c", &format!("{hunt}\nprint(open('src/seen').read())")],
    );
    let done = run(world);
    assert_eq!(seen(&done), "[][]", "report's own namespace, not dumpable: {}", done.logs());
    let check = fs::read_to_string(done.folder.join("check/tree/src/seen")).unwrap_or_default();
    assert_eq!(check, "[][]", "report's own namespace, not dumpable: {}", done.logs());
    let authorised = done.api.received().iter().all(|one| one.authorization.ends_with(TOKEN));
    assert!(authorised, "report itself has it");
    done.assert_token_is_nowhere();
}

#[test]
fn killing_everything_that_can_be_reached_ends_only_the_attempt() {
    let world = tool("kill -9 -1; kill -9 1 $PPID; sleep 1; kill -9 0");
    let mut outside = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let done = run(world);
    let alive = outside.try_wait().unwrap().is_none();
    outside.kill().unwrap();
    outside.wait().unwrap();
    assert!(alive, "pid namespace, or Landlock's scope for signals");
    assert!(done.checked().is_none(), "{}", done.logs());
    let told = done.api.events().iter().any(|(event_type, _)| event_type == "attempt.failed");
    assert!(told, "report is out of reach and tells of it: {}", done.logs());
}

#[test]
fn the_supervisor_can_not_be_traced_or_changed() {
    let program = "\
import ctypes, glob, os
libc = ctypes.CDLL(None, use_errno=True)
out = open('src/seen', 'w')
tried = 0
for path in glob.glob('/proc/[0-9]*'):
    pid = int(path[6:])
    if pid == os.getpid(): continue
    try: line = open(path + '/cmdline', 'rb').read()
    except OSError: continue
    if b'executor' not in line and b'confine' not in line: continue
    tried += 1
    for request in (16, 0x4206):
        if libc.ptrace(request, pid, 0, 0) == 0: print('WORKED ptrace', pid, file=out)
    for what in ('mem', 'environ', 'maps', 'fd/0', 'cwd/x', 'root/etc/passwd'):
        try: open(f'{path}/{what}', 'rb').read(1); print('WORKED', what, pid, file=out)
        except OSError: pass
print('tried', tried > 0, file=out)
";
    let done = run(World::with(SOURCE).tool(&["python3", "-c", program]));
    assert_eq!(seen(&done), "tried True\n", "not dumpable, and Landlock: {}", done.logs());
}

#[test]
fn a_fork_that_outlives_its_time_is_dead_when_the_next_phase_begins() {
    let mark = format!("outlives-job-{}", std::process::id());
    let script =
        format!("setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' {mark} & sleep 1000");
    let mut world = World::with(SOURCE);
    let mut slow = command(&["sh", "-c", &script]);
    slow.time_limit_seconds = 1;
    world.set_tool(Tool::Command(slow));
    let done = run(world);
    assert!(!somebody_runs(&mark), "kill of the whole tree");
    let failure = done.result(Phase::Work).and_then(|result| result.failure_type);
    assert_eq!(failure.as_deref(), Some("command_timed_out"), "{}", done.logs());
}

#[test]
fn a_flood_of_output_fills_neither_disk_nor_api() {
    let done = run(tool("head -c 300000000 /dev/zero | tr '\\0' x; echo two >> src/lib.txt"));
    let log = fs::metadata(done.folder.join("logs/work.log")).unwrap().len();
    assert!(log < 20 << 20, "output limit: {log}");
    assert_eq!(
        done.paths(),
        ["src/lib.txt"],
        "a loud tool is no failure: {}",
        done.log(Phase::Report)
    );
}

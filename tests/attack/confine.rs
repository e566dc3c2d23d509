//! Attacks on the confinement alone, without phases.

use leviathan_confine::{ConfineError, Ending, StopToken};

use crate::sandbox::{Sandbox, helper, isolation, lacks_landlock, somebody_runs};

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

#[test]
fn a_stop_token_ends_the_whole_tree() {
    let sandbox = Sandbox::new();
    let (mark, stop) = (mark("stopped"), StopToken::new());
    let script = format!("touch begun; setsid sh -c 'trap \"\" TERM; sleep 1000' {mark} & wait");
    let ended = std::thread::scope(|scope| {
        let run = scope.spawn(|| sandbox.run_until("sh", &["-c", &script], b"", &stop).unwrap());
        while !sandbox.job().join("begun").exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        stop.stop();
        run.join().unwrap()
    });
    assert_eq!(ended.ending, Ending::Stopped);
    assert!(!somebody_runs(&mark), "kill of the whole tree");
}

#[test]
fn a_fork_bomb_stays_within_its_limit_and_leaves_nothing() {
    let mut sandbox = Sandbox::new();
    sandbox.limits.processes = 100;
    let mark = mark("bomb");
    let ended = sandbox.run("sh", &["-c", FORK_BOMB, &mark]).unwrap();
    let refused = ended.ending != Ending::TimedOut;
    assert!(refused, "limit of processes: {ended:?}");
    assert!(!somebody_runs(&mark), "kill of the whole tree");
}

/// Doubles itself for ever; each keeps the mark in its command line.
const FORK_BOMB: &str = "while :; do sh -c \"sleep 30\" $0 & sh -c \"sleep 30; :\" $0 & done";

#[test]
fn memory_is_limited_for_the_whole_tree() {
    let mut sandbox = Sandbox::new();
    sandbox.limits.memory_bytes = 256 << 20;
    let ended = sandbox.python(
        "import os,time\n\
         for _ in range(8):\n \
         if os.fork() == 0:\n  kept = bytearray(os.urandom(1 << 20) * 64)\n  time.sleep(50)\n  os._exit(0)\n\
         time.sleep(50)",
    );
    assert_eq!(ended.ending, Ending::MemoryExceeded, "sum over the tree: {}", sandbox.output());
}

#[test]
fn a_flood_of_output_is_cut_and_noted() {
    let mut sandbox = Sandbox::new();
    sandbox.limits.output_bytes = 100_000;
    let ended = sandbox.sh("head -c 50000000 /dev/zero | tr '\\0' x");
    assert_eq!(ended.ending, Ending::Exited(0));
    assert!(ended.output_cut, "output limit");
    let output = sandbox.output();
    assert!(output.len() < 100_100, "{}", output.len());
    assert!(output.ends_with("[output cut here: 49900000 more bytes]\n"));
}

#[test]
fn a_file_can_not_grow_past_its_limit() {
    let mut sandbox = Sandbox::new();
    sandbox.limits.file_bytes = 1 << 20;
    sandbox.sh("head -c 200000000 /dev/zero > big; true");
    let size = std::fs::metadata(sandbox.job().join("big")).unwrap().len();
    assert!(size <= 1 << 20, "RLIMIT_FSIZE: {size}");
}

#[test]
fn processes_outside_can_not_be_signalled_or_traced_or_looked_into() {
    let mut outside = std::process::Command::new("sleep")
        .arg("1000")
        .env("SECRET_TOKEN", "the-token")
        .spawn()
        .unwrap();
    let pids = [outside.id(), std::process::id()];
    let mut seen = String::new();
    for pid in pids {
        let sandbox = Sandbox::new();
        sandbox.python(&format!(
            "import os,signal,ctypes\n\
             def attempt(name, act):\n\
             \x20try: print(name, 'WORKED', act())\n\
             \x20except Exception as problem: print(name, 'refused', type(problem).__name__)\n\
             libc = ctypes.CDLL(None, use_errno=True)\n\
             def ptrace():\n\
             \x20if libc.ptrace(16, {pid}, 0, 0) != 0: raise OSError('ptrace')\n\
             attempt('signal 0', lambda: os.kill({pid}, 0))\n\
             attempt('signal', lambda: os.kill({pid}, signal.SIGTERM))\n\
             attempt('ptrace', ptrace)\n\
             attempt('environ', lambda: open('/proc/{pid}/environ').read())\n\
             attempt('memory', lambda: open('/proc/{pid}/mem', 'rb'))\n\
             attempt('descriptors', lambda: os.readlink('/proc/{pid}/fd/0'))\n\
             attempt('root', lambda: os.listdir('/proc/{pid}/root/'))\n\
             print(open('/proc/{pid}/environ').read() if os.path.exists('/proc/{pid}') else '')"
        ));
        seen.push_str(&sandbox.output());
    }
    let alive = outside.try_wait().unwrap().is_none();
    outside.kill().unwrap();
    outside.wait().unwrap();
    if isolation().landlock < 6 && !isolation().namespaces {
        eprintln!("NOT RUN, this kernel lacks Landlock 6 and namespaces: {}", isolation());
        return;
    }
    assert!(alive, "pid namespace, or Landlock's scope for signals");
    assert!(!seen.contains("WORKED"), "pid namespace, or Landlock: {seen}");
    assert!(!seen.contains("the-token"), "pid namespace, or Landlock: {seen}");
    assert!(seen.contains("ptrace refused"), "the attack did not run: {seen}");
}

#[test]
fn the_helper_can_not_be_killed_or_looked_into_by_its_command() {
    let sandbox = Sandbox::new();
    let ended = sandbox.python(
        "import os,signal\n\
         for pid in (os.getppid(), 1):\n\
         \x20for what in ('mem', 'environ', 'fd/2'):\n\
         \x20\x20try: open(f'/proc/{pid}/{what}').read(1); print('WORKED', pid, what)\n\
         \x20\x20except Exception: pass\n\
         \x20try: os.kill(pid, signal.SIGKILL)\n\
         \x20except Exception: pass\n\
         print('still here')\n\
         raise SystemExit(7)",
    );
    let output = sandbox.output();
    assert!(!output.contains("WORKED"), "not dumpable, outside of the command's domain: {output}");
    assert_eq!(ended.ending, Ending::Exited(7), "process 1 or Landlock's scope: {output}");
}

#[test]
fn root_has_no_power_beyond_its_own_files() {
    let sandbox = Sandbox::new();
    sandbox.sh("grep -E '^(Cap|NoNewPrivs)' /proc/self/status");
    let output = sandbox.output();
    for set in ["Inh", "Prm", "Eff", "Amb"] {
        let line = format!("Cap{set}:\t0000000000000000");
        assert!(output.contains(&line), "capabilities are given up: {output}");
    }
    assert!(output.contains("NoNewPrivs:\t1"), "no setuid program helps: {output}");
}

#[test]
fn without_network_nothing_is_reached_and_with_namespaces_loopback_is_one_s_own() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connect = format!(
        "import socket\n\
         try: socket.create_connection(('127.0.0.1', {port}), 5); print('reached')\n\
         except OSError as problem: print('refused', problem)"
    );
    let mut sandbox = Sandbox::new();
    sandbox.python(&connect);
    assert_eq!(sandbox.output(), "reached\n", "with network");
    sandbox.network = false;
    sandbox.python(&connect);
    if isolation().landlock < 4 && !isolation().namespaces {
        eprintln!("NOT RUN, this kernel can't switch the network off: {}", isolation());
        return;
    }
    assert!(
        sandbox.output().starts_with("refused"),
        "network namespace, or Landlock 4: {}",
        sandbox.output()
    );
}

#[test]
fn killing_the_caller_ends_the_command() {
    let sandbox = Sandbox::new();
    let mark = mark("orphan");
    let mut caller = std::process::Command::new(helper())
        .args(["confine-forever", &mark])
        .arg(sandbox.job())
        .spawn()
        .unwrap();
    while !sandbox.job().join("begun").exists() {
        assert!(caller.try_wait().unwrap().is_none(), "the caller ended too early");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(somebody_runs(&mark));
    caller.kill().unwrap();
    caller.wait().unwrap();
    let gone = (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        !somebody_runs(&mark)
    });
    assert!(gone, "the helper watches its caller, the rest their parents");
}

#[test]
fn every_attack_on_the_confinement_is_also_held_without_namespaces() {
    // The variable says that a confinement of ours is around already: then only Landlock and the
    // sweep are used, as on a machine that forbids user namespaces.
    if std::env::var_os("LEVIATHAN_CONFINED").is_some() {
        return;
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["confine::", "--skip", "without_namespaces"])
        .env("LEVIATHAN_CONFINED", "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}{}", String::from_utf8_lossy(&again.stderr));
    assert!(said.contains("0 failed"), "{said}");
}

#[test]
fn the_machine_s_own_tools_work_inside() {
    let sandbox = Sandbox::new();
    let write = |path: &str, text: &str| {
        let path = sandbox.job().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    write("src/lib.rs", "#[test]\nfn passes() { assert!(std::env::temp_dir().is_dir()); }\n");
    let path = std::env::var_os("PATH").unwrap();
    let installed = |name| std::env::split_paths(&path).any(|folder| folder.join(name).exists());
    if installed("npm") {
        write("package.json", r#"{"name":"p","scripts":{"test":"node -e 'process.exit(0)'"}}"#);
        let ended = sandbox.sh("npm test");
        assert_eq!(ended.ending, Ending::Exited(0), "npm: {}", sandbox.output());
    } else {
        eprintln!("NOT RUN, there is no npm in this user's PATH");
    }
    if installed("cargo") {
        let ended = sandbox.sh("cargo test --offline 2>&1");
        assert_eq!(ended.ending, Ending::Exited(0), "cargo: {}", sandbox.output());
    } else {
        eprintln!("NOT RUN, there is no cargo in this user's PATH");
    }
    write(
        "test_one.py",
        "import tempfile, unittest\nclass One(unittest.TestCase):\n def test(self): tempfile.mkdtemp()\n",
    );
    let ended = sandbox.sh("python3 -m unittest test_one && git init -q r && git -C r status");
    assert_eq!(ended.ending, Ending::Exited(0), "python and git: {}", sandbox.output());
    if !isolation().namespaces || isolation().nested {
        eprintln!("NOT RUN, without namespaces there is no own /dev/shm: {}", isolation());
        return;
    }
    let ended = sandbox.python(
        "import multiprocessing as m\nif __name__ == '__main__':\n with m.get_context('fork').Pool(2) as p: print(p.map(abs, [-1]))",
    );
    assert_eq!(ended.ending, Ending::Exited(0), "/dev/shm: {}", sandbox.output());
}

#[test]
fn namespaces_are_used_wherever_this_user_may_make_them() {
    let unshare = std::process::Command::new("unshare")
        .args(["--user", "--map-current-user", "--pid", "--fork", "--mount-proc", "true"])
        .output();
    match unshare {
        Ok(output) if output.status.success() && !isolation().nested => {
            assert!(isolation().namespaces, "unshare can, we can't: {}", isolation());
        }
        Ok(output) => eprintln!("NOT RUN, no user namespaces here: {output:?}"),
        Err(error) => eprintln!("NOT RUN, the program unshare is missing: {error}"),
    }
}

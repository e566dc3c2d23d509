//! The same seed gives the same run, to the byte: else a failing seed could not be replayed.

use std::env;
use std::process::Command;

use leviathan_log::Rules;

use crate::seeds::replay;
use crate::world::run;

#[test]
fn the_same_seed_gives_the_same_trace() {
    let rules = Rules::default();
    for seed in 0..20 {
        let (first, second) = (run(seed, rules), run(seed, rules));
        assert!(first.trace.len() > 100, "seed {seed} did nothing");
        assert_eq!(first.trace.join("\n"), second.trace.join("\n"), "seed {seed}");
        assert_eq!(first.figures, second.figures, "seed {seed}");
    }
    assert_ne!(run(0, rules).trace, run(1, rules).trace);
}

/// Another process has other addresses, other hash seeds and another time; and this is the command
/// that a failing seed prints.
#[test]
fn the_same_seed_gives_the_same_trace_in_another_process() {
    for seed in [3, 17, 40] {
        let replay = replay(seed);
        let words: Vec<&str> = replay.split_whitespace().collect();
        let (variable, value) = words[0].split_once('=').expect("it begins with the variable");
        let at = words.iter().position(|word| *word == "simulation").expect("it names the suite");
        let output = Command::new(env::current_exe().expect("a test has a program"))
            .args(words[at + 1..].iter().filter(|word| **word != "--"))
            .env(variable, value)
            .output()
            .expect("this very program runs");
        assert!(output.status.success(), "seed {seed}: {output:?}");
        let printed = String::from_utf8(output.stdout).expect("a trace is text");
        let trace = run(seed, Rules::default()).trace.join("\n");
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let from = printed.find(trace.lines().next().expect("a trace has lines"));
        let printed = lines(&printed[from.expect("the trace is printed")..]);
        let trace = lines(&trace);
        assert_eq!(printed.get(..trace.len()), Some(&trace[..]), "seed {seed}");
    }
}

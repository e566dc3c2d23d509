//! What is found, where, and what stays when it is taken out.

mod corpus;

use proptest::prelude::*;

use self::corpus::{BASE62, Sample, random, token};
use super::*;

fn samples(expected: fn(&Sample) -> bool) -> Vec<Sample> {
    corpus::samples().into_iter().filter(expected).collect()
}

fn rules(sample: &Sample) -> Vec<&'static str> {
    scan(sample.file, sample.text.as_bytes()).into_iter().map(|finding| finding.rule).collect()
}

/// How good the net is, and that nobody makes it worse unseen. Whoever makes it better changes the
/// lists here.
#[test]
fn misses_and_false_alarms_are_the_known_ones() {
    let secrets = samples(|sample| sample.rule.is_some());
    let clean = samples(|sample| sample.rule.is_none());
    let missed = secrets.iter().filter(|sample| !rules(sample).contains(&sample.rule.unwrap()));
    let missed: Vec<&str> = missed.map(|sample| sample.name).collect();
    let alarms = clean.iter().filter(|sample| !rules(sample).is_empty());
    let alarms: Vec<&str> = alarms.map(|sample| sample.name).collect();

    println!("{} secrets, {} missed: {missed:?}", secrets.len(), missed.len());
    println!("{} clean texts, {} false alarms: {alarms:?}", clean.len(), alarms.len());
    assert_eq!(missed, corpus::KNOWN_MISSES);
    assert_eq!(alarms, corpus::KNOWN_FALSE_ALARMS);
    assert_eq!((secrets.len(), clean.len()), (50, 41));
}

#[test]
fn every_pattern_finds_something_in_the_corpus() {
    let secrets = samples(|sample| sample.rule.is_some());
    for (at, rule) in Compiled::all().iter().enumerate() {
        let finds = |sample: &Sample| rule.find(&sample.text).next().is_some();
        assert!(secrets.iter().any(finds), "pattern {at}, {}", rule.name());
    }
}

#[test]
fn what_is_found_is_taken_out_whole() {
    for sample in samples(|sample| sample.rule.is_some()) {
        if corpus::KNOWN_MISSES.contains(&sample.name) {
            continue;
        }
        let redacted = redact(&sample.text).into_owned();
        assert!(!redacted.contains(&sample.secret), "{}: {redacted}", sample.name);
        let named = format!("[redacted:{}]", sample.rule.unwrap());
        assert!(redacted.contains(&named), "{}: {redacted}", sample.name);
        assert_eq!(redact(&redacted), redacted, "{}", sample.name);
        assert_eq!(scan("run.log", redacted.as_bytes()), [], "{}: {redacted}", sample.name);
    }
}

#[test]
fn a_finding_names_rule_and_line() {
    let token = token(1);
    let text = format!("one\ntwo\n x = {token}; y = {token}\nz\n{token}");
    let found = |line| Finding { line, rule: "github_token" };
    assert_eq!(scan("src/a.rs", text.as_bytes()), [found(3), found(5)]);
    assert_eq!(scan(&format!("docs/{token}.md"), b""), [found(0)]);
    let taken_out = "one\ntwo\n x = [redacted:github_token]; y = [redacted:github_token]\nz\n\
                     [redacted:github_token]";
    assert_eq!(redact(&text), taken_out);
}

#[test]
fn utf16_and_broken_utf8_are_read() {
    let token = token(2);
    let units: Vec<u16> = format!("\u{feff}a\nb {token}\n").encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let broken = [b"\xff\x00\n\xc3 ", token.as_bytes(), b"\xff"].concat();
    for content in [little, big, broken] {
        let found = scan("a.txt", &content);
        assert_eq!(found, [Finding { line: 2, rule: "github_token" }]);
    }
}

#[test]
fn a_private_key_goes_whole_and_what_follows_stays() {
    let key = |label: &str| {
        let lines: Vec<String> = (0..20).map(|n| random(BASE62, 64, n)).collect();
        let dashes = "-".repeat(5);
        format!("{dashes}BEGIN {label}{dashes}\n{}\n{dashes}END {label}{dashes}", lines.join("\n"))
    };
    let key = key("OPENSSH PRIVATE KEY");
    let text = format!("before\n{key}\nafter it all\n");
    assert_eq!(redact(&text), "before\n[redacted:private_key]\nafter it all\n");
    // As a string in JSON, and cut off in the middle.
    let json = format!("{{\"key\": \"{}\", \"x\": 1}}", key.replace('\n', "\\n"));
    assert_eq!(redact(&json), "{\"key\": \"[redacted:private_key]\", \"x\": 1}");
    let cut = &key[..400];
    assert_eq!(redact(&format!("{cut} and so on")), "[redacted:private_key] and so on");
}

proptest! {
    /// Texts near to secrets: pieces of the corpus and of anything else, in any order.
    #[test]
    fn taken_out_once_is_taken_out(
        pieces in proptest::collection::vec((any::<prop::sample::Index>(), any::<String>(), 0_usize..40), 0..6),
    ) {
        let samples = corpus::samples();
        let mut text = String::new();
        for (at, other, cut) in pieces {
            let sample = &samples[at.index(samples.len())].text;
            text.extend(sample.chars().skip(cut));
            text.push_str(&other);
        }
        let redacted = redact(&text);
        prop_assert_eq!(&redact(&redacted), &redacted);
        prop_assert_eq!(scan("a.rs", redacted.as_bytes()), Vec::new());
    }

    #[test]
    fn any_bytes_are_scanned_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), path: String) {
        let _ = scan(&path, &bytes);
        let _ = redact(&String::from_utf8_lossy(&bytes));
    }
}

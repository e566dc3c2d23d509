//! Fuzzes `parsers/diff.rs`.
#![no_main]

#[path = "../parsers/diff.rs"]
mod diff;

libfuzzer_sys::fuzz_target!(|data: &[u8]| diff::check(data));

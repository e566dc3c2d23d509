//! Fuzzes `parsers/journal.rs`.
#![no_main]

#[path = "../parsers/journal.rs"]
mod journal;

libfuzzer_sys::fuzz_target!(|data: &[u8]| journal::check(data));

//! Fuzzes `parsers/commit.rs`.
#![no_main]

#[path = "../parsers/commit.rs"]
mod commit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| commit::check(data));

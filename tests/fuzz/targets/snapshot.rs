//! Fuzzes `parsers/snapshot.rs`.
#![no_main]

#[path = "../parsers/snapshot.rs"]
mod snapshot;

libfuzzer_sys::fuzz_target!(|data: &[u8]| snapshot::check(data));

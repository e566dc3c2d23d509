//! Fuzzes `parsers/names.rs`.
#![no_main]

#[path = "../parsers/names.rs"]
mod names;

libfuzzer_sys::fuzz_target!(|data: &[u8]| names::check(data));

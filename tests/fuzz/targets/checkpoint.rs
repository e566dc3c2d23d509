//! Fuzzes `parsers/checkpoint.rs`.
#![no_main]

#[path = "../parsers/checkpoint.rs"]
mod checkpoint;
#[path = "../parsers/signing.rs"]
mod signing;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checkpoint::check(data));

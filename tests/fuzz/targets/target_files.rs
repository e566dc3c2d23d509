//! Fuzzes `parsers/target_files.rs`.
#![no_main]

#[path = "../parsers/target_files.rs"]
mod target_files;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target_files::check(data));

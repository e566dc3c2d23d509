//! Fuzzes `parsers/sent_bundle.rs`.
#![no_main]

#[path = "../parsers/sent_bundle.rs"]
mod sent_bundle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| sent_bundle::check(data));

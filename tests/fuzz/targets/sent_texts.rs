//! Fuzzes `parsers/sent_texts.rs`.
#![no_main]

#[path = "../parsers/sent_texts.rs"]
mod sent_texts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| sent_texts::check(data));

//! Fuzzes `parsers/views.rs`.
#![no_main]

#[path = "../parsers/views.rs"]
mod views;

libfuzzer_sys::fuzz_target!(|data: &[u8]| views::check(data));

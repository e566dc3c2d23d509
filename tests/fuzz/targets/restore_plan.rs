//! Fuzzes `parsers/restore_plan.rs`.
#![no_main]

#[path = "../parsers/restore_plan.rs"]
mod restore_plan;

libfuzzer_sys::fuzz_target!(|data: &[u8]| restore_plan::check(data));

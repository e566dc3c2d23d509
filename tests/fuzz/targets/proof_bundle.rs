//! Fuzzes `parsers/proof_bundle.rs`.
#![no_main]

#[path = "../parsers/proof_bundle.rs"]
mod proof_bundle;
#[path = "../parsers/signing.rs"]
mod signing;

libfuzzer_sys::fuzz_target!(|data: &[u8]| proof_bundle::check(data));

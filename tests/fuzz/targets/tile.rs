//! Fuzzes `parsers/tile.rs`.
#![no_main]

#[path = "../parsers/tile.rs"]
mod tile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| tile::check(data));

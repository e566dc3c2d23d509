//! The flow suite: stories of the whole way, through the real `leviathanctl` on real repositories,
//! with nothing of this machine's environment but the path and where Rust lies.

mod api;
mod cleaning;
mod closing;
mod files;
mod hands_off;
mod merging;
mod places;
mod sample;
mod shop;
mod stopping;
mod trust;
mod trying;

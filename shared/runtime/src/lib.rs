//! What every program does before its first line of work: its clock, its randomness, its telemetry,
//! its configuration; and what every Lambda program does around its work.

pub mod clock;
pub mod config;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod telemetry;

//! What every program does before its first line of work: its clock, its randomness, its telemetry.

pub mod clock;
pub mod telemetry;

//! The phases of an attempt, one a file.

pub mod check;
pub mod gate;
pub mod prepare;
pub mod report;
pub mod work;

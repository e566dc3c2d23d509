//! What every program does before its first line of work.

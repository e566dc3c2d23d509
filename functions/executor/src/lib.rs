//! The phases of one attempt: prepare, work, gate, check, report.

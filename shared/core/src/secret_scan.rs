//! secret_scan.

//! policy_file.

//! write_back.

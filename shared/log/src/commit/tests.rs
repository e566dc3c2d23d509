//! Golden bytes, round trips, and what decoding refuses.

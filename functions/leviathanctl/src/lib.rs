//! The command line: run everything on one machine, look, merge, verify.

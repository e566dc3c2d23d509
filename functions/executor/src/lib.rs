//! The phases of one attempt: prepare, work, gate, check, and report beside them.
//!
//! Trigger: the Job's containers in a pod, child processes on one machine; each phase is one
//! invocation of `executor <phase> --job DIR`. Reads and writes: the Job's own folder, see
//! [`job`]; report alone speaks to the api. Must never: follow a link or run anything that
//! untrusted code left behind, or hold a token in a process that runs untrusted code.
//!
//! A phase says how it ended by its exit code (0 passed, 1 failed, 2 called wrongly) and, whole,
//! by the `result.json` that it writes once; see [`result`]. In a pod it is otherwise: see [`pod`].

pub mod arguments;
pub mod base;
pub mod files;
pub mod git;
pub mod ignored;
pub mod job;
pub mod materialise;
pub mod phases;
pub mod pod;
pub mod result;
pub mod run;
pub mod tools;
pub mod walk;

pub use run::run_from_args;

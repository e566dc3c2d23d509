//! Runs a command that is not trusted: confined, limited, killed completely.
//!
//! [`run`] starts the command and returns when it and everything that it started are gone. Before
//! the command begins, this very program is started again as a helper that takes its own rights
//! away step by step and then becomes the command ([`entry_point`] must therefore be the first
//! call in `main`). No unsafe code, no setuid program, nothing to install.
//!
//! # What each layer gives on Linux
//!
//! | layer | gives | without it |
//! |---|---|---|
//! | Landlock 1–3 (Linux 5.13, 5.19, 6.2) | opens, changes and executes only what [`Confinement`] names; no mounts; nothing outside can be traced or its environment read | files: this user's permissions alone |
//! | Landlock 4 (6.7) | without network: no TCP | see namespaces |
//! | Landlock 6 (6.12) | no signals and no abstract sockets to programs outside | a command may end other programs of this user, its own helper among them |
//! | namespaces (where an ordinary user may make them) | outside processes are not visible; the end of the first process ends all; other programs' sockets and files in `/run`, `/tmp`, `/dev/shm` and the home are covered; own IPC; without network: none at all, loopback excepted; no capability outside, also for root | processes are adopted and swept until none is left; sockets in the file system can be reached; UDP stays open |
//! | no new privileges, no capabilities | setuid programs give nothing; root is reduced to a user who owns root's files | – (always there) |
//! | own session, parent-death signal | no terminal; ends when the caller is killed | – (always there) |
//! | limits | processes and memory of the whole tree measured every tenth of a second; open files and file size by the kernel; output cut | – (always there) |
//!
//! [`available`] says which of these hold on the machine. A command inside a confinement of ours
//! that confines again (a phase that runs its tool) gets Landlock a second time and is swept: under
//! Landlock no mount is possible, and the namespace around it ends with everything in it.
//!
//! # What stays open
//!
//! - No system call filter: an attacker with a kernel exploit is not stopped here.
//! - Measured limits have gaps of a tenth of a second; files in memory (`/tmp` of its own, 512 MiB)
//!   and disk space do not count. The output of one command is limited, its number of files is not.
//! - With the network allowed, everything that this machine can reach is reachable, services on
//!   its own loopback included.
//! - Before Landlock 9, a socket in the file system can be connected to wherever its folder can be
//!   walked to and its permissions allow it; covering helps only with namespaces.
//! - File descriptors that the caller itself inherited without close-on-exec are passed on.
//! - Outside of Linux: see `helper/other.rs`; a process that leaves its group survives, memory and
//!   number of processes are not limited, and nobody has tried it.

mod command;
mod helper;
mod instructions;
mod isolation;
mod output;
mod run;
mod toolchains;
mod tree;
mod view;

pub use command::{ConfineError, ConfinedCommand, Confinement, Ended, Ending, Limits, StopToken};
pub use helper::entry_point;
pub use isolation::{Isolation, available, available_with};
pub use run::{run, run_until, run_watched};
pub use toolchains::{SystemFolders, TOOLCHAIN_VARIABLES, system_folders};
pub use tree::Process;

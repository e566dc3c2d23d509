//! What the parent tells the helper's stages, and what they tell it.
//!
//! Instructions go ahead of the command's own input through standard input, one frame a stage: a
//! length of four bytes and that much JSON. So nothing of them is in an argument or environment
//! that another process could read, and no further file descriptor has to be passed on. Answers
//! are JSON lines on standard error, which the last stage closes as it becomes the command.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The largest frame, in bytes: an environment is far smaller.
const MAX_FRAME: u32 = 16 * 1024 * 1024;

/// Everything that any stage needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Instructions {
    /// How the command is kept together and killed.
    pub(crate) mode: Mode,
    /// The stage that becomes the command must find this process as its parent.
    pub(crate) parent_of_command: u32,
    /// Whether it may use the network.
    pub(crate) network: bool,
    /// What the file system looks like for it.
    pub(crate) view: View,
    /// Limits for each process: open files, bytes of one file, processes (where they are counted
    /// for this command alone).
    pub(crate) open_files: u64,
    pub(crate) file_bytes: u64,
    pub(crate) processes: u64,
    /// The command.
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
    pub(crate) directory: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

/// How everything that the command starts is kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// A user, pid, mount and IPC namespace: when its first process ends, the kernel kills the rest.
    Namespace,
    /// The helper adopts every orphan and kills until it has no child left.
    Sweep,
}

/// Which part of the file system the command sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct View {
    /// What Landlock allows.
    pub(crate) rules: Vec<Rule>,
    /// Folders that are covered with an empty one, in a mount namespace.
    pub(crate) covered: Vec<PathBuf>,
    /// What stays visible beneath a covered folder.
    pub(crate) kept: Vec<PathBuf>,
    /// Symbolic links to make again beneath a covered folder: place, aim.
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
}

/// One path and what may be done with it and beneath.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) path: PathBuf,
    pub(crate) access: Access,
}

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Access {
    /// Names only.
    List,
    /// Read, execute, list.
    Read,
    /// Read and write to what exists: devices such as /dev/null.
    Device,
    /// Everything but making devices.
    Write,
}

/// What a stage tells the parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// The process whose death ends the command (as the parent's pid namespace numbers it).
    Main { pid: u32 },
    /// What Landlock really enforces: its version, 0 where the kernel has none.
    Landlock { abi: u32 },
    /// The probe got everything that it asked for.
    NamespacesWork,
    /// The command is over.
    Ended { code: Option<i32>, signal: Option<i32>, survivors: u32 },
    /// A step before the command failed.
    Failed { step: String, reason: String },
    /// The command itself could not be started.
    NotStarted { reason: String },
}

/// The frame for one stage.
pub(crate) fn frame(instructions: &Instructions) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(instructions)?;
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
    if length > MAX_FRAME {
        return Err(io::Error::other("the command's arguments and environment are too large"));
    }
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend_from_slice(&json);
    Ok(frame)
}

/// Reads one frame and not a byte more: the next stage or the command reads on from there.
pub(crate) fn read_frame(mut from: impl Read) -> io::Result<Instructions> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::other("the frame is longer than a frame can be"));
    }
    let mut json = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    from.read_exact(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

impl Status {
    /// One line for the parent. A parent that is gone reads nothing: then nobody needs to know.
    pub(crate) fn say(&self) {
        self.write(io::stderr());
    }

    /// The same, to where the parent listens if that is not standard error.
    pub(crate) fn write(&self, mut to: impl Write) {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        let _nobody_listens = to.write_all(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instructions() -> Instructions {
        Instructions {
            mode: Mode::Sweep,
            parent_of_command: 7,
            network: false,
            view: View::default(),
            open_files: 1,
            file_bytes: 2,
            processes: 3,
            program: "true".to_owned(),
            args: vec!["a b".to_owned(), "\n".to_owned()],
            directory: "/".into(),
            environment: BTreeMap::from([("K".to_owned(), "ü".to_owned())]),
        }
    }

    #[test]
    fn a_frame_is_read_whole_and_what_follows_is_left() {
        let mut bytes = frame(&instructions()).unwrap();
        bytes.extend_from_slice(b"input");
        let mut from = bytes.as_slice();
        assert_eq!(read_frame(&mut from).unwrap(), instructions());
        assert_eq!(from, b"input");
    }

    #[test]
    fn a_broken_frame_is_an_error() {
        let whole = frame(&instructions()).unwrap();
        for bytes in [&b""[..], &[0, 0], &[0xff; 8], &[0, 0, 0, 2, b'{', b'}'], &whole[..9]] {
            assert!(read_frame(bytes).is_err(), "{bytes:?}");
        }
    }
}

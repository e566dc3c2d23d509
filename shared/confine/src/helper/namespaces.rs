//! Namespaces of the command's own: users (so that it needs no privilege and has none), process
//! ids, mounts, IPC, and without network also the network.

use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, unshare};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change};
use rustix::process::{getgid, getuid};
use rustix::thread::{
    CapabilitySet, capabilities, configure_capability_in_ambient_set, set_capabilities,
};

use super::Failure;
use crate::instructions::View;

/// Size of a covered folder that the command may use as its own. Its content is in memory.
const OWN_FOLDER: &std::ffi::CStr = c"mode=1777,size=512m";
const EMPTY_FOLDER: &std::ffi::CStr = c"mode=0755,size=1m";

/// Leaves the caller's namespaces; the next child is process 1 of the new one. The user stays the
/// same, without power over anything outside.
pub(super) fn enter(network: bool) -> Result<(), Failure> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let mut flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWIPC;
    if !network {
        flags |= CloneFlags::CLONE_NEWNET;
    }
    unshare(flags).map_err(Failure::at("make namespaces"))?;
    let write = |file: &str, text: String| {
        fs::write(file, text).map_err(Failure::at("name the user of the namespace"))
    };
    write("/proc/self/setgroups", "deny".to_owned())?;
    write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    pass_on_powers()
}

/// The powers over the new namespaces that process 1 needs: to mount, to bring loopback up, and to
/// give all of them up for good. An ordinary user loses every power with the next exec unless it
/// is ambient.
fn pass_on_powers() -> Result<(), Failure> {
    let step = "pass on the powers over the namespaces";
    let needed = [CapabilitySet::SYS_ADMIN, CapabilitySet::NET_ADMIN, CapabilitySet::SETPCAP];
    let mut own = capabilities(None).map_err(Failure::at(step))?;
    own.inheritable = needed.into_iter().collect();
    set_capabilities(None, own).map_err(Failure::at(step))?;
    for one in needed {
        configure_capability_in_ambient_set(one, true).map_err(Failure::at(step))?;
    }
    Ok(())
}

/// Covers folders, keeps what stays visible, and shows only the namespace's own processes. To be
/// called by process 1.
pub(super) fn mount_view(view: &View) -> Result<(), Failure> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(Failure::at("keep mounts to ourselves"))?;
    let open = |path: &PathBuf| -> Result<(PathBuf, bool, OwnedFd), Failure> {
        let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let handle = rustix::fs::open(path, flags, Mode::empty())
            .map_err(Failure::at("keep a path visible"))?;
        Ok((path.clone(), path.is_dir(), handle))
    };
    let kept = view.kept.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    for folder in &view.covered {
        let own = crate::view::OWN_WHEN_COVERED.iter().any(|own| folder == Path::new(own));
        let options = if own { OWN_FOLDER } else { EMPTY_FOLDER };
        mount("tmpfs", folder, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options)
            .map_err(Failure::at("cover a folder"))?;
    }
    for (path, is_folder, handle) in &kept {
        place(path, *is_folder).map_err(Failure::at("keep a path visible"))?;
        mount_bind_recursive(format!("/proc/self/fd/{}", handle.as_raw_fd()), path)
            .map_err(Failure::at("keep a path visible"))?;
    }
    for (link, aim) in &view.links {
        if fs::symlink_metadata(link).is_err() {
            place_parent(link).map_err(Failure::at("keep a link visible"))?;
            std::os::unix::fs::symlink(aim, link).map_err(Failure::at("keep a link visible"))?;
        }
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", flags, None).map_err(Failure::at("show only own processes"))
}

fn place(path: &Path, is_folder: bool) -> std::io::Result<()> {
    if is_folder {
        return fs::create_dir_all(path);
    }
    place_parent(path)?;
    fs::File::create(path).map(drop)
}

fn place_parent(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

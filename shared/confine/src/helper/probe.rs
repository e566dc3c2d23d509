//! Tries on a throw-away process what this machine allows: some kernels let a user namespace be
//! made and then refuse everything in it, and a process can't go back.

use super::{Failure, landlock_rules, namespaces, stage};
use crate::instructions::{Status, View};

pub(super) fn outer() -> Result<i32, Failure> {
    // Landlock in a process of its own: inside it no mount is possible.
    stage("probe-landlock").status().map_err(Failure::at("start the next stage"))?;
    namespaces::enter(false)?;
    let status = stage("probe-init").status().map_err(Failure::at("start the next stage"))?;
    Ok(status.code().unwrap_or(70))
}

pub(super) fn init() -> Result<i32, Failure> {
    let view = View { covered: vec!["/tmp".into()], ..View::default() };
    namespaces::mount_view(&view)?;
    Status::NamespacesWork.say();
    Ok(0)
}

pub(super) fn landlock() -> Result<i32, Failure> {
    let abi = landlock_rules::restrict(&[], false)?;
    Status::Landlock { abi }.say();
    Ok(0)
}

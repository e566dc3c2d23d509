//! A repository that this person may only read is refused where it is named, before any work.
//! Neither mode bits nor this suite bind root, who may write everywhere: there, only the way back
//! is held.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::repository::World;

#[tokio::test]
async fn a_repository_that_cannot_be_written_is_refused_before_any_work() {
    let world = World::new();
    let path = world.path.to_str().unwrap().to_owned();
    let objects = world.path.join(".git/objects");
    let before = fs::metadata(&objects).unwrap().permissions();
    fs::set_permissions(&objects, Permissions::from_mode(0o555)).unwrap();
    let root_may_all_the_same = fs::write(objects.join("probe"), "").is_ok();
    let found = world.forge.find(&path, None).await;
    fs::set_permissions(&objects, before).unwrap();
    if root_may_all_the_same {
        assert!(found.is_ok(), "{found:?}");
    } else {
        let error = found.unwrap_err().to_string();
        assert!(error.contains("objects") && error.contains("clone of your own"), "{error}");
    }
    assert!(world.forge.find(&path, None).await.is_ok());
}

//! How often GitHub is asked: the budget is shared by everything that an organisation does there.

use leviathan_core::ports::Forge;
use leviathan_github::Access;

use crate::world::{BACKLOG, BRANCH, World, add, new, request};

#[tokio::test]
async fn a_target_in_which_nothing_happened_costs_one_conditional_request() {
    let world = World::new().await;
    let forge = world.server.forge(Access::Read);
    let head = forge.head(&world.shop).await.unwrap();
    assert_eq!(
        world.asked(),
        [
            "GET /installation: 200",
            "POST /app/installations/99/access_tokens: 201",
            "GET /git/ref/heads/main: 200",
        ]
    );
    for _ in 0..3 {
        assert_eq!(forge.head(&world.shop).await.unwrap(), head);
        assert_eq!(world.asked(), ["GET /git/ref/heads/main if changed: 304"]);
    }
    let moved = world.commit(&[("README.md", "# Other\n")]);
    assert_eq!(forge.head(&world.shop).await.unwrap(), Some(moved));
    assert_eq!(world.asked(), ["GET /git/ref/heads/main if changed: 200"]);
}

#[tokio::test]
async fn files_that_did_not_change_are_not_read_again() {
    let world = World::new().await;
    let forge = world.server.forge(Access::Read);
    let policy = ".leviathan/policy.yaml";
    let read = async || {
        let head = forge.head(&world.shop).await.unwrap().unwrap();
        forge.file(&world.shop, &head, BACKLOG).await.unwrap().unwrap();
        assert_eq!(forge.file(&world.shop, &head, policy).await.unwrap(), None);
        let asked = world.asked();
        let kinds = ["/git/ref/", "/git/trees/", "/git/blobs/"];
        kinds.map(|kind| asked.iter().filter(|asked| asked.contains(kind)).count())
    };
    assert_eq!(read().await, [1, 2, 1], "top folder, .leviathan, the backlog");
    world.commit(&[("README.md", "# Other\n")]);
    assert_eq!(read().await, [1, 1, 0], "the top folder tells that the rest is as it was");
    world.commit(&[(BACKLOG, "tasks: []\n# more\n")]);
    assert_eq!(read().await, [1, 2, 1]);
    assert_eq!(read().await, [1, 0, 0]);
}

#[tokio::test]
async fn publishing_a_change_costs_what_the_page_says() {
    let world = World::new().await;
    let forge = world.forge();
    let base = forge.head(&world.shop).await.unwrap().unwrap();
    world.asked();
    // As publish does: the entry is read, two files and the entry are written.
    forge.file(&world.shop, &base, BACKLOG).await.unwrap().unwrap();
    let mut changes = vec![add("src/new.rs", "fn new() {}\n"), add("docs/new.md", "new\n")];
    changes.push(add(".leviathan/entry.yaml", "entry\n"));
    let commit = forge.create_commit(&world.shop, &new(&base, changes)).await.unwrap();
    forge.create_branch(&world.shop, BRANCH, &commit).await.unwrap();
    forge.open_pull_request(&world.shop, &request()).await.unwrap();
    let asked = world.asked();
    let kinds: Vec<String> = asked
        .iter()
        .map(|asked| {
            let path = asked.split(['?', ':']).next().unwrap_or_default();
            let kept = path.split('/').take(3).collect::<Vec<_>>().join("/");
            kept.trim_end_matches(|c: char| c.is_ascii_hexdigit()).to_owned()
        })
        .collect();
    println!("requests of one publish: {asked:#?}");
    assert_eq!(
        kinds,
        [
            "GET /git/trees",
            "GET /git/trees",
            "GET /git/blobs",
            "GET /git/commits",
            "GET /git/trees",
            "POST /git/blobs",
            "POST /git/blobs",
            "POST /git/blobs",
            "POST /git/trees",
            "POST /git/commits",
            "POST /git/refs",
            "GET /pulls",
            "POST /pulls",
        ],
        "{asked:#?}"
    );
}

#[tokio::test]
async fn an_open_pull_request_costs_one_conditional_request() {
    let world = World::new().await;
    let forge = world.forge();
    let watched = world.published(&forge).await;
    let first = forge.pull_request(&world.shop, &watched).await.unwrap();
    world.asked();
    assert_eq!(forge.pull_request(&world.shop, &watched).await.unwrap(), first);
    assert_eq!(world.asked(), ["GET /pulls/1 if changed: 304"]);
}

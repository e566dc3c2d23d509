//! The local api of a running dev, as a client of the original finds it.

use crate::shop::World;

#[test]
fn the_api_takes_the_token_that_the_person_chose() {
    let world = World::new();
    let target = world.target.typed();
    let mut command = world.machine.command(["dev", "--target", &target, "--trust"]);
    command.env("LEVIATHAN_CONTROL_PLANE_TOKEN", "chosen-by-a-person");
    let mut running = world.machine.start(command);
    running.wait_for("opened ");
    let stderr = running.stderr();
    assert!(stderr.contains("(token in $LEVIATHAN_CONTROL_PLANE_TOKEN)"), "{stderr}");
    assert!(!stderr.contains("chosen-by-a-person"), "{stderr}");
    let url = stderr.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let get = |path: &str, token: &str| {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).get(format!("{url}{path}"));
        let mut answer = request.header("Authorization", format!("Bearer {token}")).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    let (status, tasks) = get("/v1/tasks", "chosen-by-a-person");
    assert_eq!(status, 200, "{tasks}");
    assert!(tasks.contains("\"pr_open\""), "{tasks}");
    let (status, summary) = get("/v1/graph/summary", "chosen-by-a-person");
    assert_eq!(status, 200);
    assert!(summary.contains("\"PullRequest\":1"), "{summary}");
    assert_eq!(get("/v1/tasks", "guessed").0, 401);
    running.interrupt();
    assert_eq!(running.wait().code, Some(0));
}

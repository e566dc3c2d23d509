//! Who asks: an app with a token for one repository and no more rights than it needs; what is said
//! when that fails; and that no key or token is ever in it.

use jiff::SignedDuration;
use leviathan_core::ports::{Forge, ForgeError};
use leviathan_github::{Access, Auth, GitHub, Identity, OptionsError, Secret};
use leviathan_tests::github_server::{APP_ID, GitHubServer, PERSON};

use crate::world::{SHOP, World, add, new};

const MINT: &str = "POST /app/installations/99/access_tokens: 201";

#[tokio::test]
async fn a_token_is_minted_once_an_hour_for_each_repository() {
    let world = World::new().await;
    world.server.create("acme/other");
    let other = world.server.repository("acme/other");
    let forge = world.server.forge(Access::Read);
    let minted = || world.asked().iter().filter(|asked| *asked == MINT).count();
    for _ in 0..3 {
        forge.head(&world.shop).await.unwrap();
    }
    assert_eq!(minted(), 1);
    assert_eq!(forge.head(&other).await.unwrap(), None);
    assert_eq!(minted(), 1, "another repository has a token of its own");
    world.clock.advance(SignedDuration::from_mins(54));
    forge.head(&world.shop).await.unwrap();
    assert_eq!(minted(), 0);
    world.clock.advance(SignedDuration::from_mins(2));
    forge.head(&world.shop).await.unwrap();
    assert_eq!(minted(), 1, "in its last five minutes it is renewed");
}

#[tokio::test]
async fn a_token_opens_no_other_repository_and_no_other_right() {
    let world = World::new().await;
    world.server.create("acme/other");
    let other = world.server.repository("acme/other");
    let reader = world.server.forge(Access::Read);
    let base = reader.head(&world.shop).await.unwrap().unwrap();
    let error = world.change(&reader).await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("contents=write"), "{error}");

    // The token that a Job is given, used by somebody else for something else.
    let token = reader.repository_token(&world.shop, Access::Clone).await.unwrap();
    assert!(token.expires_at.is_some());
    let thief = world.server.forge_as(Auth::Token(token.token), Access::Publish);
    assert_eq!(thief.head(&world.shop).await.unwrap(), Some(base.clone()));
    for error in [
        thief.head(&other).await.unwrap_err(),
        thief.create_branch(&world.shop, "agent/x-1", &base).await.unwrap_err(),
        thief.create_commit(&world.shop, &new(&base, vec![add("x", "x")])).await.unwrap_err(),
    ] {
        assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_was_revoked_is_renewed_at_once_and_only_once() {
    let world = World::new().await;
    let forge = world.forge();
    forge.head(&world.shop).await.unwrap();
    world.server.revoke_tokens();
    world.change(&forge).await.unwrap();

    let nobody = world.server.forge_as(Auth::Token(Secret::from("ghp_nobody")), Access::Read);
    world.asked();
    let error = nobody.head(&world.shop).await.unwrap_err();
    assert!(error.to_string().contains("does not take the token"), "{error}");
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn what_stands_against_a_sign_in_is_said() {
    let world = World::new().await;
    world.server.install(SHOP, false);
    let error = world.forge().head(&world.shop).await.unwrap_err();
    assert!(error.to_string().contains("is not installed"), "{error}");
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    world.server.install(SHOP, true);

    world.server.permit(&[("contents", "read"), ("metadata", "read")]);
    let error = world.forge().head(&world.shop).await.unwrap_err();
    assert!(error.to_string().contains("pull_requests: write"), "{error}");
    world.server.permit(&[("contents", "write"), ("pull_requests", "write")]);

    let Auth::App { private_key_pem, .. } = GitHubServer::app() else { panic!() };
    let stranger = Auth::App { app_id: "1".to_owned(), private_key_pem };
    let error = world.server.forge_as(stranger, Access::Read).head(&world.shop).await.unwrap_err();
    assert!(error.to_string().contains("does not take the app's sign-in"), "{error}");

    let elsewhere = "https://gitlab.example/acme/shop".to_owned();
    let mut shop = world.shop.clone();
    for location in [elsewhere, "/home/me/shop".to_owned()] {
        shop.location = location;
        world.asked();
        let error = world.forge().head(&shop).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
        assert_eq!(world.asked(), [""; 0], "nothing is asked");
    }
}

#[tokio::test]
async fn an_app_that_was_installed_anew_is_found_again() {
    let world = World::new().await;
    let forge = world.forge();
    forge.head(&world.shop).await.unwrap();
    world.server.install(SHOP, false);
    world.server.revoke_tokens();
    let error = forge.head(&world.shop).await.unwrap_err();
    assert!(error.to_string().contains("installed"), "{error}");
    world.server.install(SHOP, true);
    forge.head(&world.shop).await.unwrap();
}

#[tokio::test]
async fn no_key_and_no_token_is_ever_printed() {
    let world = World::new().await;
    let app = GitHubServer::app();
    let Auth::App { private_key_pem, .. } = &app else { panic!() };
    let of_the_key: String = private_key_pem.expose().lines().nth(2).unwrap().to_owned();
    let token = world.forge().repository_token(&world.shop, Access::Read).await.unwrap();
    let printed = [format!("{app:?}"), format!("{token:?}"), format!("{:?}", Secret::from(PERSON))];
    for text in printed {
        for secret in [of_the_key.as_str(), token.token.expose(), PERSON] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    // A broken key is described by what is wrong with it.
    let broken = private_key_pem.expose().replace(&of_the_key, &of_the_key[..20]);
    for pem in [broken.as_str(), "", "ssh-rsa AAAA"] {
        let private_key_pem = Secret::from(pem);
        let auth = Auth::App { app_id: APP_ID.to_owned(), private_key_pem };
        match GitHub::new(world.server.options(auth, Access::Read)) {
            Err(error @ OptionsError::PrivateKey { .. }) => {
                assert!(!error.to_string().contains(&of_the_key[..20]), "{error}");
            }
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("this key cannot be used"),
        }
    }
}

#[tokio::test]
async fn a_persons_token_serves_as_well_and_equal_input_gives_equal_git_commits() {
    let world = World::new().await;
    let auth = Auth::Token(Secret::from(PERSON));
    let ada = Identity { name: "Ada".to_owned(), email: "ada@example.com".to_owned() };
    let mut options = world.server.options(auth, Access::Publish);
    options.identity = Some(ada);
    let forge = GitHub::new(options).unwrap();
    let (one, two) = (world.change(&forge).await.unwrap(), world.change(&forge).await.unwrap());
    assert_eq!(one, two);
    let author = world.git(["show", "-s", "--format=%an %at %cn %ct", one.as_str()]);
    assert_eq!(author, "Ada 1767225600 Ada 1767225600");

    // The app's are signed by GitHub, with a time of its own each.
    let app = world.forge();
    assert_ne!(world.change(&app).await.unwrap(), world.change(&app).await.unwrap());
}

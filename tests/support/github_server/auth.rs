//! Who asks, and what they may do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::Reply;
use super::{APP_ID, PERSON, Shared, keys};

/// The one installation's number.
const INSTALLATION: u64 = 99;

/// A token that was given out.
pub(super) struct Token {
    repositories: BTreeSet<String>,
    permissions: BTreeMap<String, String>,
    ends: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl Shared {
    /// Whether this is the app, signed in as the documentation asks for.
    fn is_app(&self, bearer: &str) -> Result<(), Reply> {
        let key = DecodingKey::from_rsa_der(&keys::app().public_der);
        let mut rules = Validation::new(Algorithm::RS256);
        // By this server's own clock, below.
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["exp", "iss"]);
        let refuse = |message: &str| Err(Reply::message(401, message));
        let Ok(token) = jsonwebtoken::decode::<Claims>(bearer, &key, &rules) else {
            return refuse("A JSON web token could not be decoded");
        };
        let (claims, now) = (token.claims, self.clock.now().as_second());
        if claims.iss != APP_ID {
            return refuse("Integration not found");
        }
        if claims.iat > now {
            return refuse(
                "'Issued at' claim ('iat') must be an Integer representing a time in the past",
            );
        }
        if claims.exp <= now || claims.exp - claims.iat > 600 {
            return refuse(
                "'Expiration time' claim ('exp') is too far in the future or has passed",
            );
        }
        Ok(())
    }

    /// `GET /repos/{owner}/{name}/installation`
    pub(super) fn installation(&self, bearer: &str, name: &str) -> Reply {
        if let Err(reply) = self.is_app(bearer) {
            return reply;
        }
        let world = self.world();
        match world.repositories.get(&name.to_ascii_lowercase()) {
            Some(place) if place.installed => {
                Reply::json(200, &json!({"id": INSTALLATION, "app_id": 4711}))
            }
            Some(_) | None => Reply::not_found(),
        }
    }

    /// `POST /app/installations/{id}/access_tokens`
    pub(super) fn mint(&self, bearer: &str, id: &str, body: &Value) -> Reply {
        if let Err(reply) = self.is_app(bearer) {
            return reply;
        }
        if id != INSTALLATION.to_string() {
            return Reply::not_found();
        }
        let mut world = self.world();
        let names: Vec<&str> = strings(&body["repositories"]);
        let mut repositories = BTreeSet::new();
        for (key, place) in &world.repositories {
            let short = place.name.split_once('/').map_or("", |(_, short)| short);
            if place.installed && (names.is_empty() || names.contains(&short)) {
                repositories.insert(key.clone());
            }
        }
        if repositories.len() < names.len() || repositories.is_empty() {
            let said = "There is at least one repository that does not exist or is not accessible \
                        to the parent installation.";
            return Reply::message(422, said);
        }
        let mut permissions = world.app.clone();
        if let Some(asked) = body["permissions"].as_object() {
            let asked = asked.iter();
            let asked: BTreeMap<String, String> = asked
                .map(|(name, level)| (name.clone(), level.as_str().unwrap_or_default().to_owned()))
                .collect();
            if asked.iter().any(|(name, level)| !allows(&permissions, name, level)) {
                let said = "The permissions requested are not granted to this installation.";
                return Reply::message(422, said);
            }
            permissions = asked;
        }
        let now = self.clock.now();
        let ends = now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now);
        let token = format!("ghs_{:036}", world.count());
        let reply =
            json!({"token": token, "expires_at": ends.to_string(), "permissions": permissions});
        world.tokens.insert(token, Token { repositories, permissions, ends });
        Reply::json(201, &reply)
    }

    /// Whether this token may do something that needs this permission in this repository.
    pub(super) fn may(&self, bearer: &str, name: &str, needs: (&str, &str)) -> Result<(), Reply> {
        if bearer == PERSON {
            return Ok(());
        }
        let world = self.world();
        let token = world.tokens.get(bearer).filter(|token| token.ends > self.clock.now());
        let Some(token) = token else { return Err(Reply::message(401, "Bad credentials")) };
        let key = name.to_ascii_lowercase();
        let installed = world.repositories.get(&key).is_some_and(|place| place.installed);
        if !installed || !token.repositories.contains(&key) {
            return Err(Reply::not_found());
        }
        let (permission, level) = needs;
        // Every token of an app may read what a repository is called.
        if permission == "metadata" || allows(&token.permissions, permission, level) {
            return Ok(());
        }
        let mut reply = Reply::message(403, "Resource not accessible by integration");
        reply.headers.push(("x-accepted-github-permissions", format!("{permission}={level}")));
        Err(reply)
    }
}

fn allows(permissions: &BTreeMap<String, String>, name: &str, level: &str) -> bool {
    match permissions.get(name).map(String::as_str) {
        Some("write") => true,
        Some(given) => given == level,
        None => false,
    }
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

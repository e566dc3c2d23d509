//! What was read, for a while. A secret that can't be read again is no reason to stop at once: for an
//! hour the old value serves, and it is asked for again every half a minute.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Secret, SecretError, SecretName};

/// How long an old value serves at most.
const STALE: Duration = Duration::from_secs(60 * 60);

/// After a failure, it is asked again no sooner.
const AGAIN: Duration = Duration::from_secs(30);

/// Secrets by their names.
#[derive(Debug)]
pub(super) struct Cache {
    refresh: Duration,
    kept: Mutex<BTreeMap<SecretName, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    secret: Secret,
    read: Instant,
    /// When it is read again.
    due: Instant,
}

impl Cache {
    pub(super) fn new(refresh: Duration) -> Self {
        Self { refresh, kept: Mutex::default() }
    }

    /// The secret as it is kept, or as `read` gives it.
    pub(super) async fn get<F>(
        &self,
        name: &SecretName,
        read: impl Fn() -> F,
    ) -> Result<Secret, SecretError>
    where
        F: Future<Output = Result<Secret, SecretError>>,
    {
        let now = Instant::now();
        let known = self.kept.lock().await.get(name).cloned();
        if let Some(known) = &known
            && now < known.due
        {
            return Ok(known.secret.clone());
        }
        // Not under the lock: a program's first reads go out together.
        let (secret, read, due) = match (read().await, known) {
            (Ok(secret), _) => (secret, now, now + self.refresh),
            (Err(error), Some(known)) if now.duration_since(known.read) < STALE => {
                tracing::warn!("{error}; what was read before serves for an hour at most");
                (known.secret, known.read, now + AGAIN)
            }
            (Err(error), _) => return Err(error),
        };
        let known = Kept { secret: secret.clone(), read, due };
        self.kept.lock().await.insert(name.clone(), known);
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Secrets Manager, as far as this goes.
    #[derive(Default)]
    struct Keeper {
        asked: AtomicUsize,
    }

    impl Keeper {
        async fn read(&self, answer: Result<&str, &str>) -> Result<Secret, SecretError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let failed = |reason: &str| SecretError { name: name(), reason: reason.to_owned() };
            answer.map(Secret::new).map_err(failed)
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    fn name() -> SecretName {
        "ssm:key".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_read_once_in_a_while_and_then_taken_up_anew() {
        let (keeper, cache) = (Keeper::default(), Cache::new(Duration::from_secs(300)));
        for _ in 0..3 {
            let secret = cache.get(&name(), || keeper.read(Ok("one"))).await.unwrap();
            assert_eq!(secret.expose(), "one");
        }
        tokio::time::advance(Duration::from_secs(299)).await;
        cache.get(&name(), || keeper.read(Ok("two"))).await.unwrap();
        assert_eq!(keeper.asked(), 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let secret = cache.get(&name(), || keeper.read(Ok("two"))).await.unwrap();
        assert_eq!((secret.expose(), keeper.asked()), ("two", 2));
        let other: SecretName = "ssm:other".parse().unwrap();
        let secret = cache.get(&other, || keeper.read(Ok("three"))).await.unwrap();
        assert_eq!(secret.expose(), "three");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_value_serves_for_an_hour_and_no_longer() {
        let (keeper, cache) = (Keeper::default(), Cache::new(Duration::from_secs(300)));
        let gone = || keeper.read(Err("gone"));
        assert_eq!(cache.get(&name(), gone).await.unwrap_err().reason, "gone");
        cache.get(&name(), || keeper.read(Ok("one"))).await.unwrap();
        tokio::time::advance(Duration::from_secs(3_599)).await;
        for _ in 0..3 {
            assert_eq!(cache.get(&name(), gone).await.unwrap().expose(), "one");
        }
        assert_eq!(keeper.asked(), 3, "not at each request");
        tokio::time::advance(AGAIN).await;
        assert_eq!(cache.get(&name(), gone).await.unwrap_err().reason, "gone");
        let secret = cache.get(&name(), || keeper.read(Ok("two"))).await.unwrap();
        assert_eq!(secret.expose(), "two");
    }
}

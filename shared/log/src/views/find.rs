//! Finding what left the state: first among the newest departures, which the state still holds, then
//! among the views.

use std::collections::BTreeSet;

use futures_util::future::try_join;
use leviathan_core::authority::authorised;
use leviathan_core::fact::Fact;
use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::state::{Attempt, AttemptStatus, Departure, Past, PullRequest, Task};

use super::bytes::decode;
use super::{
    BLOCK, PREFIX, attempt_key, block_key, later_prefix, pull_request_key, risen, target_of,
    target_prefix, task_key,
};
use crate::access::Access;
use crate::commit;
use crate::error::LogError;
use crate::tail::damaged;

/// Keys asked for in one LIST.
const LIST_PAGE: usize = 1_000;

/// An attempt that left the state.
#[derive(Debug, Clone, PartialEq)]
pub struct Aged {
    /// Its summary, with what a person said of it since.
    pub attempt: Attempt,
}

/// Departures, the newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listed {
    /// Each with its number.
    pub departures: Vec<(u64, Departure)>,
    /// Attempts of which something was said after they had left: `Log::aged_attempt` has it.
    pub later: BTreeSet<AttemptId>,
    /// There are older ones that are no views yet: the next tick writes them.
    pub incomplete: bool,
}

impl Listed {
    fn take(&mut self, number: u64, departure: Departure, wanted: &impl Fn(&Departure) -> bool) {
        if let Departure::Later { attempt_id, .. } = departure {
            self.later.insert(attempt_id);
        } else if wanted(&departure) {
            self.departures.push((number, departure));
        }
    }
}

/// Looks for what left the state.
pub(crate) struct Finder<'a> {
    pub(crate) access: &'a Access,
    pub(crate) past: &'a Past,
}

impl Finder<'_> {
    /// One attempt: one GET and, at the same time, the LIST of what was said of it later.
    pub(crate) async fn attempt(&self, id: &AttemptId) -> Result<Option<Aged>, LogError> {
        let mut found = None;
        let mut later = Vec::new();
        for (_, departure) in self.past.newest() {
            match departure {
                Departure::Attempt { attempt_id, attempt } if attempt_id == id => {
                    found = Some(attempt.clone());
                }
                Departure::Later { attempt_id, seq, .. } if attempt_id == id => later.push(*seq),
                _ => {}
            }
        }
        if found.is_none() {
            let (key, prefix) = (attempt_key(id), later_prefix(id));
            let listed = self.access.list_data(&prefix, None, LIST_PAGE);
            let (one, listed) = try_join(self.one(&key), listed).await?;
            if let Some(Departure::Attempt { attempt, .. }) = one {
                found = Some(attempt);
            }
            let seq = |key: &String| key.rsplit('/').next()?.parse::<u64>().ok();
            later.extend(listed.iter().filter_map(seq));
        }
        let Some(mut attempt) = found else { return Ok(None) };
        later.sort_unstable();
        later.dedup();
        for seq in later {
            self.hear(id, &mut attempt, seq).await?;
        }
        Ok(Some(Aged { attempt }))
    }

    /// Adds what a commit says of an attempt that had left: only a person's word shows.
    async fn hear(&self, id: &AttemptId, attempt: &mut Attempt, seq: u64) -> Result<(), LogError> {
        let got = self.access.get(seq).await?.ok_or(LogError::NoSuchCommit { seq })?;
        let stored = commit::decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
        attempt.commits.push(seq);
        for event in &stored.commit.events {
            if let Some(Fact::AttemptInvalidated(fact)) = authorised(event)
                && fact.attempt_id == *id
            {
                attempt.status = AttemptStatus::Invalidated;
                if let Some(end) = &mut attempt.end {
                    end.class = None;
                    end.summary = fact.reason;
                }
            }
        }
        Ok(())
    }

    /// One pull request.
    pub(crate) async fn pull_request(
        &self,
        target: &TargetId,
        number: u64,
    ) -> Result<Option<PullRequest>, LogError> {
        let here = self.past.newest().find_map(|(_, departure)| match departure {
            Departure::PullRequest { target_id, number: its, pull_request }
                if target_id == target && *its == number =>
            {
                Some(pull_request.clone())
            }
            _ => None,
        });
        if here.is_some() {
            return Ok(here);
        }
        Ok(match self.one(&pull_request_key(target, number)).await? {
            Some(Departure::PullRequest { pull_request, .. }) => Some(pull_request),
            _ => None,
        })
    }

    /// One task that was removed long ago, as it was then.
    pub(crate) async fn task(
        &self,
        target: &TargetId,
        id: &TaskId,
    ) -> Result<Option<Task>, LogError> {
        let here = self.past.newest().rev().find_map(|(_, departure)| match departure {
            Departure::Task { target_id, task_id, task }
                if target_id == target && task_id == id =>
            {
                Some(task.clone())
            }
            _ => None,
        });
        if here.is_some() {
            return Ok(here);
        }
        let prefix = format!("{}/", task_key(target, id));
        let Some(key) = self.access.list_data(&prefix, None, 1).await?.pop() else {
            return Ok(None);
        };
        Ok(match self.one(&key).await? {
            Some(Departure::Task { task, .. }) => Some(task),
            _ => None,
        })
    }

    /// What left, the newest first, until `limit` of it is `wanted`. Of one target, or of all.
    pub(crate) async fn newest(
        &self,
        target: Option<&TargetId>,
        limit: usize,
        wanted: impl Fn(&Departure) -> bool,
    ) -> Result<Listed, LogError> {
        let of_target = |departure: &Departure| target.is_none() || target_of(departure) == target;
        let mut listed = Listed::default();
        for (number, departure) in self.past.newest().rev() {
            if listed.departures.len() >= limit {
                return Ok(listed);
            }
            if of_target(departure) {
                listed.take(number, departure.clone(), &wanted);
            }
        }
        let first_kept = self.past.first_kept();
        if first_kept == 0 || listed.departures.len() >= limit {
            return Ok(listed);
        }
        let complete = self.complete_below().await?;
        listed.incomplete = complete < first_kept;
        match target {
            Some(target) => self.of_target(target, limit, wanted, &mut listed).await?,
            None => self.of_all(complete, limit, wanted, &mut listed).await?,
        }
        Ok(listed)
    }

    /// Departures below this number are views.
    async fn complete_below(&self) -> Result<u64, LogError> {
        let prefix = format!("{PREFIX}block/");
        let newest = self.access.list_data(&prefix, None, 1).await?;
        let number = newest.first().and_then(|key| risen(key.strip_prefix(&prefix)?));
        Ok(number.map_or(0, |newest| newest.saturating_add(1).saturating_mul(BLOCK)))
    }

    async fn of_target(
        &self,
        target: &TargetId,
        limit: usize,
        wanted: impl Fn(&Departure) -> bool,
        listed: &mut Listed,
    ) -> Result<(), LogError> {
        let prefix = target_prefix(target);
        let mut after: Option<String> = None;
        loop {
            let page = self.access.list_data(&prefix, after.as_deref(), LIST_PAGE).await?;
            for key in &page {
                if listed.departures.len() >= limit {
                    return Ok(());
                }
                let number = key.strip_prefix(&prefix).and_then(risen);
                if number.is_none_or(|number| number >= self.past.first_kept()) {
                    continue;
                }
                for (number, departure) in self.all(key).await? {
                    listed.take(number, departure, &wanted);
                }
            }
            if page.len() < LIST_PAGE {
                return Ok(());
            }
            after = page.last().cloned();
        }
    }

    async fn of_all(
        &self,
        complete: u64,
        limit: usize,
        wanted: impl Fn(&Departure) -> bool,
        listed: &mut Listed,
    ) -> Result<(), LogError> {
        let first_kept = self.past.first_kept();
        let mut block = complete / BLOCK;
        while let Some(number) = block.checked_sub(1) {
            block = number;
            if listed.departures.len() >= limit {
                return Ok(());
            }
            if number.saturating_mul(BLOCK) >= first_kept {
                continue;
            }
            let found = self.all(&block_key(number)).await?;
            listed.incomplete |= found.is_empty();
            for (number, departure) in found.into_iter().rev() {
                if number < first_kept && listed.departures.len() < limit {
                    listed.take(number, departure, &wanted);
                }
            }
        }
        Ok(())
    }

    async fn one(&self, key: &str) -> Result<Option<Departure>, LogError> {
        Ok(self.all(key).await?.pop().map(|(_, departure)| departure))
    }

    async fn all(&self, key: &str) -> Result<Vec<(u64, Departure)>, LogError> {
        match self.access.get_data(key).await? {
            Some(bytes) => decode(key, &bytes),
            None => Ok(Vec::new()),
        }
    }
}

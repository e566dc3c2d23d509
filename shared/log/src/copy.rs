//! Copying objects from one store to another, each at most once: what is there already has to be
//! the same, byte for byte, and nothing is ever overwritten.

use std::collections::VecDeque;

use bytes::Bytes;
use leviathan_core::ports::StoreError;

use crate::access::{Access, TRIES};

/// Keys asked for in one LIST. A folder reads its whole directory for each.
const LIST_PAGE: usize = 10_000;

/// Objects copied at the same time.
pub(crate) const AT_ONCE: usize = 16;

/// What became of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// It is there now.
    New,
    /// It was there already.
    Already,
}

/// Why an object could not be copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// The store did not do it.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Other bytes stand under that name.
    #[error("{key} is there already, with other bytes")]
    Differs {
        /// The name.
        key: String,
    },
}

impl Access {
    /// Creates the object, or finds the same one there.
    pub(crate) async fn put(&self, key: &str, bytes: &Bytes) -> Result<Arrived, CopyError> {
        let mut tries = 0;
        loop {
            match self.store.create(key, Bytes::clone(bytes)).await {
                Ok(_) => return Ok(Arrived::New),
                Err(StoreError::AlreadyExists { .. }) => {
                    let there = self.object(key).await?;
                    return if there == *bytes {
                        Ok(Arrived::Already)
                    } else {
                        Err(CopyError::Differs { key: key.to_owned() })
                    };
                }
                Err(problem) => tries = self.again(tries, problem).await?,
            }
        }
    }

    /// The object's bytes.
    pub(crate) async fn object(&self, key: &str) -> Result<Bytes, StoreError> {
        let mut tries = 0;
        loop {
            match self.store.get(key).await {
                Ok(object) => return Ok(object.bytes),
                Err(problem) => tries = self.again(tries, problem).await?,
            }
        }
    }

    /// The same; `None` where there is none.
    pub(crate) async fn object_if_any(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        match self.object(key).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    async fn again(&self, tries: u32, problem: StoreError) -> Result<u32, StoreError> {
        let tries = tries.saturating_add(1);
        let again = matches!(problem, StoreError::Unclear { .. } | StoreError::Conflict { .. });
        if !again || tries >= TRIES {
            return Err(problem);
        }
        self.pause(tries).await;
        Ok(tries)
    }
}

/// The keys under a prefix, in byte order, page by page.
pub(crate) struct Names<'a> {
    access: &'a Access,
    prefix: &'static str,
    page: VecDeque<String>,
    last: Option<String>,
    finished: bool,
}

impl<'a> Names<'a> {
    pub(crate) fn under(access: &'a Access, prefix: &'static str) -> Self {
        Self { access, prefix, page: VecDeque::new(), last: None, finished: false }
    }

    /// The next key, which stays.
    pub(crate) async fn peek(&mut self) -> Result<Option<&String>, StoreError> {
        if self.page.is_empty() && !self.finished {
            let mut tries = 0;
            let page = loop {
                let store = &self.access.store;
                match store.list(self.prefix, self.last.as_deref(), LIST_PAGE).await {
                    Ok(page) => break page,
                    Err(problem) => tries = self.access.again(tries, problem).await?,
                }
            };
            self.finished = page.len() < LIST_PAGE;
            self.last = page.last().cloned().or_else(|| self.last.take());
            self.page = page.into();
        }
        Ok(self.page.front())
    }

    /// The next key.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, StoreError> {
        self.peek().await?;
        Ok(self.page.pop_front())
    }
}

/// Keys copied between two words on how far it is.
const MISSING_PAGE: usize = 256;

/// The keys under a prefix that the first store has and the second has not, some at a time;
/// none: there are no more.
pub(crate) struct Missing<'a> {
    from: Names<'a>,
    to: Names<'a>,
}

impl<'a> Missing<'a> {
    pub(crate) fn under(from: &'a Access, to: &'a Access, prefix: &'static str) -> Self {
        Self { from: Names::under(from, prefix), to: Names::under(to, prefix) }
    }

    pub(crate) async fn next_page(&mut self) -> Result<Vec<String>, StoreError> {
        let mut missing = Vec::new();
        while missing.len() < MISSING_PAGE {
            let Some(key) = self.from.next().await? else { break };
            while self.to.peek().await?.is_some_and(|there| *there < key) {
                self.to.next().await?;
            }
            if self.to.peek().await? != Some(&key) {
                missing.push(key);
            }
        }
        Ok(missing)
    }
}

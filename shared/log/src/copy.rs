//! Copying objects from one store to another, each at most once: what is there already has to be
//! the same, byte for byte, and nothing is ever overwritten.

use std::collections::VecDeque;

use bytes::Bytes;
use leviathan_core::ports::StoreError;

use crate::access::Access;

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
        if self.create_in(self.store.as_ref(), key, bytes).await? {
            return Ok(Arrived::New);
        }
        if self.object(key).await? == *bytes {
            return Ok(Arrived::Already);
        }
        Err(CopyError::Differs { key: key.to_owned() })
    }

    /// The object's bytes.
    pub(crate) async fn object(&self, key: &str) -> Result<Bytes, StoreError> {
        Ok(self.until_clear(|| self.store.get(key)).await?.bytes)
    }

    /// The same; `None` where there is none.
    pub(crate) async fn object_if_any(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.bytes_in(self.store.as_ref(), key).await
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
            let (store, after) = (&self.access.store, self.last.as_deref());
            let list = || store.list(self.prefix, after, LIST_PAGE);
            let page = self.access.until_clear(list).await?;
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

//! `next_page_token`: an opaque text that stands for where a listing goes on, good for 15 minutes and for the same
//! question only.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::error::Fail;
use super::stage::Stage;

const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// Where a listing goes on.
pub(crate) struct Page {
    question: u64,
    position: u64,
    expires: Timestamp,
}

/// Identifies a question by what makes its answer: operation, caller, filters.
pub(crate) fn question(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Stage<'_> {
    /// The position that a `next_page_token` stands for; without one, none.
    ///
    /// # Errors
    /// 300 when it is unknown, too old or of another question.
    pub(crate) fn position(&self, token: &str, question: u64) -> Result<Option<u64>, Fail> {
        if token.is_empty() {
            return Ok(None);
        }
        let now = self.now();
        match self.state.pages.get(token) {
            Some(page) if page.question == question && now < page.expires => {
                Ok(Some(page.position))
            }
            _ => Err(Fail::new(400, 300, "The next page token is invalid or expired.")),
        }
    }

    /// A token for going on at `position`.
    pub(crate) fn next_page(&mut self, question: u64, position: u64) -> String {
        let now = self.now();
        self.state.pages.retain(|_, page| now < page.expires);
        let token = self.core.ids.alnum(33) + "2";
        let expires = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        self.state.pages.insert(token.clone(), Page { question, position, expires });
        token
    }

    /// One page of `all`, and the token for the next, empty on the last.
    ///
    /// # Errors
    /// As [`Stage::position`].
    pub(crate) fn page(
        &mut self,
        all: Vec<Value>,
        size: usize,
        token: &str,
        question: u64,
    ) -> Result<(Vec<Value>, String), Fail> {
        let from = self.position(token, question)?.unwrap_or(0);
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let left = all.len().saturating_sub(from);
        let page: Vec<Value> = all.into_iter().skip(from).take(size).collect();
        let next = if left > size {
            self.next_page(question, u64::try_from(from + size).unwrap_or(u64::MAX))
        } else {
            String::new()
        };
        Ok((page, next))
    }
}

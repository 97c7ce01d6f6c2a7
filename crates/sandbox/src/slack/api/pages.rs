//! Cursors: opaque text that says where the next page begins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::slack::args::Args;
use crate::slack::error::Fail;

/// What a caller asked for: how many, and from where.
pub(super) struct Page {
    pub(super) limit: usize,
    /// The first key of the page; nothing: from the start.
    pub(super) from: Option<String>,
}

/// Reads `limit` and `cursor`. `what` marks the cursor, so that one list's cursor is invalid for another.
pub(super) fn read(args: &Args, what: &str, default: usize, most: usize) -> Result<Page, Fail> {
    let asked = args.number("limit")?;
    let limit = match asked {
        None | Some(0) => default,
        Some(limit) => match usize::try_from(limit) {
            Ok(limit) if limit <= most => limit,
            _ => return Err("invalid_limit".into()),
        },
    };
    let from = args.text("cursor").map(|cursor| decode(&cursor, what)).transpose()?;
    Ok(Page { limit, from })
}

fn decode(cursor: &str, what: &str) -> Result<String, Fail> {
    STANDARD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(what)?.strip_prefix(':').map(str::to_owned))
        .ok_or_else(|| Fail::new("invalid_cursor"))
}

pub(super) fn cursor(what: &str, next: &str) -> String {
    STANDARD.encode(format!("{what}:{next}"))
}

/// Takes a page's worth of `items`, which begin at the page's start; the cursor of the next is empty at the end.
pub(super) fn take<T>(
    items: impl Iterator<Item = T>,
    page: &Page,
    what: &str,
    key: impl Fn(&T) -> String,
) -> (Vec<T>, String) {
    let mut taken: Vec<T> = items.take(page.limit + 1).collect();
    if taken.len() <= page.limit {
        return (taken, String::new());
    }
    let next = taken.pop().map(|item| cursor(what, &key(&item))).unwrap_or_default();
    (taken, next)
}

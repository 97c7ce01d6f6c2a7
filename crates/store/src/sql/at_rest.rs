//! What content a database holds, counted without its key and without writing to it: whoever audits
//! a deployment needs neither, nor has to stop the server.

use std::path::Path;

use jiff::Timestamp;

use super::{open::Opening, query::query};
use crate::StoreError;

/// Rows that hold sealed content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtRest {
    /// Webhooks that wait to be understood.
    pub inbox: u64,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Deliveries that are parked and can be retried.
    pub parked: u64,
    /// When the last of these was parked: the time from which its content is kept.
    pub last_parked_at: Option<Timestamp>,
    /// Deliveries that are done, or not wanted any more: their content must be erased.
    pub settled: u64,
    /// Posts that have begun.
    pub begun: u64,
}

/// Counts what the database in this file holds.
///
/// # Errors
/// `Unavailable` when it cannot be read.
pub fn at_rest(file: &Path) -> Result<AtRest, StoreError> {
    let counted = Opening::only_to_read(file.into()).open().and_then(|database| {
        let select = query(
            "SELECT (SELECT COUNT(*) FROM inbox),
                 (SELECT COUNT(*) FROM deliveries WHERE state = 0 AND content IS NOT NULL),
                 (SELECT COUNT(*) FROM deliveries WHERE state = 2 AND content IS NOT NULL),
                 (SELECT MAX(settled_at) FROM deliveries WHERE state = 2 AND content IS NOT NULL),
                 (SELECT COUNT(*) FROM deliveries WHERE state NOT IN (0, 2) AND content IS NOT NULL),
                 (SELECT COUNT(*) FROM begun)",
        );
        select.one(&database, |columns| {
            Ok(AtRest {
                inbox: columns.count()?,
                waiting: columns.count()?,
                parked: columns.count()?,
                last_parked_at: columns.maybe_time()?,
                settled: columns.count()?,
                begun: columns.count()?,
            })
        })
    });
    counted.map_err(|fault| fault.explain(file))
}

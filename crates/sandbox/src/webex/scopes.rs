//! Scopes: `spark:messages_read` and the like. `spark:all` stands for all of messaging.

use std::collections::BTreeSet;

use super::error::Fail;

pub(crate) const ALL: &str = "spark:all";

/// Checks that the scope was granted.
///
/// # Errors
/// 403 when it was not.
pub(crate) fn check(granted: &BTreeSet<String>, scope: &str) -> Result<(), Fail> {
    if scope.is_empty() || granted.contains(scope) || granted.contains(ALL) {
        Ok(())
    } else {
        Err(Fail::forbidden(format!("The access token lacks a required scope: {scope}.")))
    }
}

/// The scope that reading a webhook's resource needs.
pub(crate) fn reading(resource: &str) -> &'static str {
    match resource {
        "messages" | "attachmentActions" => "spark:messages_read",
        "memberships" => "spark:memberships_read",
        "rooms" => "spark:rooms_read",
        _ => ALL,
    }
}

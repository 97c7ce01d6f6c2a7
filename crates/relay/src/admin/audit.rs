//! Who changed what.

use std::fmt;

use jiff::Timestamp;
use rialto_model::ConnectionId;
use rialto_store::AuditEntry;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Relay,
    admin::{AdminError, deliveries::page_of},
};

/// Who makes a change, and from where: `admin token from 127.0.0.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who(String);

impl Who {
    /// Names somebody whose right to make changes was proved.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which entries of the audit.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only before this place in the order: the `seq` of the last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// At most so many: 1 to 500, 50 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A change that somebody made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AuditView {
    /// Its place in the order.
    pub seq: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who, and from where.
    pub who: String,
    /// What was done, such as `channel-sync.pause`.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// More; never a secret.
    pub detail: Value,
}

impl Relay {
    /// Who changed what, newest first.
    ///
    /// # Errors
    /// `Invalid` for a limit out of range.
    pub async fn list_audit(&self, query: AuditQuery) -> Result<Vec<AuditView>, AdminError> {
        let log = self.store().audit_log(query.before, page_of(query.limit)?).await?;
        let view = |(seq, entry)| {
            let AuditEntry { at, who, action, subject, detail } = entry;
            AuditView { seq, at, who, action, subject, detail }
        };
        Ok(log.into_iter().map(view).collect())
    }

    /// Puts a change in force that is in the store already, and writes it down.
    pub(super) async fn made(
        &self,
        who: &Who,
        action: &str,
        subject: impl fmt::Display,
        detail: Value,
        renew: &[ConnectionId],
    ) -> Result<(), AdminError> {
        let in_force = self.changed(renew).await;
        self.write_down(who, action, subject, detail).await?;
        in_force.map_err(|error| {
            AdminError::from(error)
                .adding("The change is kept and will be in force after a restart")
        })
    }

    /// Writes down something that changes nothing in the roster.
    pub(super) async fn write_down(
        &self,
        who: &Who,
        action: &str,
        subject: impl fmt::Display,
        detail: Value,
    ) -> Result<(), AdminError> {
        let (at, subject) = (self.toolkit().clock.now(), subject.to_string());
        tracing::info!(%who, action, subject, "changed");
        let entry = AuditEntry { at, who: who.to_string(), action: action.into(), subject, detail };
        Ok(self.store().audit(entry).await?)
    }
}

//! Who changed what, written down before the change is put in force.

use std::fmt;

use rialto_model::ConnectionId;
use rialto_store::AuditEntry;
use serde_json::Value;

use crate::{Relay, admin::AdminError};

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

impl Relay {
    /// Writes a change down that is in the store already, and puts it in force.
    pub(super) async fn made(
        &self,
        who: &Who,
        action: &str,
        subject: impl fmt::Display,
        detail: Value,
        renew: &[ConnectionId],
    ) -> Result<(), AdminError> {
        self.write_down(who, action, subject, detail).await?;
        self.changed(renew).await.map_err(|error| {
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

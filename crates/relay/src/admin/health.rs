//! What lets Rialto in to a workspace, and whether it is heard there.

use jiff::Timestamp;
use rialto_model::ConnectionId;
use rialto_platform::{Credential, FindingLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Relay, admin::FindingView};

/// Something that lets Rialto in to a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct CredentialView {
    /// What it is.
    pub name: String,
    /// When it ends unless it is renewed; none when it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl From<Credential> for CredentialView {
    fn from(credential: Credential) -> Self {
        Self { name: credential.name.into(), expires_at: credential.expires_at }
    }
}

/// What an admin should know of a credential that is not renewed as it should be.
pub(super) fn overdue(credential: &Credential, platform: &str, now: Timestamp) -> Option<String> {
    let expires_at = credential.expires_at?;
    (expires_at.duration_since(now) < credential.overdue).then(|| {
        format!(
            "the {} ends at {expires_at:.0} and could not be renewed yet: if this stays, run \
             `rialto connect {platform}` again before then",
            credential.name
        )
    })
}

impl Relay {
    /// What is known of a workspace's health without asking the platform.
    pub(super) fn health_findings(&self, id: ConnectionId) -> Vec<FindingView> {
        let view = self.roster().view();
        let platform = view.connections.get(&id).map_or("", |it| it.record.platform.as_str());
        let now = self.inner.toolkit.clock.now();
        let credentials = self.credentials(id).into_iter().map(|it| {
            let (level, detail) = match (overdue(&it, platform, now), it.expires_at) {
                (Some(problem), _) => (FindingLevel::Warning, problem),
                (None, Some(at)) => {
                    (FindingLevel::Ok, format!("holds until {at:.0}, renewed by itself before"))
                }
                (None, None) => (FindingLevel::Ok, "does not end by itself".into()),
            };
            FindingView { subject: it.name.into(), level, detail }
        });
        let canary = self.inner.canaries.health(id);
        let heard = match (canary.deaf_since, canary.heard_at) {
            (Some(since), _) => {
                let detail = format!("no webhook tells of Rialto's own reactions since {since:.0}");
                Some((FindingLevel::Error, detail))
            }
            (None, Some(at)) => Some((FindingLevel::Ok, format!("last heard at {at:.0}"))),
            (None, None) => None,
        };
        let heard =
            heard.map(|(level, detail)| FindingView { subject: "canary".into(), level, detail });
        credentials.chain(heard).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn only_what_should_have_been_renewed_already_is_a_problem() {
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let hour = SignedDuration::from_hours(1);
        let ends = |expires_at| Credential { name: "bot token", expires_at, overdue: hour };
        assert_eq!(overdue(&ends(None), "slack", now), None);
        assert_eq!(overdue(&ends(Some(now + hour * 2)), "slack", now), None);
        for late in [now + hour / 2, now - hour] {
            let problem = overdue(&ends(Some(late)), "slack", now).unwrap();
            assert!(problem.contains("the bot token ends at 2026-11-25T"), "{problem}");
            assert!(problem.contains("`rialto connect slack`"), "{problem}");
        }
    }
}

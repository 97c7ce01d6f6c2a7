//! Checks for `rialto doctor`.

use rialto_platform::{Finding, FindingLevel};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    connect::AppClaims,
    connection::TeamsConnection,
    permissions, subscription,
    tokens::{self, Identity},
    wire::{List, Organization},
};

fn finding(subject: &str, level: FindingLevel, detail: impl Into<String>) -> Finding {
    Finding { subject: subject.into(), level, detail: detail.into() }
}

impl TeamsConnection {
    pub(crate) async fn findings(&self) -> Vec<Finding> {
        use FindingLevel::{Error, Ok as Fine, Warning};
        let mut found = Vec::new();

        match self.graph.tokens.service(None).await {
            Ok(token) => {
                found.push(finding("service user", Fine, format!("signed in as {}", token.name)));
                for (name, why) in permissions::missing_scopes(&token.scope) {
                    found.push(finding(
                        &format!("permission {name}"),
                        Warning,
                        format!("is missing; needed for {why}. Add it to the app registration and connect again."),
                    ));
                }
            }
            Err(fault) => {
                let detail = format!("{fault}. Connect the tenant again.");
                found.push(finding("service user", Error, detail));
                return found;
            }
        }
        match self.graph.tokens.token(Identity::App, None).await {
            Ok(token) => {
                let listening = self.graph.settings.listening;
                let consent = self.graph.settings.admin_consent_url();
                let missing = |token: &SecretString| {
                    let claims: AppClaims = tokens::claims(token).unwrap_or_default();
                    permissions::missing_roles(&claims.roles, listening)
                };
                let mut lacks = missing(&token);
                // A token has the permissions of its first day: what was granted since is in the next.
                if !lacks.is_empty()
                    && let Ok(newer) =
                        self.graph.tokens.token(Identity::App, Some(token.expose_secret())).await
                {
                    lacks = missing(&newer);
                }
                for (name, why) in lacks {
                    found.push(finding(
                        &format!("application permission {name}"),
                        Warning,
                        format!(
                            "is missing; needed for {why}. An administrator grants it at {consent}"
                        ),
                    ));
                }
            }
            Err(fault) => found.push(finding("application", Error, fault.to_string())),
        }
        let url = self.graph.url(&["organization"]);
        match self.graph.get::<List<Organization>>(Identity::Service, url).await {
            Ok(list) => {
                let name = list.value.into_iter().next().and_then(|first| first.display_name);
                let name = name.unwrap_or_else(|| self.workspace.to_string());
                found.push(finding("organization", Fine, name));
            }
            Err(fault) => found.push(finding("organization", Warning, fault.to_string())),
        }
        match self.joined_teams().await {
            Ok(teams) => {
                let detail = format!("the service user is in {} teams", teams.len());
                found.push(finding("membership", Fine, detail));
            }
            Err(fault) => found.push(finding("membership", Warning, fault.to_string())),
        }
        match subscription::states(&*self.cabinet).await {
            Ok(states) => found.extend(states.into_iter().map(|(conversation, expires_at)| {
                let place =
                    if conversation.is_empty() { "the whole tenant" } else { &conversation };
                let subject = format!("subscription {place}");
                if expires_at > self.now() {
                    finding(&subject, Fine, format!("lives until {expires_at}"))
                } else {
                    let detail = "has expired; it is made anew at the next upkeep";
                    finding(&subject, Error, detail)
                }
            })),
            Err(error) => found.push(finding("subscriptions", Error, error.to_string())),
        }
        found
    }
}

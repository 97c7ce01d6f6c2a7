//! Looking after a connection, and checking it.

use jiff::SignedDuration;
use rialto_model::RemoteId;
use rialto_platform::{Finding, FindingLevel, ReadError, Upkeep};

use crate::{
    api::{Api, Identity},
    directory, manifest,
    wire::User,
};

/// How often membership is looked at.
const EVERY: SignedDuration = SignedDuration::from_hours(6);

/// Renews the token, makes sure that we are in what must be heard and may be written to, and sees how
/// it is called. Subscriptions are the app's, and are not made by calls.
pub(crate) async fn upkeep(
    api: &Api,
    own: &Identity,
    heard: &[RemoteId],
) -> Result<Upkeep, ReadError> {
    let (renew, credentials) = api.tokens.upkeep().await?;
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    // Asked in any case: it shows whether the token is accepted.
    let joined = directory::joined(api, own).await?;
    for id in heard {
        if let Some(channel) = joined.iter().find(|channel| channel.id == *id) {
            seen.push(channel.clone());
        } else if directory::join(api, own, id).await.is_err() {
            // The app was added anew, or somebody took us out of what is still synced.
            let name = directory::conversation(api, own, id).await?.map(|channel| channel.name);
            let name = name.unwrap_or_else(|| format!("the channel {id}"));
            let mend = directory::to_be_added(own);
            problems
                .push(format!("Rialto is not in {name} any more and cannot post there: {mend}"));
        }
    }
    // A channel without a name says nothing about its name.
    seen.retain(|channel| !channel.name.is_empty());
    let again_by = Upkeep::next(api.toolkit.clock.now(), EVERY, renew);
    Ok(Upkeep { again_by, problems, credentials, seen, ..Upkeep::default() })
}

/// Asks who we are, what we may, and where we are.
pub(crate) async fn check(api: &Api, own: &Identity) -> Vec<Finding> {
    use FindingLevel::{Error, Ok as Fine, Warning};
    let user = api.get::<User>(&["users", own.path()], &Vec::new()).await;
    let mut findings = Vec::new();
    match user {
        Ok(user) => {
            let name = user.display_name.get().unwrap_or(&own.name);
            let email = user.email.get().unwrap_or(&own.email);
            let detail = format!("signed in as {name} ({email})");
            findings.push(Finding::new("service user", Fine, detail));
        }
        Err(error) => {
            let detail = format!("{}. Connect the account again.", ReadError::from(error));
            return vec![Finding::new("service user", Error, detail)];
        }
    }
    match api.tokens.current().await {
        Ok(pair) => {
            let missing = manifest::missing_scopes(&pair.scope);
            for (scope, why) in &missing {
                let detail = format!(
                    "missing: needed {why}. Add it in the Zoom App Marketplace and connect again"
                );
                findings.push(Finding::new(format!("scope {scope}"), Warning, detail));
            }
            if missing.is_empty() {
                findings.push(Finding::new("scopes", Fine, "all that are needed are given"));
            }
        }
        Err(error) => {
            findings.push(Finding::new("scopes", Warning, ReadError::from(error).to_string()));
        }
    }
    findings.push(match directory::joined(api, own).await {
        Ok(joined) => {
            let detail = format!("the service user is in {} channels", joined.len());
            Finding::new("membership", Fine, detail)
        }
        Err(error) => Finding::new("membership", Warning, ReadError::from(error).to_string()),
    });
    findings
}

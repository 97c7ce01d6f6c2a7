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
    let now = api.toolkit.clock.now();
    let look = now.checked_add(EVERY).unwrap_or(now);
    // A renewal that is due and did not work is tried again soon.
    let soon = now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now);
    let again_by = Some(look.min(renew.max(soon)));
    Ok(Upkeep { again_by, problems, credentials, seen, ..Upkeep::default() })
}

/// Asks who we are, what we may, and where we are.
pub(crate) async fn check(api: &Api, own: &Identity) -> Vec<Finding> {
    use FindingLevel::{Error, Ok as Fine, Warning};
    let finding = |subject: &str, level, detail: String| Finding {
        subject: subject.to_owned(),
        level,
        detail,
    };
    let user = api.get::<User>(&["users", own.path()], &Vec::new()).await;
    let mut findings = Vec::new();
    match user {
        Ok(user) => {
            let name = user.display_name.get().unwrap_or(&own.name);
            let email = user.email.get().unwrap_or(&own.email);
            let detail = format!("signed in as {name} ({email})");
            findings.push(finding("service user", Fine, detail));
        }
        Err(error) => {
            let detail = format!("{}. Connect the account again.", ReadError::from(error));
            return vec![finding("service user", Error, detail)];
        }
    }
    match api.tokens.current().await {
        Ok(pair) => {
            let missing = manifest::missing_scopes(&pair.scope);
            for (scope, why) in &missing {
                let detail = format!(
                    "missing: needed {why}. Add it in the Zoom App Marketplace and connect again"
                );
                findings.push(finding(&format!("scope {scope}"), Warning, detail));
            }
            if missing.is_empty() {
                findings.push(finding("scopes", Fine, "all that are needed are given".to_owned()));
            }
        }
        Err(error) => {
            findings.push(finding("scopes", Warning, ReadError::from(error).to_string()));
        }
    }
    findings.push(match directory::joined(api, own).await {
        Ok(joined) => {
            let detail = format!("the service user is in {} channels", joined.len());
            finding("membership", Fine, detail)
        }
        Err(error) => finding("membership", Warning, ReadError::from(error).to_string()),
    });
    findings
}

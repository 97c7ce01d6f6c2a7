//! Looking after a connection, and checking it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rialto_model::{Conversation, RemoteId};
use rialto_platform::{Finding, FindingLevel, ReadError, Upkeep};

use crate::{
    api::{self, Api, PAGE, next_page},
    directory::{self, CHANNELS},
    manifest::SCOPES,
};

/// How often membership is looked at.
const EVERY: SignedDuration = SignedDuration::from_hours(6);

/// Renews the token, makes sure that we are in what must be heard, and sees how it is called. Slack
/// needs no subscriptions.
pub(crate) async fn upkeep(api: &Api, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
    let (renew, credentials) = api.tokens.upkeep().await?;
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    // Asked in any case: it shows whether the token is accepted.
    let mut joined = joined(api).await?;
    for id in heard {
        let channel = match joined.remove(id) {
            Some(channel) => Some(channel),
            // Joined a moment ago, or not listed.
            None => directory::conversation(api, id).await?,
        };
        problems.extend(match &channel {
            Some(channel) if channel.archived => {
                Some(format!("#{} is archived: unarchive it, or end its sync", channel.name))
            }
            Some(channel) if channel.joined => None,
            // The app was installed anew, or somebody took it out of what is still synced.
            Some(_) if directory::join(api, id).await.is_ok() => None,
            Some(channel) => Some(format!(
                "Rialto is not in #{} any more and hears nothing there: type `/invite` and the \
                 app's name in it",
                channel.name
            )),
            None => Some(format!(
                "the channel {id} is gone, or private and Rialto is not in it any more: somebody \
                 who is in it must type `/invite` and the app's name there"
            )),
        });
        // A channel without a name says nothing about its name.
        seen.extend(channel.filter(|channel| !channel.name.is_empty()));
    }
    let again_by = Upkeep::next(api.toolkit.clock.now(), EVERY, renew);
    Ok(Upkeep { again_by, problems, credentials, seen, ..Upkeep::default() })
}

/// The channels that we are in.
pub(crate) async fn joined(api: &Api) -> Result<BTreeMap<RemoteId, Conversation>, ReadError> {
    let mut joined = BTreeMap::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut params = vec![("types", CHANNELS.to_owned()), ("limit", PAGE.to_owned())];
        params.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let answer = api.get("users.conversations", &params).await?;
        let next = next_page(&answer);
        for channel in answer.channels.into_iter().filter_map(directory::channel) {
            // Not said in this list: that it is listed says it.
            joined.insert(channel.id.clone(), Conversation { joined: true, ..channel });
        }
        if next.is_none() || next == cursor {
            return Ok(joined);
        }
        cursor = next;
    }
}

/// Asks who we are and what we may.
pub(crate) async fn check(api: &Api) -> Vec<Finding> {
    let answer = match api.tokens.current().await {
        Ok(pair) => api::auth_test(&api.toolkit, &api.base, &pair.access).await,
        Err(error) => Err(error),
    };
    let (answer, scopes) = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let detail = ReadError::from(error).to_string();
            return vec![Finding::new("authorization", FindingLevel::Error, detail)];
        }
    };
    let team = answer.team.as_str().unwrap_or("a workspace without a name").to_owned();
    let place = answer.url.unwrap_or_default();
    let detail = format!("authorized for {team} {place}").trim_end().to_owned();
    let mut findings = vec![Finding::new("authorization", FindingLevel::Ok, detail)];
    let Some(scopes) = scopes else {
        let detail = "Slack did not say which scopes the app has";
        findings.push(Finding::new("scopes", FindingLevel::Warning, detail));
        return findings;
    };
    for (scope, why) in SCOPES {
        let subject = format!("scope {scope}");
        findings.push(if scopes.iter().any(|one| one == scope) {
            Finding::new(subject, FindingLevel::Ok, format!("given: needed {why}"))
        } else {
            let detail = format!("missing: needed {why}. Add it to the app and authorize again");
            let level = match scope {
                "chat:write" | "channels:history" | "users:read" => FindingLevel::Error,
                _ => FindingLevel::Warning,
            };
            Finding::new(subject, level, detail)
        });
    }
    findings
}

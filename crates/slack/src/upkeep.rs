//! Looking after a connection, and checking it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rialto_model::RemoteId;
use rialto_platform::{Finding, FindingLevel, ReadError, Upkeep};

use crate::{
    api::{self, Api, PAGE, next_page},
    directory::{self, CHANNELS},
    manifest::SCOPES,
};

/// How often membership is looked at.
const EVERY: SignedDuration = SignedDuration::from_hours(6);

/// Renews the token and makes sure that we are still in what must be heard. Slack needs no
/// subscriptions.
pub(crate) async fn upkeep(api: &Api, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
    let renew = api.tokens.upkeep().await?;
    let mut problems = Vec::new();
    if !heard.is_empty() {
        let joined = joined(api).await?;
        for id in heard.iter().filter(|id| !joined.contains(id.as_str())) {
            problems.push(match directory::conversation(api, id).await? {
                Some(channel) if channel.archived => {
                    format!("#{} is archived: unarchive it, or end its sync", channel.name)
                }
                // Joined a moment ago, or not listed.
                Some(channel) if channel.joined => continue,
                Some(channel) => format!(
                    "Rialto is not in #{} any more and hears nothing there: type `/invite` and the \
                     app's name in it",
                    channel.name
                ),
                None => format!(
                    "the channel {id} is gone, or private and Rialto is not in it any more: somebody \
                     who is in it must type `/invite` and the app's name there"
                ),
            });
        }
    }
    let now = api.toolkit.clock.now();
    let look = now.checked_add(EVERY).ok();
    // A renewal that is due and did not work is tried again soon.
    let soon = now.checked_add(SignedDuration::from_mins(1)).ok();
    let again_by = [look, renew.max(soon.filter(|_| renew.is_some()))].into_iter().flatten().min();
    Ok(Upkeep { again_by, gaps: Vec::new(), problems })
}

async fn joined(api: &Api) -> Result<BTreeSet<String>, ReadError> {
    let mut joined = BTreeSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut params = vec![("types", CHANNELS.to_owned()), ("limit", PAGE.to_owned())];
        params.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let answer = api.get("users.conversations", &params).await?;
        let next = next_page(&answer);
        joined.extend(answer.channels.into_iter().filter_map(|channel| channel.id));
        if next.is_none() || next == cursor {
            return Ok(joined);
        }
        cursor = next;
    }
}

/// Asks who we are and what we may.
pub(crate) async fn check(api: &Api) -> Vec<Finding> {
    let answer = match api.tokens.current().await {
        Ok(token) => api::auth_test(&api.toolkit, &api.base, &token).await,
        Err(error) => Err(error),
    };
    let finding = |subject: &str, level, detail: String| Finding {
        subject: subject.to_owned(),
        level,
        detail,
    };
    let (answer, scopes) = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let detail = ReadError::from(error).to_string();
            return vec![finding("authorization", FindingLevel::Error, detail)];
        }
    };
    let team = answer.team.as_str().unwrap_or("a workspace without a name").to_owned();
    let place = answer.url.unwrap_or_default();
    let detail = format!("authorized for {team} {place}").trim_end().to_owned();
    let mut findings = vec![finding("authorization", FindingLevel::Ok, detail)];
    let Some(scopes) = scopes else {
        let detail = "Slack did not say which scopes the app has".to_owned();
        findings.push(finding("scopes", FindingLevel::Warning, detail));
        return findings;
    };
    for (scope, why) in SCOPES {
        let subject = format!("scope {scope}");
        findings.push(if scopes.iter().any(|one| one == scope) {
            finding(&subject, FindingLevel::Ok, format!("given: needed {why}"))
        } else {
            let detail = format!("missing: needed {why}. Add it to the app and authorize again");
            let level = match scope {
                "chat:write" | "channels:history" | "users:read" => FindingLevel::Error,
                _ => FindingLevel::Warning,
            };
            finding(&subject, level, detail)
        });
    }
    findings
}

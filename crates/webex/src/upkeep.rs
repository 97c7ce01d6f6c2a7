//! Looking after a connection, and checking it.

use jiff::SignedDuration;
use rialto_model::RemoteId;
use rialto_platform::{Finding, FindingLevel, ReadError, Upkeep};

use crate::{
    api::{Api, ApiError, Identity},
    directory,
    hooks::{self, Wanted},
    manifest,
    moves::Spaces,
    wire::{Person, Room},
};

/// How often webhooks are looked at: a hundred failures make one silent.
const EVERY: SignedDuration = SignedDuration::from_mins(10);

/// What it means that Webex refuses the webhook of spaces.
const WITHOUT_ROOMS: &str = "Webex does not let Rialto listen to changes of spaces: new names, and spaces that move, \
                             are noticed within ten minutes only. See whether the integration has the scope \
                             spark:rooms_read";

async fn joined(api: &Api) -> Result<Vec<Room>, ApiError> {
    let query = vec![("type", "group".to_owned()), ("max", "1000".to_owned())];
    api.all(&["rooms"], &query).await
}

/// Renews the token, mends the webhooks, sees whether we are in what must be heard and may post there,
/// and how it is called.
pub(crate) async fn upkeep(
    api: &Api,
    own: &Identity,
    wanted: Option<&Wanted>,
    spaces: &Spaces,
    heard: &[RemoteId],
) -> Result<Upkeep, ReadError> {
    let (renew, credentials) = api.tokens.upkeep().await?;
    let mut problems = Vec::new();
    let mut gaps = Vec::new();
    match wanted {
        Some(wanted) => {
            let ensured = hooks::ensure(api, wanted).await?;
            if ensured.mended {
                gaps.push(RemoteId::from(""));
            }
            if ensured.without_rooms {
                problems.push(WITHOUT_ROOMS.to_owned());
            }
        }
        None => problems.push("the app has no webhook secret: add the app again".to_owned()),
    }
    let rooms = joined(api).await?;
    // Nothing told of it while Rialto was away.
    let moved = spaces.moved(heard, &rooms).await?;
    gaps.extend(moved.iter().map(|(_, to)| to.clone()));
    spaces.remember(heard, &rooms).await?;
    let mut seen = Vec::new();
    for id in heard.iter().filter(|id| !moved.iter().any(|(from, _)| from == *id)) {
        let Some(room) = rooms.iter().find(|room| room.id.get() == Some(id.as_str())) else {
            let mend = directory::to_be_added(own, false);
            problems.push(format!("Rialto is not in the space {id} any more: {mend}"));
            continue;
        };
        if (room.is_announcement_only || room.is_read_only)
            && let Some(member) = directory::membership(api, own, id.as_str()).await?
            && let Some(reason) = directory::hindered(room, &member, own)
        {
            let name = room.title.get().unwrap_or(id.as_str());
            problems.push(format!("Rialto cannot post in {name}: {reason}"));
        }
        // A space without a name says nothing about its name.
        seen.extend(directory::conversation_of(room, true).filter(|it| !it.name.is_empty()));
    }
    let again_by = Upkeep::next(api.toolkit.clock.now(), EVERY, renew);
    Ok(Upkeep { again_by, gaps, moved, problems, credentials, seen })
}

/// Asks who we are, what we may, what is told, and where we are.
pub(crate) async fn check(api: &Api, own: &Identity, wanted: Option<&Wanted>) -> Vec<Finding> {
    use FindingLevel::{Error, Ok as Fine, Warning};
    let mut findings = Vec::new();
    match api.get::<Person>(&["people", "me"], &Vec::new()).await {
        Ok(_) => {
            let detail = format!("signed in as {}", own.words());
            findings.push(Finding::new("service user", Fine, detail));
        }
        Err(error) => {
            let detail = format!("{}. Connect the organization again.", ReadError::from(error));
            return vec![Finding::new("service user", Error, detail)];
        }
    }
    match api.tokens.current().await {
        Ok(pair) => {
            let missing = manifest::missing_scopes(&pair.scope);
            for (scope, why) in &missing {
                let detail =
                    format!("missing: needed {why}. Add it to the integration and connect again");
                findings.push(Finding::new(format!("scope {scope}"), Warning, detail));
            }
            if missing.is_empty() {
                let detail = match pair.scope.is_empty() {
                    true => "the token does not say which it has",
                    false => "all that are needed are given",
                };
                findings.push(Finding::new("scopes", Fine, detail));
            }
        }
        Err(error) => {
            findings.push(Finding::new("scopes", Warning, ReadError::from(error).to_string()));
        }
    }
    findings.push(match wanted {
        None => Finding::new("webhooks", Error, "the app has no webhook secret"),
        Some(wanted) => match hooks::silent(api, wanted).await {
            Ok(silent) if silent.is_empty() => Finding::new("webhooks", Fine, "all are active"),
            Ok(silent) => {
                let detail = format!(
                    "nothing tells of {}: Rialto mends that by itself within ten minutes while it \
                     runs; see whether Webex can reach its address",
                    silent.join(", ")
                );
                Finding::new("webhooks", Warning, detail)
            }
            Err(error) => Finding::new("webhooks", Warning, ReadError::from(error).to_string()),
        },
    });
    findings.push(match joined(api).await {
        Ok(rooms) => {
            let detail = format!("the service user is in {} spaces", rooms.len());
            Finding::new("membership", Fine, detail)
        }
        Err(error) => Finding::new("membership", Warning, ReadError::from(error).to_string()),
    });
    findings
}

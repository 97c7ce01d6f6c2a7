//! Finding what people mean: a workspace, a channel, a channel sync, an app by its name or id.

use rialto_model::{AppId, ChannelSyncId, RemoteId};
use rialto_relay::admin::{
    AppView, ChannelSyncView, ConnectionView, ConversationView, ParentView, nearest,
};

use crate::{client::Client, failure::Failure};

/// A workspace by its id, its name, or its platform's short name.
pub async fn workspace(client: &Client, wanted: &str) -> Result<ConnectionView, Failure> {
    let all: Vec<ConnectionView> = client.get("connections").await?;
    let same = |name: &str| name.eq_ignore_ascii_case(wanted);
    let found: Vec<_> = all
        .iter()
        .filter(|it| same(&it.id.to_string()) || same(&it.name) || same(&it.platform))
        .collect();
    one("workspace", wanted, &found, |it| format!("{} ({}, {})", it.name, it.platform, it.id))
        .cloned()
        .map_err(|failure| match all.is_empty() {
            true => Failure::failed("no workspace is connected yet: run `rialto connect`"),
            false => {
                let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
                with_hint(failure, wanted, &names)
            }
        })
}

/// A channel as `WORKSPACE:CHANNEL`, both by name or id; a team's channel as `TEAM/CHANNEL`.
pub async fn channel(
    client: &Client,
    wanted: &str,
) -> Result<(ConnectionView, ConversationView), Failure> {
    let (place, name) =
        wanted.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(|| {
            Failure::usage(format!(
                "`{wanted}` is not a channel: write WORKSPACE:CHANNEL, such as `slack:general` or \
             `teams:Engineering/General`"
            ))
        })?;
    let workspace = workspace(client, place).await?;
    let path = format!("connections/{}/conversations", workspace.id);
    let all: Vec<ConversationView> = client.get(&path).await?;
    let name = name.trim_start_matches('#');
    let found: Vec<_> = all.iter().filter(|it| is_called(it, name)).collect();
    let channel = one("channel", name, &found, |it| format!("{} ({})", full_name(it), it.id))
        .cloned()
        .map_err(|failure| {
            let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
            with_hint(failure, name, &names)
        })?;
    Ok((workspace, channel))
}

fn is_called(it: &ConversationView, wanted: &str) -> bool {
    let same = |name: &str, wanted: &str| name.trim().eq_ignore_ascii_case(wanted.trim());
    if it.id.as_str() == wanted || same(&it.name, wanted) {
        return true;
    }
    match (&it.parent, wanted.split_once('/')) {
        (Some(parent), Some((team, name))) => same(&parent.name, team) && same(&it.name, name),
        _ => false,
    }
}

/// `TEAM / CHANNEL`, or the channel's name alone.
pub fn full_name(it: &ConversationView) -> String {
    match &it.parent {
        Some(parent) => format!("{} / {}", parent.name, it.name),
        None => it.name.clone(),
    }
}

/// A team by its id or name.
pub async fn parent(
    client: &Client,
    workspace: &ConnectionView,
    wanted: &str,
) -> Result<RemoteId, Failure> {
    let all: Vec<ParentView> = client.get(&format!("connections/{}/parents", workspace.id)).await?;
    let same = |it: &&ParentView| it.id.as_str() == wanted || it.name.eq_ignore_ascii_case(wanted);
    let found: Vec<_> = all.iter().filter(same).collect();
    one("team", wanted, &found, |it| format!("{} ({})", it.name, it.id))
        .map(|it| it.id.clone())
        .map_err(|failure| {
            let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
            with_hint(failure, wanted, &names)
        })
}

/// A channel sync by its id or name.
pub async fn channel_sync(client: &Client, wanted: &str) -> Result<ChannelSyncView, Failure> {
    if let Ok(id) = wanted.parse::<ChannelSyncId>() {
        return client.get(&format!("channel-syncs/{id}")).await;
    }
    let all: Vec<ChannelSyncView> = client.get("channel-syncs").await?;
    let found: Vec<_> = all.iter().filter(|it| it.name.eq_ignore_ascii_case(wanted)).collect();
    one("channel sync", wanted, &found, |it| format!("{} ({})", it.name, it.id)).cloned().map_err(
        |failure| {
            let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
            with_hint(failure, wanted, &names)
        },
    )
}

/// An app by its id, its name, or its platform's short name.
pub async fn app(client: &Client, wanted: &str) -> Result<AppView, Failure> {
    if let Ok(id) = wanted.parse::<AppId>() {
        return client.get(&format!("apps/{id}")).await;
    }
    let all: Vec<AppView> = client.get("apps").await?;
    let same = |name: &str| name.eq_ignore_ascii_case(wanted);
    let found: Vec<_> = all.iter().filter(|it| same(&it.name) || same(&it.platform)).collect();
    one("app", wanted, &found, |it| format!("{} ({}, {})", it.name, it.platform, it.id)).cloned()
}

fn one<'a, T>(
    kind: &str,
    wanted: &str,
    found: &[&'a T],
    show: impl Fn(&T) -> String,
) -> Result<&'a T, Failure> {
    match found {
        [it] => Ok(it),
        [] => Err(Failure::failed(format!("there is no {kind} `{wanted}`"))),
        several => Err(Failure::failed(format!(
            "`{wanted}` could be any of these, name one by its id: {}",
            several.iter().map(|it| show(it)).collect::<Vec<_>>().join(", ")
        ))),
    }
}

fn with_hint(failure: Failure, wanted: &str, names: &[&str]) -> Failure {
    let words = failure.to_string();
    if !words.starts_with("there is no") {
        return failure;
    }
    match nearest(wanted, names.iter().copied()) {
        Some(meant) => Failure::failed(format!("{words}: did you mean `{meant}`?")),
        None if names.is_empty() || names.len() > 20 => failure,
        None => Failure::failed(format!("{words}: there are {}", names.join(", "))),
    }
}

//! The canary's nest: a space of Rialto's own. Where others have a reaction that comes and goes there,
//! Webex has a message, since apps cannot react.

use http::Method;
use rialto_model::RemoteId;
use rialto_platform::{Cabinet, Nest, SendError, SetupError};
use serde_json::json;

use crate::{
    api::{Api, Identity},
    directory, history,
    wire::{Made, Message, Room},
};

/// What the nest's first message says.
const TEXT: &str = "This space is Rialto's own. A message that comes and goes here shows that Rialto \
                    hears this organization.";

/// The nest: remembered, found by its name, or made.
pub(crate) async fn nest(
    api: &Api,
    cabinet: &dyn Cabinet,
    own: &Identity,
    anew: bool,
) -> Result<Nest, SetupError> {
    if let (false, Some(nest)) = (anew, Nest::remembered(cabinet).await?) {
        return Ok(nest);
    }
    let query = vec![("type", "group".to_owned()), ("max", "1000".to_owned())];
    let rooms: Vec<Room> = api.all(&["rooms"], &query).await?;
    let found = rooms.iter().find(|room| {
        room.title.get().is_some_and(|title| title.starts_with(Nest::NAME))
            && room.creator_id.get().is_some_and(|id| own.is(id))
            && !room.is_public
    });
    let conversation: RemoteId = match found.and_then(|room| room.id.get()) {
        Some(id) => id.into(),
        None => directory::create(api, own, &Nest::to_make(None, "")).await?.id,
    };
    let call = json!({ "roomId": conversation, "markdown": TEXT });
    let made: Made = api.send(Method::POST, &["messages"], &call).await?;
    let message = made.id.get().map(Into::into).ok_or_else(|| {
        SetupError::Unreachable("Webex's answer does not name the message".into())
    })?;
    let nest = Nest { conversation, message };
    nest.remember(cabinet).await?;
    Ok(nest)
}

/// The canary sings.
pub(crate) async fn sing(api: &Api, nest: &RemoteId, song: &str) -> Result<(), SendError> {
    let call = json!({ "roomId": nest, "markdown": song });
    Ok(api.send::<Made>(Method::POST, &["messages"], &call).await.map(drop)?)
}

/// What it sang before goes. All that is of who we are now and not the nest's own message is a song.
pub(crate) async fn hush(
    api: &Api,
    own: &Identity,
    nest: &RemoteId,
    kept: &RemoteId,
) -> Result<(), SendError> {
    let listed = api
        .list::<Message>(&["messages"], &history::query(nest, None))
        .await
        .map_err(SendError::looked)?;
    let is_ours = |message: &&Message| message.person_id.get().is_some_and(|id| own.is(id));
    for message in listed.items.iter().filter(is_ours) {
        let id = message.id.get().unwrap_or_default();
        if id != kept.as_str() && message.text.get() != Some(TEXT) {
            api.delete(&["messages", id]).await?;
        }
    }
    Ok(())
}

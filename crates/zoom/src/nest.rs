//! The canary's nest: one that was made before is found by its name.

use http::Method;
use rialto_model::Conversation;
use rialto_platform::{Cabinet, Nest, SetupError};
use serde_json::json;

use crate::{
    api::{Api, Identity},
    directory,
    wire::{self, Made},
};

pub(crate) async fn nest(
    api: &Api,
    cabinet: &dyn Cabinet,
    own: &Identity,
    anew: bool,
) -> Result<Nest, SetupError> {
    if let (false, Some(nest)) = (anew, Nest::remembered(cabinet).await?) {
        return Ok(nest);
    }
    let mut joined = directory::joined(api, own).await?.into_iter();
    let found = joined.find(|channel| channel.private && channel.name.starts_with(Nest::NAME));
    let (found, channel) = match found {
        Some(channel) => (true, channel),
        None => (false, make(api, own).await?),
    };
    let message = match say(api, own, &channel).await {
        // Archived, perhaps, which Zoom does not tell before.
        Err(SetupError::Refused(_)) if found => {
            let channel = make(api, own).await?;
            let message = say(api, own, &channel).await?;
            return remembered(cabinet, channel, message).await;
        }
        message => message?,
    };
    remembered(cabinet, channel, message).await
}

async fn say(api: &Api, own: &Identity, channel: &Conversation) -> Result<String, SetupError> {
    let call = json!({ "message": Nest::TEXT, "to_channel": channel.id });
    let made: Made =
        api.send(Method::POST, &["chat", "users", own.path(), "messages"], &call).await?;
    let id = made
        .id
        .get()
        .ok_or_else(|| SetupError::Unreachable("Zoom's answer does not name the message".into()))?;
    api.spellings.learn(id);
    Ok(wire::message_id(id))
}

async fn remembered(
    cabinet: &dyn Cabinet,
    channel: Conversation,
    message: String,
) -> Result<Nest, SetupError> {
    let nest = Nest { conversation: channel.id, message: message.into() };
    nest.remember(cabinet).await?;
    Ok(nest)
}

async fn make(api: &Api, own: &Identity) -> Result<Conversation, SetupError> {
    let make = async |new| directory::create(api, own, &new).await;
    Nest::make(api.toolkit.random.as_ref(), None, make).await
}

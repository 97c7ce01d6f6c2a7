//! The canary's nest: one that was made before is found by its name.

use rialto_model::Conversation;
use rialto_platform::{Cabinet, Nest, SetupError};
use serde_json::json;

use crate::{
    api::{Api, Identity},
    directory, upkeep,
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
    let joined = upkeep::joined(api).await?;
    let found = joined.into_values().find(|channel| {
        channel.private && !channel.archived && channel.name.starts_with(Nest::NAME)
    });
    let channel = match found {
        Some(channel) => channel,
        None => make(api, own).await?,
    };
    let call = json!({ "channel": channel.id, "text": Nest::TEXT, "mrkdwn": false });
    let message = api.json("chat.postMessage", &call).await?.ts;
    let message = message.ok_or_else(|| {
        SetupError::Unreachable("Slack's answer does not name the message".into())
    })?;
    let nest = Nest { conversation: channel.id, message: message.into() };
    nest.remember(cabinet).await?;
    Ok(nest)
}

async fn make(api: &Api, own: &Identity) -> Result<Conversation, SetupError> {
    let make = async |new| directory::create(api, own, &new).await;
    Nest::make(api.toolkit.random.as_ref(), None, make).await
}

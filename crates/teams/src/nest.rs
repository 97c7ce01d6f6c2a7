//! The canary's nest: in the team of a channel that is heard, for Graph has no channels outside
//! teams. One that was made before is found by its name.

use rialto_model::{Conversation, RemoteId};
use rialto_platform::{Nest, SetupError};
use serde_json::json;

use crate::{
    connection::TeamsConnection,
    place::Place,
    tokens::Identity,
    wire::{Channel, ChatMessage},
};

impl TeamsConnection {
    pub(crate) async fn find_or_make_nest(
        &self,
        heard: &[RemoteId],
        anew: bool,
    ) -> Result<Nest, SetupError> {
        if let (false, Some(nest)) = (anew, Nest::remembered(self.cabinet.as_ref()).await?) {
            return Ok(nest);
        }
        let heard = heard.iter().find_map(Place::parse).ok_or_else(|| {
            SetupError::Refused("no channel of Teams is heard: there is no team for it".into())
        })?;
        let place = match self.nest_in(&heard.team).await? {
            Some(place) => place,
            None => self.make_nest(&heard.team).await?,
        };
        let url = self.graph.url(&["teams", &place.team, "channels", &place.channel, "messages"]);
        let body = json!({ "body": { "contentType": "text", "content": Nest::TEXT } });
        let made = self.graph.post::<ChatMessage>(Identity::Service, url, &body).await;
        let made = made.map_err(|fault| fault.to_setup())?;
        let nest = Nest { conversation: place.id(), message: made.id.into() };
        nest.remember(self.cabinet.as_ref()).await?;
        Ok(nest)
    }

    async fn nest_in(&self, team: &str) -> Result<Option<Place>, SetupError> {
        let url = self.graph.url(&["teams", team, "channels"]);
        let channels: Result<Vec<Channel>, _> = self.graph.all(Identity::Service, url).await;
        let channels = channels.map_err(|fault| fault.to_setup())?;
        let found = channels.into_iter().find(|channel| {
            channel.display_name.as_deref().is_some_and(|name| name.starts_with(Nest::NAME))
                && channel.membership_type.as_deref() == Some("private")
        });
        Ok(found.and_then(|channel| Place::new(team, &channel.id)))
    }

    /// A channel that was deleted keeps its name for a month.
    async fn make_nest(&self, team: &str) -> Result<Place, SetupError> {
        let random = self.graph.toolkit.random.as_ref();
        let make = async |new| self.make_conversation(&new).await;
        let made: Conversation = Nest::make(random, Some(team.into()), make).await?;
        Place::parse(&made.id).ok_or_else(|| {
            SetupError::Unreachable("Graph made a channel and did not say which".into())
        })
    }
}

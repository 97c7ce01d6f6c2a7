//! A channel's past: what changed since a moment, replies and deletions included.

use rialto_platform::{HistoryPage, HistoryRequest, ReadError};

use crate::{
    connection::TeamsConnection,
    message::{self, Circumstances},
    place::{MessagePath, Place},
    tokens::Identity,
    wire::{ChatMessage, List},
};

impl TeamsConnection {
    /// One page of `messages/delta`: everything that was posted, changed, deleted or reacted to
    /// since, at most eight months back.
    pub(crate) async fn past(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        let place = Place::parse(request.conversation)
            .ok_or_else(|| ReadError::Permanent("the channel's id is not one of Teams'".into()))?;
        let url = match request.page {
            Some(link) => self.graph.continued(link).map_err(|fault| fault.to_read())?,
            None => {
                let path = ["teams", &place.team, "channels", &place.channel, "messages", "delta"];
                let mut url = self.graph.url(&path);
                url.query_pairs_mut()
                    .append_pair("$top", "50")
                    .append_pair("$expand", "replies")
                    .append_pair("$filter", &format!("lastModifiedDateTime gt {}", request.since));
                url
            }
        };
        let page: List<ChatMessage> =
            self.graph.get(Identity::Service, url).await.map_err(|fault| fault.to_read())?;
        let ours = self.ours().await.map_err(|fault| fault.to_read())?;
        let mut events = Vec::new();
        for root in page.value {
            for (message, below) in [(&root, None)]
                .into_iter()
                .chain(root.replies.iter().map(|reply| (reply, Some(root.id.clone()))))
            {
                let path =
                    MessagePath { place: place.clone(), message: message.id.clone(), root: below };
                let about = Circumstances { path: &path, ours, updated: true, now: self.now() };
                events.extend(message::events(message, &about));
            }
        }
        Ok(HistoryPage { events, next: page.next, ..HistoryPage::default() })
    }
}

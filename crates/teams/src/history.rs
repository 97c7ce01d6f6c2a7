//! A channel's past: what changed since a moment, replies and deletions included.

use std::iter;

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
    /// since, at most eight months back. Of a thread it shows 1,000 replies and where the others are
    /// (Graph, *List channel messages*): what is asked for next is one address a line.
    pub(crate) async fn past(&self, request: HistoryRequest<'_>) -> Result<HistoryPage, ReadError> {
        let place = Place::parse(request.conversation)
            .ok_or_else(|| ReadError::Permanent("the channel's id is not one of Teams'".into()))?;
        let mut links = request.page.into_iter().flat_map(str::lines);
        let url = match links.next() {
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
        let mut ahead: Vec<String> = Vec::new();
        for listed in page.value {
            let replies = listed.replies.iter().map(|reply| (reply, Some(listed.id.clone())));
            for (message, root) in iter::once((&listed, listed.reply_to_id.clone())).chain(replies)
            {
                let path = MessagePath { place: place.clone(), message: message.id.clone(), root };
                let about = Circumstances { path: &path, ours, updated: true, now: self.now() };
                events.extend(message::events(message, &about));
            }
            ahead.extend(listed.more_replies);
        }
        ahead.extend(page.next);
        ahead.extend(links.map(str::to_owned));
        let next = (!ahead.is_empty()).then(|| ahead.join("\n"));
        Ok(HistoryPage { events, next, ..HistoryPage::default() })
    }
}

//! From the source's terms to the destination's: mentions point at accounts and conversations that
//! exist there, or become words. Never a raw id, never the wrong person.

use std::collections::HashMap;

use rialto_model::{
    ChannelSync, ConnectionId, ConversationRef, EveryoneMentions, Feature, Inline, Mention,
    MentionTarget, RemoteId, RichText, Support,
};
use rialto_platform::ReadError;

use crate::{people::People, roster::RosterView};

/// One way from a connection to another.
pub(crate) struct Way<'a> {
    pub(crate) view: &'a RosterView,
    pub(crate) people: &'a People,
    pub(crate) sync: &'a ChannelSync,
    pub(crate) from: ConnectionId,
    pub(crate) to: ConnectionId,
}

impl Way<'_> {
    /// Makes a text fit for the destination. What cannot be looked up right now becomes words: a
    /// message does not wait for a mention.
    pub(crate) async fn localize(&self, text: &mut RichText) {
        let mut accounts: HashMap<RemoteId, Option<(RemoteId, String)>> = HashMap::new();
        text.for_each_line(&mut |line| {
            for inline in line {
                if let Inline::Mention(Mention { target: MentionTarget::Account(id), .. }) = inline
                {
                    accounts.insert(id.clone(), None);
                }
            }
        });
        for (id, there) in &mut accounts {
            *there = self.account_there(id).await.unwrap_or_else(|error| {
                tracing::info!(%error, "a mention becomes words: its person cannot be looked up");
                None
            });
        }
        text.for_each_line(&mut |line| {
            for inline in line {
                if let Inline::Mention(mention) = inline
                    && let Some(words) = self.mention(mention, &accounts)
                {
                    *inline = Inline::text(words);
                }
            }
        });
    }

    /// The same person's account on the destination, matched by verified e-mail address.
    async fn account_there(&self, id: &RemoteId) -> Result<Option<(RemoteId, String)>, ReadError> {
        let (Some(from), Some(to)) = (self.live(self.from), self.live(self.to)) else {
            return Ok(None);
        };
        let Some(account) = self.people.account(self.from, from.as_ref(), id).await? else {
            return Ok(None);
        };
        if self.from == self.to {
            return Ok(Some((account.id.clone(), account.name.clone())));
        }
        let Some(email) = &account.email else { return Ok(None) };
        let there = self.people.by_email(self.to, to.as_ref(), email).await?;
        Ok(there.map(|there| (there.id.clone(), there.name.clone())))
    }

    fn live(
        &self,
        connection: ConnectionId,
    ) -> Option<&std::sync::Arc<dyn rialto_platform::Connection>> {
        self.view.connections.get(&connection)?.live.as_ref().ok()
    }

    /// Points a mention at the destination, or gives the words to put in its place.
    fn mention(
        &self,
        mention: &mut Mention,
        accounts: &HashMap<RemoteId, Option<(RemoteId, String)>>,
    ) -> Option<String> {
        match &mention.target {
            MentionTarget::Account(id) => match accounts.get(id).cloned().flatten() {
                Some((id, name)) => {
                    mention.target = MentionTarget::Account(id);
                    mention.name = name;
                    None
                }
                None => Some(format!("@{}", mention.name)),
            },
            MentionTarget::Conversation(id) => match self.conversation_there(id) {
                Some((id, name)) => {
                    mention.target = MentionTarget::Conversation(id);
                    mention.name = name;
                    None
                }
                None => Some(format!("#{}", mention.name)),
            },
            MentionTarget::Everyone(_) if self.may_call_everyone() => None,
            MentionTarget::Everyone(_) | MentionTarget::Group(_) => {
                Some(format!("@{}", mention.name))
            }
        }
    }

    fn conversation_there(&self, id: &RemoteId) -> Option<(RemoteId, String)> {
        let at = ConversationRef { connection: self.from, conversation: id.clone() };
        if self.from == self.to {
            let name = self.view.endpoint(&at).map(|(_, endpoint)| endpoint.name.clone())?;
            return Some((id.clone(), name));
        }
        let (sync, _) = self.view.endpoint(&at)?;
        let there = sync.endpoints.iter().find(|endpoint| endpoint.at.connection == self.to)?;
        Some((there.at.conversation.clone(), there.name.clone()))
    }

    fn may_call_everyone(&self) -> bool {
        self.sync.settings.everyone_mentions == EveryoneMentions::Real
            && self.view.connections.get(&self.to).is_some_and(|entry| {
                let abilities = &entry.platform.manifest().capabilities.abilities;
                abilities.of(Feature::MentionEverybody).shown == Support::Native
            })
    }
}

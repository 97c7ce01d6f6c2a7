//! Who would read what: nothing that is said in a private conversation gets public by accident.
//!
//! Private is what the platform calls so: only those who were added see the conversation. Who the
//! members are is not compared.

use rialto_model::{ChannelSync, Conversation, Direction, Endpoint};

use super::{AdminError, NewEndpoint};
use crate::Relay;

/// A conversation as a part of a channel sync that is to be.
#[derive(Clone, Debug)]
pub(super) struct Party {
    name: String,
    /// Who sees it, if it is not private.
    everybody: String,
    private: bool,
    direction: Direction,
}

/// Says for the first private conversation whose messages would go to one that is not.
fn widening(parties: &[Party]) -> Option<String> {
    let heard = parties.iter().filter(|it| it.private && it.direction.hears());
    let mut ways = heard.flat_map(|from| {
        parties.iter().filter(|to| !to.private && to.direction.writes()).map(move |to| (from, to))
    });
    let (from, to) = ways.next()?;
    Some(format!(
        "`{}` is private and `{}` is not: {} would be able to read what is said in `{0}`. Make `{1}` \
         private, let nothing flow that way, or allow it by this field (`--allow-wider-audience`)",
        from.name, to.name, to.everybody
    ))
}

/// Refuses what would let more people read than can now, unless the admin wants it so.
pub(super) fn check(parties: &[Party], allowed: bool) -> Result<(), AdminError> {
    match widening(parties).filter(|_| !allowed) {
        Some(problem) => Err(AdminError::invalid("allow_wider_audience", problem)),
        None => Ok(()),
    }
}

impl Relay {
    pub(super) fn party(
        &self,
        new: &NewEndpoint,
        conversation: &Conversation,
    ) -> Result<Party, AdminError> {
        let everybody = match &conversation.parent {
            Some((_, parent)) => format!("everybody in `{parent}`"),
            None => {
                let workspace = self.connection_entry(new.connection)?;
                format!("everybody in the workspace `{}`", workspace.record.name)
            }
        };
        Ok(Party {
            name: conversation.full_name(),
            everybody,
            private: conversation.private,
            direction: new.direction,
        })
    }

    /// Those that are in a channel sync, but for one of them. One that cannot be seen any more
    /// counts as private: it is not known to be anything else.
    pub(super) async fn parties(
        &self,
        sync: &ChannelSync,
        but_for: Option<&Endpoint>,
    ) -> Result<Vec<Party>, AdminError> {
        let mut parties = Vec::with_capacity(sync.endpoints.len());
        for endpoint in sync.endpoints.iter().filter(|it| but_for.is_none_or(|but| but.id != it.id))
        {
            parties.push(self.party_of(endpoint).await?);
        }
        Ok(parties)
    }

    pub(super) async fn party_of(&self, endpoint: &Endpoint) -> Result<Party, AdminError> {
        let new = NewEndpoint {
            connection: endpoint.at.connection,
            conversation: endpoint.at.conversation.clone(),
            direction: endpoint.direction,
        };
        let live = self.live(new.connection)?;
        match live.conversation(&new.conversation).await? {
            Some(conversation) => self.party(&new, &conversation),
            None => Ok(Party {
                name: endpoint.name.clone(),
                everybody: String::new(),
                private: true,
                direction: endpoint.direction,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_flows_from_private_to_public_widens_an_audience() {
        use Direction::{Both, In, Out};
        const PRIVATE: bool = true;
        for (one, other, widens) in [
            ((PRIVATE, Both), (!PRIVATE, Both), true),
            ((!PRIVATE, Both), (PRIVATE, Both), true),
            ((PRIVATE, In), (!PRIVATE, Out), true),
            ((PRIVATE, Out), (!PRIVATE, Both), false),
            ((PRIVATE, Both), (!PRIVATE, In), false),
            ((PRIVATE, Both), (PRIVATE, Both), false),
            ((!PRIVATE, Both), (!PRIVATE, Both), false),
        ] {
            let party = |name: &str, (private, direction)| Party {
                name: name.into(),
                everybody: "everybody".into(),
                private,
                direction,
            };
            let parties = [party("one", one), party("other", other)];
            assert_eq!(widening(&parties).is_some(), widens, "{one:?} {other:?}");
            assert_eq!(check(&parties, false).is_err(), widens);
            assert_eq!(check(&parties, true), Ok(()), "an admin may want it so");
        }
    }
}

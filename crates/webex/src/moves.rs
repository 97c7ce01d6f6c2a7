//! Spaces that move: Webex gives a space another id when it moves to another geography, and tells the new
//! one alone (*Webhooks*, `migrated`). So it is remembered when each was made, by whom, and how it is called:
//! that stays.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rialto_model::RemoteId;
use rialto_platform::{Cabinet, CabinetError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    api::{Api, ApiError},
    directory,
    wire::{self, Room},
};

const ENTRY: &str = "spaces";

/// What stays of a space.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Origin {
    created: Timestamp,
    creator: String,
    title: String,
}

impl Origin {
    /// Of a space; `None` where Webex does not say.
    pub fn of(room: &Room) -> Option<Self> {
        let creator = wire::uuid(room.creator_id.get()?);
        let title = room.title.get().unwrap_or_default().to_owned();
        Some(Self { created: room.created?, creator, title })
    }
}

/// The spaces that are heard, by their ids.
pub(crate) struct Spaces(Arc<dyn Cabinet>);

impl Spaces {
    pub fn new(cabinet: Arc<dyn Cabinet>) -> Self {
        Self(cabinet)
    }

    async fn known(&self) -> Result<BTreeMap<String, Origin>, CabinetError> {
        let kept = self.0.get(ENTRY).await?;
        Ok(kept
            .and_then(|text| serde_json::from_str(text.expose_secret()).ok())
            .unwrap_or_default())
    }

    /// Remembers the spaces that are heard; what is heard and not seen stays as it was.
    pub async fn remember(&self, heard: &[RemoteId], seen: &[Room]) -> Result<(), CabinetError> {
        let before = self.known().await?;
        let origin = |id: &RemoteId| {
            let seen = seen.iter().find(|room| room.id.get() == Some(id.as_str()));
            seen.and_then(Origin::of).or_else(|| before.get(id.as_str()).cloned())
        };
        let now: BTreeMap<String, Origin> =
            heard.iter().filter_map(|id| Some((id.to_string(), origin(id)?))).collect();
        if now != before {
            let text = serde_json::to_string(&now).unwrap_or_default();
            self.0.put(ENTRY, SecretString::from(text)).await?;
        }
        Ok(())
    }

    /// Where heard spaces are that are not among those that we are in: their old ids, and the new ones.
    pub async fn moved(
        &self,
        heard: &[RemoteId],
        rooms: &[Room],
    ) -> Result<Vec<(RemoteId, RemoteId)>, CabinetError> {
        let is = |id: &RemoteId, room: &Room| room.id.get() == Some(id.as_str());
        let known = self.known().await?;
        let mut moved = Vec::new();
        for id in heard.iter().filter(|id| !rooms.iter().any(|room| is(id, room))) {
            let Some(origin) = known.get(id.as_str()) else { continue };
            let mut same = rooms.iter().filter(|room| {
                Origin::of(room).as_ref() == Some(origin) && !heard.iter().any(|it| is(it, room))
            });
            if let (Some(room), None) = (same.next(), same.next()) {
                moved.extend(room.id.get().map(|to| (id.clone(), to.into())));
            }
        }
        Ok(moved)
    }

    /// Which space it was that has this id now: none that is still there under its own; `None` where it is
    /// not sure.
    pub async fn was(
        &self,
        api: &Api,
        id: &str,
        origin: &Origin,
    ) -> Result<Option<RemoteId>, ApiError> {
        let known = self.known().await?;
        let mut gone = Vec::new();
        for (was, _) in known.iter().filter(|(was, known)| was.as_str() != id && *known == origin) {
            if directory::room(api, was).await?.is_none() {
                gone.push(RemoteId::from(was.as_str()));
            }
        }
        Ok(gone.pop().filter(|_| gone.is_empty()))
    }
}

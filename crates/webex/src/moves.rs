//! Spaces that move: Webex gives a space another id when it moves to another geography, and tells the new
//! one alone (*Webhooks*, `migrated`). So it is remembered when each was made and by whom, which stays.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rialto_model::RemoteId;
use rialto_platform::{Cabinet, CabinetError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::wire::{self, Room};

const ENTRY: &str = "spaces";

/// What stays of a space.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Origin {
    created: Timestamp,
    creator: String,
}

impl Origin {
    /// Of a space; `None` where Webex does not say.
    pub fn of(room: &Room) -> Option<Self> {
        let creator = wire::uuid(room.creator_id.get()?);
        Some(Self { created: room.created?, creator })
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

    /// Which space it was that has this id now; `None` where that is not sure.
    pub async fn was(&self, id: &str, origin: &Origin) -> Result<Option<RemoteId>, CabinetError> {
        let known = self.known().await?;
        let mut same = known.iter().filter(|(was, known)| was.as_str() != id && *known == origin);
        let first = same.next().map(|(was, _)| was.as_str().into());
        Ok(first.filter(|_| same.next().is_none()))
    }
}

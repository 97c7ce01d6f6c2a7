//! The canary's nest: a private channel that nobody but Rialto is in, with a message of Rialto's.
//! A reaction there that comes and goes shows whether the workspace's webhooks arrive.

use rialto_model::RemoteId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{Cabinet, CabinetError, NewConversation, Random, SetupError};

/// Where connectors remember it.
const ENTRY: &str = "nest";

/// Where the canary lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nest {
    /// The channel.
    pub conversation: RemoteId,
    /// Its message.
    pub message: RemoteId,
}

impl Nest {
    /// What the channel's name begins with; a connector fits it to the platform's rules.
    pub const NAME: &str = "rialto-canary";

    /// What the channel's message says, and its topic.
    pub const TEXT: &str = "This channel is Rialto's own. A reaction that comes and goes here shows \
                            that Rialto hears this workspace.";

    /// What to ask the platform for. `suffix`: something may have the plain name already.
    pub fn to_make(parent: Option<RemoteId>, suffix: &str) -> NewConversation {
        NewConversation {
            name: format!("{}{suffix}", Self::NAME),
            parent,
            private: true,
            members: Vec::new(),
            topic: Some(Self::TEXT.into()),
        }
    }

    /// Makes its channel, with `make`: under a name of its own where something else has the plain one,
    /// a channel that is archived or deleted perhaps.
    ///
    /// # Errors
    /// What `make` fails with.
    pub async fn make<T, F>(
        random: &dyn Random,
        parent: Option<RemoteId>,
        make: impl Fn(NewConversation) -> F,
    ) -> Result<T, SetupError>
    where
        F: Future<Output = Result<T, SetupError>>,
    {
        match make(Self::to_make(parent.clone(), "")).await {
            Err(SetupError::Refused(_)) => {
                let mut unlike = [0; 4];
                random.fill(&mut unlike);
                let suffix = format!("-{}", hex::encode(unlike));
                make(Self::to_make(parent, &suffix)).await
            }
            made => made,
        }
    }

    /// The one that a connector remembers.
    ///
    /// # Errors
    /// When the cabinet cannot be read.
    pub async fn remembered(cabinet: &dyn Cabinet) -> Result<Option<Self>, CabinetError> {
        let kept = cabinet.get(ENTRY).await?;
        Ok(kept.and_then(|text| serde_json::from_str(text.expose_secret()).ok()))
    }

    /// Remembers it.
    ///
    /// # Errors
    /// When the cabinet cannot keep it.
    pub async fn remember(&self, cabinet: &dyn Cabinet) -> Result<(), CabinetError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        cabinet.put(ENTRY, SecretString::from(text)).await
    }
}

//! As whom Rialto has acted in a workspace: an admin may connect it again as another service user, and what the
//! former one posted, and its reactions, must not be taken for a person's.

use secrecy::{ExposeSecret, SecretString};

use crate::{Cabinet, CabinetError};

/// Where connectors remember it.
const ENTRY: &str = "acted_as";

/// Ids of accounts as which Rialto acts in a workspace, or acted before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActedAs(Vec<String>);

/// One account, that nobody was before.
impl From<&str> for ActedAs {
    fn from(id: &str) -> Self {
        Self(vec![id.to_owned()])
    }
}

impl ActedAs {
    /// Who acted before, and who acts now, by all of their ids; from now on they are remembered.
    ///
    /// # Errors
    /// When the cabinet cannot be read, or cannot keep it.
    pub async fn with(cabinet: &dyn Cabinet, now: &[&str]) -> Result<Self, CabinetError> {
        let kept = cabinet.get(ENTRY).await?;
        let kept = kept.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
        let mut all: Vec<String> = kept.unwrap_or_default();
        let known = all.len();
        for id in now.iter().filter(|id| !id.is_empty()) {
            if !all.iter().any(|it| it == id) {
                all.push((*id).to_owned());
            }
        }
        if all.len() > known {
            let text = serde_json::to_string(&all).unwrap_or_default();
            cabinet.put(ENTRY, SecretString::from(text)).await?;
        }
        Ok(Self(all))
    }

    /// Whether an id is of one of them.
    pub fn has(&self, id: &str) -> bool {
        self.has_by(|it| it == id)
    }

    /// Whether an id of one of them fits, where a platform writes one id in several ways.
    pub fn has_by(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|it| fits(it))
    }
}

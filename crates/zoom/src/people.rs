//! By which ids people are known: listings name authors by member id, events and reactions by user
//! id, and mentions are made with an e-mail address or a member id.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{
    api::{Api, ApiError},
    wire::User,
};

/// How many ids are kept before all are forgotten and learned anew.
const KEPT: usize = 20_000;

/// Somebody's ids. An account of another organization has no user id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub user: Option<String>,
    pub member: Option<String>,
    pub email: Option<String>,
}

impl Ids {
    /// The one by which an account is known everywhere in Rialto.
    pub fn account(&self) -> Option<&str> {
        self.user.as_deref().or(self.member.as_deref())
    }

    /// What a mention takes (*Send a chat message*).
    pub fn mentioned(&self) -> Option<&str> {
        self.member.as_deref().or(self.email.as_deref())
    }
}

/// Ids that were met, each under all of them.
#[derive(Debug, Default)]
pub(crate) struct People(Mutex<HashMap<String, Ids>>);

impl People {
    /// Remembers somebody of whom several ids are known, with what was known before.
    pub fn learn(&self, ids: &Ids) {
        let named = [&ids.user, &ids.member, &ids.email];
        if named.into_iter().flatten().count() < 2 {
            return;
        }
        let mut all = self.0.lock();
        if all.len() > KEPT {
            all.clear();
        }
        let known = named.into_iter().flatten().find_map(|id| all.get(id)).cloned();
        let known = known.unwrap_or_default();
        let ids = Ids {
            user: ids.user.clone().or(known.user),
            member: ids.member.clone().or(known.member),
            email: ids.email.clone().or(known.email),
        };
        for id in [&ids.user, &ids.member, &ids.email].into_iter().flatten() {
            if all.get(id) != Some(&ids) {
                all.insert(id.clone(), ids.clone());
            }
        }
    }

    /// Somebody by any of their ids: asked for when never met; `None` when Zoom knows nobody, or does
    /// not tell. Contacts are there for user-managed apps only (*Get a user's contact details*): others
    /// find people of the account by user id or e-mail address (*Get a user*).
    pub async fn find(&self, api: &Api, id: &str) -> Result<Option<Ids>, ApiError> {
        if let Some(known) = self.0.lock().get(id) {
            return Ok(Some(known.clone()));
        }
        let found = match contact(api, id).await? {
            None => user(api, id).await?,
            found => found,
        };
        let Some(found) = found else { return Ok(None) };
        let text = |text: &crate::wire::Text| text.get().map(str::to_owned);
        let ids = Ids {
            user: text(&found.id),
            member: text(&found.member_id),
            email: text(&found.email),
        };
        self.learn(&ids);
        Ok(Some(ids))
    }
}

/// A contact of the service user, who has everybody of the account: by user id, member id or e-mail
/// address (*Get a user's contact details*); nobody where Zoom does not tell.
pub(crate) async fn contact(api: &Api, id: &str) -> Result<Option<User>, ApiError> {
    told(api.get(&["chat", "users", "me", "contacts", id], &Vec::new()).await)
}

/// A user of the account: by user id or e-mail address (*Get a user*); nobody where Zoom does not tell.
pub(crate) async fn user(api: &Api, id: &str) -> Result<Option<User>, ApiError> {
    told(api.get(&["users", id], &Vec::new()).await)
}

/// Whatever a refusal says (no such person, an invitation that nobody took, a missing scope), nothing
/// may fail for want of a name.
fn told(asked: Result<User, ApiError>) -> Result<Option<User>, ApiError> {
    match asked {
        Err(ApiError::Refused { .. }) => Ok(None),
        user => user.map(Some),
    }
}

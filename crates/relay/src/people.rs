//! Who somebody is, as far as platforms tell: read when needed, remembered for a day.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rialto_model::{Account, ConnectionId, RemoteId};
use rialto_platform::{Clock, Connection, ReadError};
use rialto_store::{Store, StoreError, StoredAccount};

/// How long an account is believed. A platform that tells of changes shortens it.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// How long it is believed that nobody has an address.
const NOBODY: SignedDuration = SignedDuration::from_mins(10);
/// How many answers are kept in memory.
const REMEMBERED: usize = 20_000;

/// Accounts, by connection.
pub(crate) struct People {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<(ConnectionId, RemoteId), Known>>,
    addresses: Mutex<HashMap<(ConnectionId, String), Known>>,
}

#[derive(Clone)]
struct Known {
    account: Option<Arc<Account>>,
    until: Timestamp,
}

impl People {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, accounts: Mutex::default(), addresses: Mutex::default() }
    }

    /// An account; `None` when the platform knows none, or refuses to show it.
    pub(crate) async fn account(
        &self,
        connection: ConnectionId,
        live: &dyn Connection,
        id: &RemoteId,
    ) -> Result<Option<Arc<Account>>, ReadError> {
        let now = self.clock.now();
        let key = (connection, id.clone());
        if let Some(known) = remembered(&self.accounts, &key, now) {
            return Ok(known);
        }
        let stored = self.store.account(connection, id).await.map_err(store_away)?;
        let fresh = stored.filter(|stored| now.duration_since(stored.fetched_at) < FRESH);
        let account = match fresh {
            Some(stored) => Some(Arc::new(stored.account)),
            None => match live.account(id).await {
                Ok(Some(account)) => Some(self.keep(connection, account).await?),
                // No message waits, or is dropped, for a profile that can never be read.
                Ok(None) | Err(ReadError::Permanent(_)) => None,
                Err(error) => return Err(error),
            },
        };
        remember(&self.accounts, key, &account, now);
        Ok(account)
    }

    /// The one account with this verified address. Two of them are nobody: a mention must never
    /// reach the wrong person.
    pub(crate) async fn by_email(
        &self,
        connection: ConnectionId,
        live: &dyn Connection,
        email: &str,
    ) -> Result<Option<Arc<Account>>, ReadError> {
        let now = self.clock.now();
        let key = (connection, email.to_lowercase());
        if let Some(known) = remembered(&self.addresses, &key, now) {
            return Ok(known);
        }
        let stored = self.store.accounts_by_email(connection, &key.1).await.map_err(store_away)?;
        let fresh: Vec<_> = stored
            .into_iter()
            .filter(|stored| now.duration_since(stored.fetched_at) < FRESH)
            .collect();
        let account = match fresh.as_slice() {
            [one] => Some(Arc::new(one.account.clone())),
            [] => match live.account_by_email(&key.1).await? {
                Some(account) => Some(self.keep(connection, account).await?),
                None => None,
            },
            _ => None,
        };
        remember(&self.addresses, key, &account, now);
        Ok(account)
    }

    /// What is believed of an account is stale.
    pub(crate) async fn forget(
        &self,
        connection: ConnectionId,
        id: &RemoteId,
    ) -> Result<(), StoreError> {
        self.accounts.lock().remove(&(connection, id.clone()));
        self.addresses.lock().retain(|(at, _), known| {
            *at != connection || known.account.as_ref().is_some_and(|account| account.id != *id)
        });
        self.store.forget_account(connection, id).await
    }

    async fn keep(
        &self,
        connection: ConnectionId,
        account: Account,
    ) -> Result<Arc<Account>, ReadError> {
        let stored = StoredAccount { account: account.clone(), fetched_at: self.clock.now() };
        self.store.put_accounts(connection, vec![stored]).await.map_err(store_away)?;
        Ok(Arc::new(account))
    }
}

fn remembered<K: std::hash::Hash + Eq>(
    known: &Mutex<HashMap<K, Known>>,
    key: &K,
    now: Timestamp,
) -> Option<Option<Arc<Account>>> {
    known.lock().get(key).filter(|known| known.until > now).map(|known| known.account.clone())
}

fn remember<K: std::hash::Hash + Eq>(
    known: &Mutex<HashMap<K, Known>>,
    key: K,
    account: &Option<Arc<Account>>,
    now: Timestamp,
) {
    let span = if account.is_some() { FRESH } else { NOBODY };
    let until = now.checked_add(span).unwrap_or(now);
    let mut known = known.lock();
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(key, Known { account: account.clone(), until });
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn store_away(error: StoreError) -> ReadError {
    ReadError::Transient { reason: error.to_string(), after: None }
}

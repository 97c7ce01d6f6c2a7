//! Sealing anew: afterwards an older key can be put away.

use std::{collections::BTreeMap, fs, path::Path};

use rialto_model::{AppId, OrganizationId, PartKey};
use rialto_store::{App, PendingAuthorization, SqlOptions, SqlStore, Store, StoreError, Vault};
use rusqlite::Connection;
use secrecy::ExposeSecret;

use crate::world::{
    a_connection, at, connection, delivery, fingerprint, id, inbound, key, now, one_post, settled,
    sql, time,
};

/// Every sealed value of the database, by its table and column.
fn sealed(path: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    let raw = Connection::open(path).unwrap();
    let mut columns = raw
        .prepare(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND c.type = 'BLOB'",
        )
        .unwrap();
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for column in columns {
        let (table, column): (String, String) = column.unwrap();
        let select = format!("SELECT {column} FROM {table} WHERE length({column}) > 32");
        let mut select = raw.prepare(&select).unwrap();
        for value in select.query_map([], |row| row.get(0)).unwrap() {
            found.entry(format!("{table}.{column}")).or_default().push(value.unwrap());
        }
    }
    found
}

/// Something sealed in each table that holds any.
async fn fill(store: &SqlStore) {
    let app = App {
        id: AppId::new(id(1)),
        organization: OrganizationId::new(id(1)),
        platform: "slack".into(),
        name: "app".into(),
        settings: BTreeMap::new(),
        secrets: BTreeMap::from([("client_secret".into(), "fake-secret".into())]),
        created_at: time(1),
    };
    store.put_app(app).await.unwrap();
    store.put_connection(a_connection(0, 1, "T1")).await.unwrap();
    store.cabinet_put(connection(0), "token", "fake-token".into()).await.unwrap();
    let pending = PendingAuthorization {
        state: "state".into(),
        app: AppId::new(id(1)),
        secret: "fake-verifier".into(),
        expires_at: time(900),
    };
    store.put_authorization(pending).await.unwrap();
    one_post(store, 1).await;
    one_post(store, 2).await;
    let text = PartKey::Text(0);
    store
        .begin(delivery(1), text, fingerprint("f"), vec!["F1".into()], false, time(9))
        .await
        .unwrap();
    let parked = settled(rialto_model::DeliveryState::Parked, 10);
    store.progress(delivery(2), parked).await.unwrap();
    store.append_inbound(&[inbound(2, 77), inbound(2, 78)]).await.unwrap();
}

async fn open(path: &Path, vault: Vault) -> Result<SqlStore, StoreError> {
    SqlStore::open(SqlOptions::new(path), vault, now()).await
}

#[tokio::test]
async fn sealing_anew_goes_on_after_a_crash_and_then_the_older_key_is_needed_no_more() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (before, after) = (before.path().join("rialto.db"), after.path().join("rialto.db"));
    let store = sql(&before).await.unwrap();
    fill(&store).await;
    store.close().await;
    let old = sealed(&before);
    let places: Vec<_> = old.keys().map(String::as_str).collect();
    let expected = [
        "apps.secrets",
        "authorizations.secret",
        "begun.content",
        "cabinet.value",
        "deliveries.content",
        "facts.value",
        "inbox.payload",
    ];
    assert_eq!(places, expected, "everything that is sealed is tried here");
    let count: usize = old.values().map(Vec::len).sum();

    let both = || Vault::with_older(&key(2), &[key(1)]);
    let store = open(&before, both()).await.unwrap();
    assert_eq!(store.reseal(3).await.unwrap(), 3);
    // The store lives on: these files are what a power cut would leave at this moment.
    for file in ["rialto.db", "rialto.db-wal"] {
        fs::copy(before.with_file_name(file), after.with_file_name(file)).unwrap();
    }
    store.close().await;
    let only_new = open(&after, Vault::new(&key(2))).await;
    assert_eq!(only_new.unwrap_err(), StoreError::WrongKey, "half done needs both");

    let store = open(&after, both()).await.unwrap();
    let mut done = 3;
    loop {
        let now = store.reseal(4).await.unwrap();
        assert!(now <= 4);
        if now == 0 {
            break;
        }
        done += usize::try_from(now).unwrap();
    }
    assert_eq!(done, count, "each value once, also those of before the crash");
    store.close().await;
    for (place, values) in sealed(&after) {
        let old_key = &old[&place][0][..5];
        assert!(values.iter().all(|value| !value.starts_with(old_key)), "{place}");
    }

    assert_eq!(open(&after, Vault::new(&key(1))).await.unwrap_err(), StoreError::WrongKey);
    let store = open(&after, Vault::new(&key(2))).await.unwrap();
    let apps = store.apps().await.unwrap();
    assert_eq!(apps[0].secrets["client_secret"].expose_secret(), "fake-secret");
    let token = store.cabinet_get(connection(0), "token").await.unwrap().unwrap();
    assert_eq!(token.expose_secret(), "fake-token");
    let pending = store.take_authorization("state", time(2)).await.unwrap().unwrap();
    assert_eq!(pending.secret.expose_secret(), "fake-verifier");
    assert_eq!(store.pending_inbound(0, 9).await.unwrap().len(), 2);
    store.retry(delivery(2)).await.unwrap();
    let work = store.lane_work(&at(1), 0, 9).await.unwrap();
    assert_eq!(work.len(), 2);
    assert_eq!(work[0].begun[0].handles, ["F1"]);
    store.close().await;
}

#[tokio::test]
async fn a_value_of_a_key_that_is_not_given_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    store.put_connection(a_connection(0, 1, "T1")).await.unwrap();
    store.cabinet_put(connection(0), "of the first", "fake".into()).await.unwrap();
    store.close().await;
    let second = open(&path, Vault::with_older(&key(2), &[key(1)])).await.unwrap();
    second.cabinet_put(connection(0), "of the second", "fake".into()).await.unwrap();
    second.close().await;
    let third = open(&path, Vault::with_older(&key(3), &[key(1)])).await.unwrap();
    assert_eq!(third.reseal(9).await.unwrap_err(), StoreError::WrongKey);
    third.close().await;
    assert!(open(&path, Vault::new(&key(1))).await.is_ok(), "nothing of it was done");
}

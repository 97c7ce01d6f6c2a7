//! What an admin set up, and people: in every store.

use rialto_model::{
    AppId, ChannelSyncId, ChannelSyncState, DeliveryState, Direction, Endpoint, EndpointId,
    PartKey, SyncSettings,
};
use rialto_store::{
    App, AuditEntry, ConnectionState, PendingAuthorization, Plan, Store, StoreError,
};
use secrecy::ExposeSecret;

use crate::world::{
    a_connection, account, at, connection, decide, delivery, endpoint, fingerprint, id, message,
    new_delivery, one_post, post, sync, time,
};

scenarios![
    removing_an_endpoint_cancels_what_waits_for_it,
    what_waits_for_an_endpoint_that_is_only_heard_now_is_cancelled,
    a_conversation_is_in_one_channel_sync,
    channel_syncs_change,
    apps_and_connections_hold_on_to_each_other,
    a_cabinet_keeps_secrets_by_key,
    an_authorization_is_taken_once_and_in_time,
    accounts_are_found_by_email,
    the_audit_log_is_newest_first,
];

async fn removing_an_endpoint_cancels_what_waits_for_it(store: &dyn Store) {
    store
        .put_channel_sync(sync(1, [endpoint(1, 0), endpoint(2, 1), endpoint(3, 3)]))
        .await
        .unwrap();
    one_post(store, 1).await;
    let deliveries = vec![new_delivery(2, 1, 0, 3, post("there"))];
    decide(store, Plan { deliveries, ..Plan::default() }).await.unwrap();
    let text = PartKey::Text(0);
    store.begin(delivery(1), text, fingerprint("f"), vec![], false, time(1)).await.unwrap();
    let state = async |number| store.delivery(delivery(number)).await.unwrap().unwrap().0;

    store.remove_endpoint(EndpointId::new(id(2)), time(50)).await.unwrap();
    let cancelled = state(1).await;
    assert_eq!((cancelled.state, cancelled.settled_at), (DeliveryState::Cancelled, Some(time(50))));
    assert!(store.in_flight(&at(1)).await.unwrap().is_empty());
    assert_eq!(state(2).await.state, DeliveryState::Pending);
    store.remove_channel_sync(ChannelSyncId::new(id(1)), time(60)).await.unwrap();
    assert_eq!(state(2).await.state, DeliveryState::Cancelled);
    assert!(store.channel_syncs().await.unwrap().is_empty());
    assert!(store.message(message(1)).await.unwrap().is_some(), "the message map stays");
    let missing = store.remove_endpoint(EndpointId::new(id(3)), time(1)).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)));
    let gone = store.remove_channel_sync(ChannelSyncId::new(id(1)), time(1)).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound(_)));
}

async fn what_waits_for_an_endpoint_that_is_only_heard_now_is_cancelled(store: &dyn Store) {
    store.put_channel_sync(sync(1, [endpoint(1, 0), endpoint(2, 1)])).await.unwrap();
    one_post(store, 1).await;
    store
        .begin(delivery(1), PartKey::Text(0), fingerprint("f"), vec![], false, time(1))
        .await
        .unwrap();
    let heard = Endpoint { direction: Direction::In, ..endpoint(2, 1) };
    store.put_endpoint(ChannelSyncId::new(id(1)), heard).await.unwrap();
    assert_eq!(store.clear_lane(&at(1), time(60)).await.unwrap(), None);
    let cancelled = store.delivery(delivery(1)).await.unwrap().unwrap().0;
    assert_eq!(cancelled.state, DeliveryState::Cancelled);
    // It may be there: then it is ours.
    let begun = store.in_flight(&at(1)).await.unwrap();
    assert_eq!((begun.len(), begun[0].state), (1, DeliveryState::Cancelled));
    store.erase_parked(cancelled.settled_at.unwrap()).await.unwrap();
    assert_eq!(store.in_flight(&at(1)).await.unwrap().len(), 1);
    store.erase_parked(time(i64::from(i32::MAX))).await.unwrap();
    assert_eq!(store.in_flight(&at(1)).await.unwrap().len(), 0);
}

async fn a_conversation_is_in_one_channel_sync(store: &dyn Store) {
    let first = sync(1, [endpoint(1, 0), endpoint(2, 1)]);
    store.put_channel_sync(first.clone()).await.unwrap();
    let conflicts = [
        (sync(1, []), "syn_"),
        (sync(2, [endpoint(3, 2), endpoint(4, 1)]), "C1"),
        (sync(2, [endpoint(3, 2), endpoint(4, 2)]), "C2"),
        (sync(2, [endpoint(3, 2), endpoint(1, 3)]), "end_"),
    ];
    for (wrong, named) in conflicts {
        let error = store.put_channel_sync(wrong).await.unwrap_err();
        let StoreError::Conflict(text) = &error else { panic!("{error:?}") };
        assert!(text.contains(named), "{text}");
    }
    assert_eq!(store.channel_syncs().await.unwrap(), [first]);

    store.put_channel_sync(sync(2, [endpoint(3, 2)])).await.unwrap();
    let two = ChannelSyncId::new(id(2));
    for (wrong, named) in [(endpoint(4, 0), "C0"), (endpoint(1, 5), "end_")] {
        let error = store.put_endpoint(two, wrong).await.unwrap_err();
        let StoreError::Conflict(text) = &error else { panic!("{error:?}") };
        assert!(text.contains(named), "{text}");
    }
    let nowhere = store.put_endpoint(ChannelSyncId::new(id(9)), endpoint(9, 9)).await;
    assert!(matches!(nowhere.unwrap_err(), StoreError::NotFound(_)));
    store.put_endpoint(two, endpoint(4, 4)).await.unwrap();
    store.put_endpoint(two, endpoint(3, 6)).await.unwrap();
    let endpoints = store.channel_syncs().await.unwrap().remove(1).endpoints;
    assert_eq!(endpoints, [endpoint(3, 6), endpoint(4, 4)], "moved, and at its old place");
}

async fn channel_syncs_change(store: &dyn Store) {
    store.put_channel_sync(sync(1, [endpoint(1, 0)])).await.unwrap();
    let one = ChannelSyncId::new(id(1));
    store.set_channel_sync_state(one, ChannelSyncState::Paused).await.unwrap();
    let settings = SyncSettings { memberships: true, ..SyncSettings::default() };
    store.set_channel_sync_settings(one, "new name", settings).await.unwrap();
    let mut expected = sync(1, [endpoint(1, 0)]);
    expected.state = ChannelSyncState::Paused;
    expected.settings = settings;
    expected.name = "new name".into();
    store.rename_endpoint(EndpointId::new(id(1)), "renamed").await.unwrap();
    expected.endpoints[0].name = "renamed".into();
    // One that an admin removed meanwhile stays removed.
    store.rename_endpoint(EndpointId::new(id(7)), "renamed").await.unwrap();
    assert_eq!(store.channel_syncs().await.unwrap(), [expected]);
    let two = ChannelSyncId::new(id(2));
    let missing = store.set_channel_sync_state(two, ChannelSyncState::Active).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)));
    let missing = store.set_channel_sync_settings(two, "", settings).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)));
}

async fn apps_and_connections_hold_on_to_each_other(store: &dyn Store) {
    let app = App {
        id: AppId::new(id(1)),
        organization: store.default_organization().await.unwrap(),
        platform: "slack".into(),
        name: "Rialto".into(),
        settings: [("client_id".to_owned(), "1.2".to_owned())].into(),
        secrets: [("signing_secret".to_owned(), "fake-secret".into())].into(),
        created_at: time(1),
    };
    store.put_app(app.clone()).await.unwrap();
    store.put_app(App { name: "renamed".into(), ..app.clone() }).await.unwrap();
    let kept = store.app(app.id).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), &kept.settings), ("renamed", &app.settings));
    assert_eq!(kept.secrets["signing_secret"].expose_secret(), "fake-secret");
    assert_eq!(store.apps().await.unwrap().len(), 1);
    assert!(store.app(AppId::new(id(2))).await.unwrap().is_none());

    store.put_connection(a_connection(0, 1, "T1")).await.unwrap();
    let same = store.put_connection(a_connection(1, 1, "T1")).await.unwrap_err();
    assert!(matches!(&same, StoreError::Conflict(text) if text.contains("T1")), "{same:?}");
    store.put_connection(a_connection(1, 1, "T2")).await.unwrap();
    let needs = ConnectionState::NeedsReconnect { reason: "revoked".into(), since: time(2) };
    store.set_connection_state(connection(1), needs.clone()).await.unwrap();
    let mut second = a_connection(1, 1, "T2");
    second.state = needs.clone();
    assert_eq!(store.connections().await.unwrap(), [a_connection(0, 1, "T1"), second]);
    let missing = store.set_connection_state(connection(5), needs).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)));

    assert!(matches!(store.remove_app(app.id).await.unwrap_err(), StoreError::Conflict(_)));
    store.put_channel_sync(sync(1, [endpoint(1, 0)])).await.unwrap();
    let used = store.remove_connection(connection(0)).await.unwrap_err();
    assert!(matches!(used, StoreError::Conflict(_)));
    store.remove_endpoint(EndpointId::new(id(1)), time(3)).await.unwrap();
    for number in [0, 1] {
        store.remove_connection(connection(number)).await.unwrap();
    }
    let gone = store.remove_connection(connection(0)).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound(_)));
    store.remove_app(app.id).await.unwrap();
    assert!(matches!(store.remove_app(app.id).await.unwrap_err(), StoreError::NotFound(_)));
}

async fn a_cabinet_keeps_secrets_by_key(store: &dyn Store) {
    store.put_connection(a_connection(0, 1, "T1")).await.unwrap();
    let entries = [("token/user", "u"), ("token/bot", "b"), ("tokens", "x"), ("token/bot", "c")];
    for (key, value) in entries {
        store.cabinet_put(connection(0), key, value.into()).await.unwrap();
    }
    let listed = async |owner, prefix| {
        let entries = store.cabinet_list(connection(owner), prefix).await.unwrap();
        let shown = |(key, value): (String, secrecy::SecretString)| {
            format!("{key}={}", value.expose_secret())
        };
        entries.into_iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(listed(0, "token/").await, ["token/bot=c", "token/user=u"]);
    assert_eq!(listed(0, "").await.len(), 3);
    assert!(listed(1, "").await.is_empty());
    let got = store.cabinet_get(connection(0), "tokens").await.unwrap().unwrap();
    assert_eq!(got.expose_secret(), "x");
    store.cabinet_remove(connection(0), "tokens").await.unwrap();
    store.cabinet_remove(connection(0), "tokens").await.unwrap();
    assert!(store.cabinet_get(connection(0), "tokens").await.unwrap().is_none());
    store.remove_connection(connection(0)).await.unwrap();
    assert!(listed(0, "").await.is_empty());
}

async fn an_authorization_is_taken_once_and_in_time(store: &dyn Store) {
    let pending = |state: &str, expires| PendingAuthorization {
        state: state.into(),
        app: AppId::new(id(1)),
        secret: "fake-verifier".into(),
        expires_at: time(expires),
    };
    store.put_authorization(pending("a", 10)).await.unwrap();
    store.put_authorization(pending("b", 20)).await.unwrap();
    assert!(store.take_authorization("b", time(20)).await.unwrap().is_none(), "expired");
    store.put_authorization(pending("a", 10)).await.unwrap();
    let taken = store.take_authorization("a", time(9)).await.unwrap().unwrap();
    assert_eq!((taken.app, taken.expires_at), (AppId::new(id(1)), time(10)));
    assert_eq!((taken.secret.expose_secret(), taken.state.as_str()), ("fake-verifier", "a"));
    assert!(store.take_authorization("a", time(9)).await.unwrap().is_none(), "taken");
}

async fn accounts_are_found_by_email(store: &dyn Store) {
    let (ada, bob) = (account("U1", Some("ada@example.com")), account("U2", None));
    store.put_accounts(connection(0), vec![bob.clone(), ada.clone()]).await.unwrap();
    let twin = account("U0", Some("ada@example.com"));
    store.put_accounts(connection(0), vec![twin.clone()]).await.unwrap();
    let found = store.accounts_by_email(connection(0), "ada@example.com").await.unwrap();
    assert_eq!(found, [twin, ada]);
    assert!(store.accounts_by_email(connection(1), "ada@example.com").await.unwrap().is_empty());
    let moved = account("U2", Some("bob@example.com"));
    store.put_accounts(connection(0), vec![moved.clone()]).await.unwrap();
    assert_eq!(store.account(connection(0), &"U2".into()).await.unwrap(), Some(moved));
    store.forget_account(connection(0), &"U2".into()).await.unwrap();
    store.forget_account(connection(0), &"U2".into()).await.unwrap();
    assert_eq!(store.account(connection(0), &"U2".into()).await.unwrap(), None);
}

async fn the_audit_log_is_newest_first(store: &dyn Store) {
    let entry = |number: i64| AuditEntry {
        at: time(number),
        who: "admin-token from 127.0.0.1".into(),
        action: "channel-sync.pause".into(),
        subject: format!("syn_{number}"),
        detail: serde_json::json!({ "number": number }),
    };
    for number in [1, 2, 3] {
        store.audit(entry(number)).await.unwrap();
    }
    let [(third, newest), (second, before)] = &store.audit_log(None, 2).await.unwrap()[..] else {
        panic!("two entries")
    };
    assert_eq!((newest, before), (&entry(3), &entry(2)));
    assert!(second < third);
    let earlier = store.audit_log(Some(*second), 9).await.unwrap();
    assert_eq!(earlier.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(), [entry(1)]);
}

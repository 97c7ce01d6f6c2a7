//! What every store does.

use rialto_model::{
    AppId, AttemptOutcome, ChannelSyncId, ChannelSyncState, DeliveryState, Emoji, EndpointId,
    PartKey, Revision, SyncSettings, Work,
};
use rialto_store::{
    App, Appended, AuditEntry, Change, ConnectionState, DeliveryFilter, NewInbound,
    PendingAuthorization, Plan, Progress, Reactor, Store, StoreError, SweepRecord,
};
use secrecy::ExposeSecret;

use crate::world::{
    a_connection, account, at, attempt, changes, connection, copy, decide, delivery, endpoint,
    fingerprint, id, inbound, memory, message, new_delivery, new_message, one_post, post, reactor,
    remote, settled, sql, sync, time,
};

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::memory()).await;
            })*
        }

        mod in_sqlite {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::sql(&folder.path().join("rialto.db")).await.unwrap();
                super::$name(&store).await;
                store.close().await;
            })*
        }
    };
}

scenarios![
    webhooks_keep_their_order_and_come_once,
    what_a_sweep_found_goes_first_and_is_counted,
    a_conversation_that_moves_takes_its_past_along,
    a_plan_is_kept_once,
    a_refused_plan_changes_nothing,
    a_message_is_found_by_each_of_its_copies,
    a_copy_is_recorded_once,
    revisions_only_grow,
    a_deletion_cancels_what_has_not_begun,
    reactions_follow_the_latest_word,
    a_begun_post_is_in_flight_until_its_copy_is_known,
    beginning_again_keeps_the_first_time,
    only_a_pending_delivery_begins,
    a_lane_gives_pending_work_in_order,
    attempts_count_what_did_not_succeed,
    the_first_end_stays,
    a_parked_delivery_can_be_retried_until_it_is_erased,
    what_a_sender_was_told_is_taken_back_when_nothing_is_missing_any_more,
    removing_an_endpoint_cancels_what_waits_for_it,
    a_conversation_is_in_one_channel_sync,
    channel_syncs_change,
    apps_and_connections_hold_on_to_each_other,
    a_cabinet_keeps_secrets_by_key,
    an_authorization_is_taken_once_and_in_time,
    deliveries_are_listed_newest_first,
    figures_are_counted,
    accounts_are_found_by_email,
    the_audit_log_is_newest_first,
];

async fn webhooks_keep_their_order_and_come_once(store: &dyn Store) {
    let rows = vec![inbound(0, 1), inbound(1, 1), inbound(0, 1), inbound(0, 2)];
    let kept = store.append_inbound(rows).await.unwrap();
    let &[Appended::New(one), Appended::New(two), Appended::Duplicate, Appended::New(three)] =
        &kept[..]
    else {
        panic!("{kept:?}");
    };
    assert!(one < two && two < three);
    let again = store.append_inbound(vec![inbound(0, 2), inbound(0, 3)]).await.unwrap();
    assert!(matches!(again[..], [Appended::Duplicate, Appended::New(_)]), "{again:?}");

    let waiting = store.pending_inbound(one, 2).await.unwrap();
    assert_eq!(waiting.iter().map(|row| row.seq).collect::<Vec<_>>(), [two, three]);
    assert_eq!(waiting[1].row, inbound(0, 2));
    let place = at(0);
    let waiting = store.pending_inbound_of(place.connection, &place.conversation, 9).await.unwrap();
    let keys: Vec<_> = waiting.iter().map(|row| row.row.key.as_str()).collect();
    assert_eq!(keys, ["1:0", "2:0", "3:0"]);

    store.commit_plan(one, Plan::default()).await.unwrap();
    let again = store.append_inbound(vec![inbound(0, 1)]).await.unwrap();
    assert!(matches!(again[..], [Appended::New(seq)] if seq > three), "done, so it may come again");
    assert!(store.append_inbound(Vec::new()).await.unwrap().is_empty());
}

async fn what_a_sweep_found_goes_first_and_is_counted(store: &dyn Store) {
    let place = at(0);
    let id = sync(0, [endpoint(0, 0)]).id;
    store.put_channel_sync(sync(0, [endpoint(0, 0)])).await.unwrap();
    store.put_sweep(&place, time(7), None).await.unwrap();
    let swept = |key| NewInbound { swept: true, ..inbound(0, key) };
    store.append_inbound(vec![inbound(0, 3), swept(1), swept(2), inbound(0, 4)]).await.unwrap();
    let again = store.append_inbound(vec![swept(1), inbound(0, 1)]).await.unwrap();
    assert!(matches!(again[..], [Appended::Duplicate, Appended::New(_)]), "{again:?}");
    let waiting = store.pending_inbound_of(place.connection, &place.conversation, 4).await.unwrap();
    let keys: Vec<_> = waiting.iter().map(|row| row.row.key.as_str()).collect();
    assert_eq!(keys, ["1:0", "2:0", "3:0", "4:0"]);
    assert!(waiting.is_sorted_by_key(|waiting| waiting.row.place(waiting.seq)));
    let traffic = store.traffic(id).await.unwrap();
    assert_eq!((traffic.missing, traffic.checked_until), (2, Some(time(7))));

    store.commit_plan(waiting[0].seq, changes([new_message(1, 0)])).await.unwrap();
    store.commit_plan(waiting[1].seq, Plan::default()).await.unwrap();
    store.commit_plan(waiting[2].seq, changes([new_message(2, 0)])).await.unwrap();
    let traffic = store.traffic(id).await.unwrap();
    assert_eq!((traffic.missing, traffic.recovered), (0, 1));
    store.put_sweep(&place, time(9), Some(time(8))).await.unwrap();
    let known = store.sweeps().await.unwrap();
    let record = SweepRecord { checked_until: time(9), recovered: 1, deaf_since: Some(time(8)) };
    assert_eq!(known, [(place.clone(), record)]);
    let said = store.said_between(&place, time(0), time(99)).await.unwrap();
    assert_eq!(said, [(remote(1), None), (remote(2), None)]);
    store.put_endpoint(id, endpoint(1, 1)).await.unwrap();
    let traffic = store.traffic(id).await.unwrap();
    assert_eq!(traffic.checked_until, None, "one of them was never checked");
}

async fn a_conversation_that_moves_takes_its_past_along(store: &dyn Store) {
    store.put_channel_sync(sync(0, [endpoint(0, 0), endpoint(1, 2)])).await.unwrap();
    one_post(store, 1).await;
    let view = store.message(message(1)).await.unwrap().unwrap();
    let (old, new) = (view.origin.clone(), at(6));
    store.move_conversation(&old, &new.conversation).await.unwrap();
    let moved = store.message(message(1)).await.unwrap().unwrap();
    assert_eq!(moved.origin, new);
    let found = store.message_at(&new, &moved.copies[0].remote).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(message(1)));
    assert_eq!(store.message_at(&old, &moved.copies[0].remote).await.unwrap(), None);
    assert_eq!(store.moves().await.unwrap(), [(old.clone(), new.conversation.clone())]);
    let ends = store.channel_syncs().await.unwrap().remove(0).endpoints;
    assert!(ends.iter().any(|end| end.at == new) && ends.iter().all(|end| end.at != old));
    let taken = ends.iter().find(|end| end.at != new).unwrap().at.conversation.clone();
    let refused = store.move_conversation(&new, &taken).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    // On from there: found from both old ids.
    store.move_conversation(&new, &at(8).conversation).await.unwrap();
    let moves = store.moves().await.unwrap();
    assert!(moves.iter().all(|(_, to)| *to == at(8).conversation), "{moves:?}");
    assert_eq!(moves.len(), 2);
}

async fn a_plan_is_kept_once(store: &dyn Store) {
    let Appended::New(seq) = store.append_inbound(vec![inbound(0, 1)]).await.unwrap()[0] else {
        panic!("nothing waits yet");
    };
    let plan = Plan {
        deliveries: vec![
            new_delivery(1, 1, 0, 1, post("one")),
            new_delivery(2, 1, 0, 3, post("one")),
        ],
        drops: vec!["muted".into(), "muted".into(), "bot".into()],
        ..changes([new_message(1, 0)])
    };
    let seqs = store.commit_plan(seq, plan.clone()).await.unwrap();
    assert!(seqs.len() == 2 && seqs[0] < seqs[1], "{seqs:?}");
    assert!(store.commit_plan(seq, plan).await.unwrap().is_empty());
    assert!(store.pending_inbound(0, 9).await.unwrap().is_empty());
    let drops = store.drops().await.unwrap();
    let drops: Vec<_> = drops.iter().map(|drop| (drop.reason.as_str(), drop.count)).collect();
    assert_eq!(drops, [("muted", 2), ("bot", 1)]);
    assert!(store.commit_plan(999, changes([new_message(9, 0)])).await.unwrap().is_empty());
}

async fn a_refused_plan_changes_nothing(store: &dyn Store) {
    one_post(store, 1).await;
    let Appended::New(seq) = store.append_inbound(vec![inbound(0, 1)]).await.unwrap()[0] else {
        panic!("nothing waits yet");
    };
    let twin = Change::NewMessage {
        id: message(7),
        origin: at(0),
        remote: remote(1),
        revision: Revision(0),
        author: None,
        thread: None,
        posted_at: time(0),
        deleted: false,
    };
    let of_nothing = Change::Reaction { message: message(8), reactor: reactor(0, true, 1) };
    let refused = [
        (changes([new_message(2, 0), new_message(1, 2)]), "exists already"),
        (changes([new_message(2, 0), twin]), "is a copy of a known message"),
        (changes([new_message(2, 0), of_nothing]), "does not exist"),
        (changes([new_message(2, 0), Change::Claimed(copy(9, PartKey::Text(0), 5))]), "not exist"),
        (
            Plan {
                deliveries: vec![new_delivery(1, 2, 0, 1, Work::Delete)],
                ..changes([new_message(2, 0)])
            },
            "exists already",
        ),
        (
            Plan {
                deliveries: vec![new_delivery(2, 9, 0, 1, Work::Delete)],
                ..changes([new_message(2, 0)])
            },
            "does not exist",
        ),
    ];
    for (plan, why) in refused {
        let error = store.commit_plan(seq, plan).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert_eq!(store.message(message(2)).await.unwrap(), None, "{why}");
        assert_eq!(store.pending_inbound(0, 9).await.unwrap().len(), 1, "{why}");
    }
    store.commit_plan(seq, changes([new_message(2, 0)])).await.unwrap();
}

async fn a_message_is_found_by_each_of_its_copies(store: &dyn Store) {
    one_post(store, 1).await;
    let made = vec![copy(1, PartKey::Text(1), 12), copy(1, PartKey::Text(0), 11)];
    store.progress(delivery(1), Progress { copies: made, ..Progress::default() }).await.unwrap();
    let view = store.message(message(1)).await.unwrap().unwrap();
    assert_eq!((view.id, &view.origin, view.deleted), (message(1), &at(0), false));
    assert_eq!((view.author, view.thread, view.posted_at), (Some("U1".into()), None, time(3)));
    let copies: Vec<_> =
        view.copies.iter().map(|copy| (copy.part, copy.remote.clone(), copy.origin)).collect();
    let expected = [
        (PartKey::Text(0), remote(1), true),
        (PartKey::Text(0), remote(11), false),
        (PartKey::Text(1), remote(12), false),
    ];
    assert_eq!(copies, expected);
    for (place, number) in [(0, 1), (1, 11), (1, 12)] {
        let found = store.message_at(&at(place), &remote(number)).await.unwrap().unwrap();
        assert_eq!(found.id, message(1));
        assert!(store.is_copy(&at(place), &remote(number)).await.unwrap());
    }
    assert_eq!(store.message_at(&at(0), &remote(11)).await.unwrap(), None);
    assert!(!store.is_copy(&at(3), &remote(11)).await.unwrap());
    let there = store.copies(message(1), &at(1)).await.unwrap();
    assert_eq!(
        there.iter().map(|copy| copy.part).collect::<Vec<_>>(),
        [PartKey::Text(0), PartKey::Text(1)]
    );

    let step = Progress {
        revised: vec![(remote(11), Revision(5))],
        gone: vec![remote(12), remote(99)],
        ..Progress::default()
    };
    store.progress(delivery(1), step).await.unwrap();
    let there = store.copies(message(1), &at(1)).await.unwrap();
    assert_eq!(there.iter().map(|copy| copy.revision).collect::<Vec<_>>(), [Revision(5)]);
    let late = store.message_at(&at(1), &remote(12)).await.unwrap().expect("it is still ours");
    assert!(late.copies.iter().all(|copy| copy.remote != remote(12)), "but no part any more");
    assert!(store.is_copy(&at(1), &remote(12)).await.unwrap());
}

async fn a_copy_is_recorded_once(store: &dyn Store) {
    one_post(store, 1).await;
    one_post(store, 2).await;
    let made = || copy(1, PartKey::Text(0), 11);
    let step = || Progress { copies: vec![made(), made()], ..Progress::default() };
    store.progress(delivery(1), step()).await.unwrap();
    store.progress(delivery(1), step()).await.unwrap();
    decide(store, changes([Change::Claimed(made())])).await.unwrap();
    assert_eq!(store.copies(message(1), &at(1)).await.unwrap().len(), 1);
    // The same remote id for another message: the first stays.
    let step = Progress { copies: vec![copy(2, PartKey::Text(0), 11)], ..Progress::default() };
    store.progress(delivery(2), step).await.unwrap();
    assert_eq!(store.message_at(&at(1), &remote(11)).await.unwrap().unwrap().id, message(1));
    assert!(store.copies(message(2), &at(1)).await.unwrap().is_empty());
    let missing = store.progress(delivery(3), Progress::default()).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing:?}");
}

async fn revisions_only_grow(store: &dyn Store) {
    one_post(store, 1).await;
    for (seen, known) in [(5, 5), (3, 5), (8, 8)] {
        let revised = Change::Revised { message: message(1), revision: Revision(seen) };
        decide(store, changes([revised])).await.unwrap();
        let view = store.message(message(1)).await.unwrap().unwrap();
        assert_eq!(view.revision, Revision(known));
        assert_eq!(view.copies[0].revision, Revision(known), "the original shows it");
    }
}

async fn a_deletion_cancels_what_has_not_begun(store: &dyn Store) {
    one_post(store, 1).await;
    let Work::Post { author, content, .. } = post("edited") else { unreachable!() };
    let edit = Work::Edit {
        author,
        content,
        thread: None,
        broadcast: false,
        orphan: false,
        revision: Revision(9),
    };
    let deliveries = vec![
        new_delivery(2, 1, 0, 3, post("begun")),
        new_delivery(3, 1, 0, 1, edit),
        new_delivery(4, 1, 0, 1, Work::React { emoji: Emoji::Custom("wave".into()) }),
        new_delivery(5, 1, 0, 1, Work::Delete),
    ];
    decide(store, Plan { deliveries, ..Plan::default() }).await.unwrap();
    let text = PartKey::Text(0);
    store.begin(delivery(2), text, fingerprint("f"), vec![], time(9)).await.unwrap();
    decide(store, changes([Change::Deleted { message: message(1) }])).await.unwrap();

    assert!(store.message(message(1)).await.unwrap().unwrap().deleted);
    use DeliveryState::{Cancelled, Pending};
    for (number, state) in
        [(1, Cancelled), (2, Pending), (3, Cancelled), (4, Pending), (5, Pending)]
    {
        let (now, _) = store.delivery(delivery(number)).await.unwrap().unwrap();
        assert_eq!(now.state, state, "delivery {number}");
        assert_eq!(now.settled_at, (state == Cancelled).then(|| time(9_999)));
        assert_eq!(now.reason.is_some(), state == Cancelled);
    }
    let waits = store.lane_work(&at(1), 0, 9).await.unwrap();
    assert_eq!(
        waits.iter().map(|work| work.delivery.id).collect::<Vec<_>>(),
        [delivery(4), delivery(5)]
    );
    let error = store.retry(delivery(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
}

async fn reactions_follow_the_latest_word(store: &dyn Store) {
    one_post(store, 1).await;
    for (present, seconds, known) in
        [(true, 5, (true, 5)), (false, 4, (true, 5)), (false, 5, (false, 5)), (true, 8, (true, 8))]
    {
        let reactor = reactor(0, present, seconds);
        decide(store, changes([Change::Reaction { message: message(1), reactor }])).await.unwrap();
        let view = store.message(message(1)).await.unwrap().unwrap();
        let [reactor] = &view.reactors[..] else { panic!("{:?}", view.reactors) };
        assert_eq!((reactor.present, reactor.changed_at), (known.0, time(known.1)));
    }
    // An emoji of the workspace's own is not the Unicode one that is written alike.
    for emoji in [Emoji::Custom("x".into()), Emoji::Unicode(":x:".into())] {
        let reactor = Reactor { emoji, ..reactor(0, true, 1) };
        decide(store, changes([Change::Reaction { message: message(1), reactor }])).await.unwrap();
    }
    assert_eq!(store.message(message(1)).await.unwrap().unwrap().reactors.len(), 3);
}

async fn a_begun_post_is_in_flight_until_its_copy_is_known(store: &dyn Store) {
    one_post(store, 1).await;
    one_post(store, 2).await;
    let (text, files) = (PartKey::Text(0), PartKey::Files(0));
    for (number, part, seconds) in [(1, text, 30), (1, files, 10), (2, text, 20)] {
        let begun = store
            .begin(delivery(number), part, fingerprint("f"), vec![], time(seconds))
            .await
            .unwrap();
        assert_eq!(
            (begun.delivery(), begun.part(), begun.at()),
            (delivery(number), part, time(seconds))
        );
    }
    let flying = async || {
        let flying = store.in_flight(&at(1)).await.unwrap();
        flying.iter().map(|part| (part.delivery, part.part)).collect::<Vec<_>>()
    };
    assert_eq!(flying().await, [(delivery(1), files), (delivery(2), text), (delivery(1), text)]);
    assert!(store.in_flight(&at(3)).await.unwrap().is_empty());
    decide(store, changes([Change::Claimed(copy(1, text, 11))])).await.unwrap();
    assert_eq!(flying().await, [(delivery(1), files), (delivery(2), text)]);
    let step = Progress { unbegun: vec![files], ..Progress::default() };
    store.progress(delivery(1), step).await.unwrap();
    // Begun again although its copy is known: not in flight.
    store.begin(delivery(1), text, fingerprint("f"), vec![], time(40)).await.unwrap();
    assert_eq!(flying().await, [(delivery(2), text)]);
    assert!(store.lane_work(&at(1), 0, 1).await.unwrap()[0].begun.is_empty());
    // Parked: nobody knows what became of the post.
    store.progress(delivery(2), settled(DeliveryState::Parked, 50)).await.unwrap();
    assert_eq!(flying().await, [(delivery(2), text)]);
    store.erase_parked(time(60)).await.unwrap();
    assert!(flying().await.is_empty());
}

async fn beginning_again_keeps_the_first_time(store: &dyn Store) {
    one_post(store, 1).await;
    let files = PartKey::Files(0);
    let handles = |name: &str| vec![name.to_owned(), "two".to_owned()];
    store.begin(delivery(1), files, fingerprint("a"), handles("one"), time(1)).await.unwrap();
    let again =
        store.begin(delivery(1), files, fingerprint("b"), handles("new"), time(2)).await.unwrap();
    assert_eq!(again.at(), time(1));
    let work = store.lane_work(&at(1), 0, 1).await.unwrap();
    let [begun] = &work[0].begun[..] else { panic!("{work:?}") };
    assert_eq!((begun.part, begun.at), (files, time(1)));
    assert_eq!((&begun.fingerprint, &begun.handles), (&fingerprint("b"), &handles("new")));
}

async fn only_a_pending_delivery_begins(store: &dyn Store) {
    one_post(store, 1).await;
    store.progress(delivery(1), settled(DeliveryState::Delivered, 9)).await.unwrap();
    let text = PartKey::Text(0);
    let begin = async |number| {
        store.begin(delivery(number), text, fingerprint("f"), vec![], time(1)).await.unwrap_err()
    };
    assert!(matches!(begin(1).await, StoreError::Conflict(_)));
    assert!(matches!(begin(2).await, StoreError::NotFound(_)));
}

async fn a_lane_gives_pending_work_in_order(store: &dyn Store) {
    for number in 1..=4 {
        one_post(store, number).await;
    }
    let deliveries = vec![new_delivery(5, 1, 0, 3, post("elsewhere"))];
    decide(store, Plan { deliveries, ..Plan::default() }).await.unwrap();
    store.progress(delivery(2), settled(DeliveryState::Delivered, 9)).await.unwrap();
    let work = store.lane_work(&at(1), 0, 9).await.unwrap();
    let ids: Vec<_> = work.iter().map(|work| work.delivery.id).collect();
    assert_eq!(ids, [delivery(1), delivery(3), delivery(4)]);
    assert_eq!(work[0].work, post("hello"));
    let after = store.lane_work(&at(1), work[0].delivery.seq, 1).await.unwrap();
    assert_eq!(after[0].delivery.id, delivery(3));
    assert_eq!(after.len(), 1);

    store.hold_lane(&at(3), Some(time(77))).await.unwrap();
    store.hold_lane(&at(5), Some(time(78))).await.unwrap();
    let lanes = store.lanes().await.unwrap();
    let lanes: Vec<_> =
        lanes.iter().map(|lane| (lane.to.clone(), lane.pending, lane.held_until)).collect();
    assert_eq!(lanes, [(at(1), 3, None), (at(3), 1, Some(time(77)))]);
    store.hold_lane(&at(3), None).await.unwrap();
    assert_eq!(store.lanes().await.unwrap()[1].held_until, None);
}

async fn attempts_count_what_did_not_succeed(store: &dyn Store) {
    one_post(store, 1).await;
    for outcome in [AttemptOutcome::Transient, AttemptOutcome::RateLimited, AttemptOutcome::Done] {
        let step = Progress { attempt: Some(attempt(outcome)), ..Progress::default() };
        store.progress(delivery(1), step).await.unwrap();
    }
    let (now, calls) = store.delivery(delivery(1)).await.unwrap().unwrap();
    assert_eq!(now.attempts, 2);
    let outcomes: Vec<_> = calls.iter().map(|call| call.outcome).collect();
    assert_eq!(
        outcomes,
        [AttemptOutcome::Transient, AttemptOutcome::RateLimited, AttemptOutcome::Done]
    );
    assert_eq!(calls[0], attempt(AttemptOutcome::Transient));
    assert_eq!(store.delivery(delivery(2)).await.unwrap(), None);
}

async fn the_first_end_stays(store: &dyn Store) {
    one_post(store, 1).await;
    store.progress(delivery(1), settled(DeliveryState::Cancelled, 9)).await.unwrap();
    // The call was under way: what it made is known nevertheless.
    let step = Progress {
        copies: vec![copy(1, PartKey::Text(0), 11)],
        attempt: Some(attempt(AttemptOutcome::Unknown)),
        ..settled(DeliveryState::Delivered, 10)
    };
    store.progress(delivery(1), step).await.unwrap();
    let (now, calls) = store.delivery(delivery(1)).await.unwrap().unwrap();
    assert_eq!((now.state, now.settled_at), (DeliveryState::Cancelled, Some(time(9))));
    assert_eq!((now.attempts, calls.len()), (1, 1));
    assert!(store.is_copy(&at(1), &remote(11)).await.unwrap());
    let error = store.progress(delivery(1), settled(DeliveryState::Pending, 9)).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)));
}

async fn a_parked_delivery_can_be_retried_until_it_is_erased(store: &dyn Store) {
    for number in 1..=3 {
        one_post(store, number).await;
    }
    let text = PartKey::Text(0);
    store.begin(delivery(1), text, fingerprint("f"), vec![], time(1)).await.unwrap();
    for number in [1, 2] {
        let step = Progress {
            attempt: Some(attempt(AttemptOutcome::Permanent)),
            ..settled(DeliveryState::Parked, 10 * i64::try_from(number).unwrap())
        };
        store.progress(delivery(number), step).await.unwrap();
    }
    let before = store.delivery(delivery(1)).await.unwrap().unwrap().0;
    assert_eq!((before.attempts, before.reason.as_deref()), (1, Some("for a reason")));
    let again = store.retry(delivery(1)).await.unwrap();
    assert_eq!((again.state, again.attempts, again.seq), (DeliveryState::Pending, 0, before.seq));
    assert_eq!((again.reason, again.settled_at), (None, None));
    let work = store.lane_work(&at(1), 0, 9).await.unwrap();
    assert_eq!(
        work.iter().map(|work| work.delivery.id).collect::<Vec<_>>(),
        [delivery(1), delivery(3)]
    );
    assert_eq!(work[0].begun.len(), 1, "perhaps it was posted: that is looked up first");

    assert_eq!(store.erase_parked(time(20)).await.unwrap(), 0);
    assert_eq!(store.erase_parked(time(21)).await.unwrap(), 1);
    assert_eq!(store.erase_parked(time(21)).await.unwrap(), 0);
    let retry = async |number| store.retry(delivery(number)).await.unwrap_err();
    assert!(matches!(retry(2).await, StoreError::Erased(_)));
    assert!(matches!(retry(3).await, StoreError::Conflict(_)));
    assert!(matches!(retry(4).await, StoreError::NotFound(_)));
}

async fn what_a_sender_was_told_is_taken_back_when_nothing_is_missing_any_more(store: &dyn Store) {
    let about = |number, to, work| new_delivery(number, 1, 0, to, work);
    let posts = vec![about(1, 1, post("hello")), about(2, 2, post("hello"))];
    let plan = Plan { deliveries: posts, ..changes([new_message(1, 0)]) };
    decide(store, plan).await.unwrap();
    let overdue = async || store.overdue(time(60), i64::MIN, 9).await.unwrap().len();
    assert_eq!(overdue().await, 2);

    // One is late, the other is given up: both are told of in the step that says so.
    let told = |number| vec![about(number, 0, Work::React { emoji: Emoji::Unicode("⚠️".into()) })];
    let late = Progress { told: told(11), ..Progress::default() };
    store.progress(delivery(1), late).await.unwrap();
    let given_up = Progress { told: told(12), ..settled(DeliveryState::Parked, 5) };
    store.progress(delivery(2), given_up).await.unwrap();
    assert_eq!(overdue().await, 0);
    assert_eq!(store.lane_work(&at(0), 0, 9).await.unwrap().len(), 2);

    // As long as one is missing, nothing is taken back.
    store.progress(delivery(1), settled(DeliveryState::Delivered, 6)).await.unwrap();
    assert_eq!(store.told_in_vain(9).await.unwrap(), []);
    store.retry(delivery(2)).await.unwrap();
    assert_eq!(store.told_in_vain(9).await.unwrap(), []);
    store.progress(delivery(2), settled(DeliveryState::Delivered, 7)).await.unwrap();
    assert_eq!(store.told_in_vain(9).await.unwrap().len(), 2);

    for number in [13, 14] {
        store.take_back(message(1), told(number)).await.unwrap();
    }
    assert_eq!(store.lane_work(&at(0), 0, 9).await.unwrap().len(), 3, "taken back once");
    assert_eq!(store.told_in_vain(9).await.unwrap(), []);

    // What is done is not told of any more.
    let after = Progress { told: told(15), ..Progress::default() };
    store.progress(delivery(1), after).await.unwrap();
    assert_eq!(store.lane_work(&at(0), 0, 9).await.unwrap().len(), 3);
}

async fn removing_an_endpoint_cancels_what_waits_for_it(store: &dyn Store) {
    store
        .put_channel_sync(sync(1, [endpoint(1, 0), endpoint(2, 1), endpoint(3, 3)]))
        .await
        .unwrap();
    one_post(store, 1).await;
    let deliveries = vec![new_delivery(2, 1, 0, 3, post("there"))];
    decide(store, Plan { deliveries, ..Plan::default() }).await.unwrap();
    let text = PartKey::Text(0);
    store.begin(delivery(1), text, fingerprint("f"), vec![], time(1)).await.unwrap();
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

async fn deliveries_are_listed_newest_first(store: &dyn Store) {
    store.put_channel_sync(sync(1, [endpoint(1, 2), endpoint(2, 3)])).await.unwrap();
    for number in 1..=3 {
        one_post(store, number).await;
    }
    let deliveries =
        vec![new_delivery(4, 1, 0, 3, post("to")), new_delivery(5, 1, 2, 1, post("from"))];
    let seqs = decide(store, Plan { deliveries, ..Plan::default() }).await.unwrap();
    store.progress(delivery(2), settled(DeliveryState::Parked, 9)).await.unwrap();
    let all = DeliveryFilter { limit: 99, ..DeliveryFilter::default() };
    let table = [
        (all.clone(), vec![5, 4, 3, 2, 1]),
        (DeliveryFilter { limit: 2, ..all.clone() }, vec![5, 4]),
        (DeliveryFilter { limit: 2, before: Some(seqs[0]), ..all.clone() }, vec![3, 2]),
        (DeliveryFilter { state: Some(DeliveryState::Parked), ..all.clone() }, vec![2]),
        (DeliveryFilter { state: Some(DeliveryState::Delivered), ..all.clone() }, vec![]),
        (DeliveryFilter { message: Some(message(1)), ..all.clone() }, vec![5, 4, 1]),
        (
            DeliveryFilter { channel_sync: Some(ChannelSyncId::new(id(1))), ..all.clone() },
            vec![5, 4],
        ),
        (DeliveryFilter { channel_sync: Some(ChannelSyncId::new(id(2))), ..all }, vec![]),
    ];
    for (filter, expected) in table {
        let found = store.deliveries(&filter).await.unwrap();
        let expected: Vec<_> = expected.into_iter().map(delivery).collect();
        assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

async fn figures_are_counted(store: &dyn Store) {
    store.put_channel_sync(sync(1, [endpoint(1, 0), endpoint(2, 1)])).await.unwrap();
    for number in 1..=5 {
        one_post(store, number).await;
    }
    use DeliveryState::{Cancelled, Delivered, Parked};
    for (number, state, at) in
        [(1, Delivered, 30), (2, Delivered, 20), (3, Parked, 40), (4, Cancelled, 50)]
    {
        store.progress(delivery(number), settled(state, at)).await.unwrap();
        store.progress(delivery(number), settled(state, at + 100)).await.unwrap();
    }
    let traffic = store.traffic(ChannelSyncId::new(id(1))).await.unwrap();
    assert_eq!((traffic.pending, traffic.delivered, traffic.parked), (1, 2, 1));
    assert_eq!(traffic.last_delivered_at, Some(time(30)));
    let missing = store.traffic(ChannelSyncId::new(id(2))).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)));
    store.check().await.unwrap();
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

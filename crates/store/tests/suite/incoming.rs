//! What comes in, and what is known by it: in every store.

use rialto_model::{DeliveryState, Emoji, PartKey, Revision, Work};
use rialto_store::{
    Appended, Change, NewInbound, Plan, Progress, Reactor, Store, StoreError, SweepRecord,
};

use crate::world::{
    at, changes, copy, decide, delivery, edit, endpoint, files, fingerprint, inbound, message,
    new_delivery, new_message, one_post, post, reactor, remote, sync, time,
};

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
];

async fn webhooks_keep_their_order_and_come_once(store: &dyn Store) {
    let rows = vec![inbound(0, 1), inbound(1, 1), inbound(0, 1), inbound(0, 2)];
    let kept = store.append_inbound(&rows).await.unwrap();
    let &[Appended::New(one), Appended::New(two), Appended::Duplicate, Appended::New(three)] =
        &kept[..]
    else {
        panic!("{kept:?}");
    };
    assert!(one < two && two < three);
    let again = store.append_inbound(&[inbound(0, 2), inbound(0, 3)]).await.unwrap();
    assert!(matches!(again[..], [Appended::Duplicate, Appended::New(_)]), "{again:?}");

    let waiting = store.pending_inbound(one, 2).await.unwrap();
    assert_eq!(waiting.iter().map(|row| row.seq).collect::<Vec<_>>(), [two, three]);
    assert_eq!(waiting[1].row, inbound(0, 2));
    let place = at(0);
    let waiting = store.pending_inbound_of(place.connection, &place.conversation, 9).await.unwrap();
    let keys: Vec<_> = waiting.iter().map(|row| row.row.key.as_str()).collect();
    assert_eq!(keys, ["1:0", "2:0", "3:0"]);

    store.commit_plan(one, Plan::default()).await.unwrap();
    let again = store.append_inbound(&[inbound(0, 1)]).await.unwrap();
    assert!(matches!(again[..], [Appended::New(seq)] if seq > three), "done, so it may come again");
    assert!(store.append_inbound(&[]).await.unwrap().is_empty());
}

async fn what_a_sweep_found_goes_first_and_is_counted(store: &dyn Store) {
    let place = at(0);
    let id = sync(0, [endpoint(0, 0)]).id;
    store.put_channel_sync(sync(0, [endpoint(0, 0)])).await.unwrap();
    store.put_sweep(&place, time(7), None).await.unwrap();
    let swept = |key| NewInbound { swept: true, ..inbound(0, key) };
    store.append_inbound(&[inbound(0, 3), swept(1), swept(2), inbound(0, 4)]).await.unwrap();
    let again = store.append_inbound(&[swept(1), inbound(0, 1)]).await.unwrap();
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
    let Appended::New(seq) = store.append_inbound(&[inbound(0, 1)]).await.unwrap()[0] else {
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
    let Appended::New(seq) = store.append_inbound(&[inbound(0, 1)]).await.unwrap()[0] else {
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
        files_left: vec![(remote(11), files(1))],
        gone: vec![remote(12), remote(99)],
        ..Progress::default()
    };
    store.progress(delivery(1), step).await.unwrap();
    let there = store.copies(message(1), &at(1)).await.unwrap();
    let shown = there.iter().map(|copy| (copy.revision, copy.files.clone()));
    assert_eq!(shown.collect::<Vec<_>>(), [(Revision(5), files(1))]);
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
    let deliveries = vec![
        new_delivery(2, 1, 0, 3, post("begun")),
        new_delivery(3, 1, 0, 1, edit("edited")),
        new_delivery(4, 1, 0, 1, Work::React { emoji: Emoji::Custom("wave".into()) }),
        new_delivery(5, 1, 0, 1, Work::Delete),
    ];
    decide(store, Plan { deliveries, ..Plan::default() }).await.unwrap();
    let text = PartKey::Text(0);
    store.begin(delivery(2), text, fingerprint("f"), vec![], false, time(9)).await.unwrap();
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

//! What goes out: in every store.

use rialto_model::{
    AttemptOutcome, ChannelSyncId, ChannelSyncState, DeliveryState, Emoji, PartKey, Work,
};
use rialto_store::{
    Change, DeliveryFilter, NewCopy, NewDelivery, Plan, Progress, Store, StoreError,
};

use crate::world::{
    at, attempt, changes, copy, decide, delivery, edit, endpoint, files, fingerprint, id, message,
    new_delivery, new_message, one_post, post, remote, settled, sync, time,
};

scenarios![
    a_begun_post_is_in_flight_until_its_copy_is_known,
    beginning_again_keeps_the_first_time,
    a_copy_is_kept_as_saying_when_or_not,
    a_copy_is_kept_with_its_files_and_as_posted_by_an_edit_or_not,
    only_a_pending_delivery_begins,
    a_lane_gives_pending_work_in_order,
    attempts_count_what_did_not_succeed,
    the_first_end_stays,
    a_parked_delivery_can_be_retried_until_it_is_erased,
    what_a_sender_was_told_is_taken_back_when_nothing_is_missing_any_more,
    deliveries_are_listed_newest_first,
    figures_are_counted,
    what_is_paused_is_not_what_waits_longest,
];

async fn a_begun_post_is_in_flight_until_its_copy_is_known(store: &dyn Store) {
    one_post(store, 1).await;
    one_post(store, 2).await;
    let (text, files) = (PartKey::Text(0), PartKey::Files(0));
    for (number, part, seconds) in [(1, text, 30), (1, files, 10), (2, text, 20)] {
        let begun = store
            .begin(delivery(number), part, fingerprint("f"), vec![], false, time(seconds))
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
    store.begin(delivery(1), text, fingerprint("f"), vec![], false, time(40)).await.unwrap();
    assert_eq!(flying().await, [(delivery(2), text)]);
    assert!(store.lane_work(&at(1), 0, 1).await.unwrap()[0].begun.is_empty());
    // Parked: nobody knows what became of the post.
    store.progress(delivery(2), settled(DeliveryState::Parked, 50)).await.unwrap();
    assert_eq!(flying().await, [(delivery(2), text)]);
    assert_eq!(store.in_flight(&at(1)).await.unwrap()[0].state, DeliveryState::Parked);
    store.erase_parked(time(60)).await.unwrap();
    assert!(flying().await.is_empty());
}

async fn beginning_again_keeps_the_first_time(store: &dyn Store) {
    one_post(store, 1).await;
    let files = PartKey::Files(0);
    let handles = |name: &str| vec![name.to_owned(), "two".to_owned()];
    store
        .begin(delivery(1), files, fingerprint("a"), handles("one"), false, time(1))
        .await
        .unwrap();
    let again = store
        .begin(delivery(1), files, fingerprint("b"), handles("new"), true, time(2))
        .await
        .unwrap();
    assert_eq!(again.at(), time(1));
    let work = store.lane_work(&at(1), 0, 1).await.unwrap();
    let [begun] = &work[0].begun[..] else { panic!("{work:?}") };
    assert_eq!((begun.part, begun.at), (files, time(1)));
    assert_eq!((&begun.fingerprint, &begun.handles), (&fingerprint("b"), &handles("new")));
    assert!(begun.says_when);
}

async fn a_copy_is_kept_as_saying_when_or_not(store: &dyn Store) {
    let part = PartKey::Text(0);
    let says_when = |made: NewCopy, says_when| NewCopy { says_when, ..made };
    for (number, says_when) in [(1, true), (2, false), (3, true)] {
        one_post(store, number).await;
        let fingerprint = fingerprint("f");
        store.begin(delivery(number), part, fingerprint, vec![], says_when, time(1)).await.unwrap();
    }
    let under_way = store.in_flight(&at(1)).await.unwrap();
    assert_eq!(under_way.iter().map(|it| it.says_when).collect::<Vec<_>>(), [true, false, true]);
    // As the delivery ends, as it goes on, and by its own event.
    let copies = vec![says_when(copy(1, part, 11), true)];
    let end = Progress { copies, ..settled(DeliveryState::Delivered, 9) };
    store.progress(delivery(1), end).await.unwrap();
    let copies = vec![says_when(copy(2, part, 12), false)];
    store.progress(delivery(2), Progress { copies, ..Progress::default() }).await.unwrap();
    let claimed = says_when(copy(3, part, 13), true);
    decide(store, changes([Change::Claimed(claimed)])).await.unwrap();
    for (number, says_when) in [(1, true), (2, false), (3, true)] {
        let copies = store.copies(message(number), &at(1)).await.unwrap();
        assert_eq!(copies.iter().map(|it| it.says_when).collect::<Vec<_>>(), [says_when]);
    }
}

async fn a_copy_is_kept_with_its_files_and_as_posted_by_an_edit_or_not(store: &dyn Store) {
    one_post(store, 1).await;
    let plan = Plan { deliveries: vec![new_delivery(2, 1, 0, 1, edit("new"))], ..Plan::default() };
    decide(store, plan).await.unwrap();
    let handles = vec!["+F1".to_owned(), "-too large".to_owned()];
    let part = PartKey::Files(0);
    store
        .begin(delivery(2), part, fingerprint("f"), handles.clone(), false, time(1))
        .await
        .unwrap();
    let under_way = store.in_flight(&at(1)).await.unwrap();
    assert_eq!(under_way.iter().map(|it| &it.handles).collect::<Vec<_>>(), [&handles]);
    for (number, part, count) in [(1, PartKey::Text(0), 0), (2, part, 2)] {
        let made = NewCopy { files: files(count), ..copy(number, part, 10 + number) };
        let step = Progress { copies: vec![made], ..Progress::default() };
        store.progress(delivery(number), step).await.unwrap();
    }
    let there = store.copies(message(1), &at(1)).await.unwrap();
    let kept = there.iter().map(|copy| (copy.by_edit, copy.files.clone()));
    assert_eq!(kept.collect::<Vec<_>>(), [(false, files(0)), (true, files(2))]);
}

async fn only_a_pending_delivery_begins(store: &dyn Store) {
    one_post(store, 1).await;
    store.progress(delivery(1), settled(DeliveryState::Delivered, 9)).await.unwrap();
    let text = PartKey::Text(0);
    let begin = async |number| {
        store
            .begin(delivery(number), text, fingerprint("f"), vec![], false, time(1))
            .await
            .unwrap_err()
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
    store.begin(delivery(1), text, fingerprint("f"), vec![], false, time(1)).await.unwrap();
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
    // Nor by somebody who looked before it was given up.
    store.take_back(message(1), told(10)).await.unwrap();
    assert_eq!(store.lane_work(&at(0), 0, 9).await.unwrap().len(), 2);
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

async fn what_is_paused_is_not_what_waits_longest(store: &dyn Store) {
    store.put_channel_sync(sync(1, [endpoint(1, 0), endpoint(2, 1)])).await.unwrap();
    store.put_channel_sync(sync(2, [endpoint(3, 2), endpoint(4, 3)])).await.unwrap();
    // To the first one, to the second one, and to somebody's own conversation with Rialto.
    let planned_at = |number, from, to, seconds| NewDelivery {
        created_at: time(seconds),
        ..new_delivery(number, 1, from, to, post("hello"))
    };
    let deliveries = vec![
        planned_at(1, 0, 1, 10),
        planned_at(2, 0, 1, 5),
        planned_at(3, 2, 3, 20),
        planned_at(4, 0, 5, 30),
    ];
    decide(store, Plan { deliveries, ..changes([new_message(1, 0)]) }).await.unwrap();
    let oldest = async || store.backlog().await.unwrap().oldest_waiting;
    let (one, other) = (ChannelSyncId::new(id(1)), ChannelSyncId::new(id(2)));
    use ChannelSyncState::{Active, Paused};
    for (sync, state, expected) in [
        (one, Active, time(5)),
        (one, Paused, time(20)),
        (other, Paused, time(30)),
        (one, Active, time(5)),
    ] {
        store.set_channel_sync_state(sync, state).await.unwrap();
        assert_eq!(oldest().await, Some(expected), "{sync} is {state:?}");
    }
    for number in [1, 2, 4] {
        store.progress(delivery(number), settled(DeliveryState::Delivered, 40)).await.unwrap();
    }
    assert_eq!(oldest().await, None);
}

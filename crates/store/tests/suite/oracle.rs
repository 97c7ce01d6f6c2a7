//! Whatever is done, in whatever order: both stores give the same answers.

use proptest::prelude::*;
use rialto_model::{
    AttemptOutcome, ChannelSyncId, ChannelSyncState, DeliveryState, Direction, Endpoint,
    EndpointId, PartKey, Revision, Work,
};
use rialto_store::{Appended, Change, DeliveryFilter, NewInbound, Plan, Progress, Store};

use crate::world::{
    at, attempt, changes, copy, delivery, edit, endpoint, files, fingerprint, id, inbound, memory,
    message, new_delivery, new_message, post, reactor, remote, settled, sql, sync, time,
};

#[derive(Clone, Debug)]
enum Verb {
    Append(Vec<(u64, u64, bool)>),
    /// A webhook comes in and is decided about.
    Decide(Plan),
    /// One that waits is found to be nothing, or one that is done is decided about again.
    Finish {
        nth: usize,
    },
    Begin {
        delivery: u64,
        part: PartKey,
        at: i64,
        handles: bool,
    },
    Progress {
        delivery: u64,
        step: Progress,
    },
    /// The sender is told, perhaps with the end.
    Tell {
        delivery: u64,
        end: Option<(DeliveryState, i64)>,
    },
    TakeBack(u64),
    Hold {
        lane: u64,
        until: Option<i64>,
    },
    Clear(u64),
    Retry(u64),
    Erase(i64),
    PutSync(u64, Vec<(u64, u64)>),
    PutEndpoint(u64, u64, u64),
    RenameEndpoint(u64, &'static str),
    RemoveEndpoint(u64),
    RemoveSync(u64),
    Pause(u64, bool),
    PutSweep(u64, i64, Option<i64>),
    Move(u64, u64),
    Reopen,
}

// Few of each, so that they meet.
fn few() -> std::ops::Range<u64> {
    0..4
}

fn part() -> impl Strategy<Value = PartKey> + Clone {
    prop_oneof![Just(PartKey::Text(0)), Just(PartKey::Text(1)), Just(PartKey::Files(0))]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => (0..8u64, few()).prop_map(|(number, place)| new_message(number, place)),
        1 => (few(), 0..5i64).prop_map(|(of, revision)| Change::Revised {
            message: message(of),
            revision: Revision(revision),
        }),
        1 => few().prop_map(|of| Change::Deleted { message: message(of) }),
        1 => (0..2u64, 0..2u64, any::<bool>(), 0..3i64).prop_map(|(of, place, present, at)| {
            Change::Reaction { message: message(of), reactor: reactor(place, present, at) }
        }),
        1 => (few(), part(), few()).prop_map(|(of, part, at)| Change::Claimed(copy(of, part, at))),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let work = prop_oneof![Just(post("hello")), Just(edit("hello")), Just(Work::Delete)];
    let delivery = (0..8u64, few(), few(), few(), work)
        .prop_map(|(number, about, from, to, work)| new_delivery(number, about, from, to, work));
    let changes = prop::collection::vec(change(), 0..3);
    let drops = prop::collection::vec(prop_oneof![Just("muted".to_owned())], 0..2);
    (changes, prop::collection::vec(delivery, 0..3), drops)
        .prop_map(|(changes, deliveries, drops)| Plan { changes, deliveries, drops })
}

fn end() -> impl Strategy<Value = Option<(DeliveryState, i64)>> {
    use DeliveryState::{Cancelled, Delivered, Parked};
    let end = prop_oneof![Just(Delivered), Just(Parked), Just(Parked), Just(Cancelled)];
    prop::option::of((end, 0..50i64))
}

fn step() -> impl Strategy<Value = (u64, Progress)> {
    let outcome = prop_oneof![Just(AttemptOutcome::Done), Just(AttemptOutcome::Transient)];
    (
        0..8u64,
        prop::collection::vec((part(), few()), 0..3),
        prop::collection::vec((few(), 0..5i64), 0..2),
        prop::collection::vec((few(), 0..3u64), 0..2),
        prop::collection::vec(few(), 0..2),
        prop::collection::vec(part(), 0..2),
        prop::option::of(outcome),
        end(),
    )
        .prop_map(|(of, copies, revised, left, gone, unbegun, outcome, end)| {
            let step = Progress {
                copies: copies.into_iter().map(|(part, at)| copy(of, part, at)).collect(),
                revised: revised.into_iter().map(|(at, to)| (remote(at), Revision(to))).collect(),
                files_left: left.into_iter().map(|(at, n)| (remote(at), files(n))).collect(),
                gone: gone.into_iter().map(remote).collect(),
                unbegun,
                attempt: outcome.map(attempt),
                told: Vec::new(),
                settled: end.and_then(|(state, at)| settled(state, at).settled),
            };
            (of, step)
        })
}

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        3 => prop::collection::vec((few(), few(), any::<bool>()), 1..4).prop_map(Verb::Append),
        8 => plan().prop_map(Verb::Decide),
        1 => (0..8usize).prop_map(|nth| Verb::Finish { nth }),
        3 => (0..8u64, part(), 0..50i64, any::<bool>())
            .prop_map(|(delivery, part, at, handles)| Verb::Begin { delivery, part, at, handles }),
        4 => step().prop_map(|(delivery, step)| Verb::Progress { delivery, step }),
        2 => (0..8u64, end()).prop_map(|(delivery, end)| Verb::Tell { delivery, end }),
        1 => few().prop_map(Verb::TakeBack),
        1 => (few(), prop::option::of(0..50i64)).prop_map(|(lane, until)| Verb::Hold { lane, until }),
        1 => few().prop_map(Verb::Clear),
        1 => (0..8u64).prop_map(Verb::Retry),
        1 => (0..60i64).prop_map(Verb::Erase),
        1 => (few(), prop::collection::vec((few(), few()), 0..3))
            .prop_map(|(number, endpoints)| Verb::PutSync(number, endpoints)),
        1 => (few(), few(), few()).prop_map(|(sync, end, place)| Verb::PutEndpoint(sync, end, place)),
        1 => (few(), "one|two").prop_map(|(end, name)| Verb::RenameEndpoint(end, if name == "one" { "one" } else { "two" })),
        1 => few().prop_map(Verb::RemoveEndpoint),
        1 => few().prop_map(Verb::RemoveSync),
        1 => (few(), any::<bool>()).prop_map(|(sync, pause)| Verb::Pause(sync, pause)),
        1 => (few(), 0..50i64, prop::option::of(0..50i64))
            .prop_map(|(place, until, deaf)| Verb::PutSweep(place, until, deaf)),
        // To where nothing is known: an id that a platform has just given.
        1 => (few(), 20..u64::from(u32::MAX)).prop_map(|(from, to)| Verb::Move(from, to)),
        1 => Just(Verb::Reopen),
    ]
}

/// Does it and gives the answer as text.
async fn run(store: &dyn Store, verb: Verb, nth: u64) -> String {
    let work = |about| vec![new_delivery(100 + nth, about, 0, 1, Work::Delete)];
    match verb {
        Verb::Tell { delivery: number, end } => {
            let ended = end.and_then(|(state, at)| settled(state, at).settled);
            let step = Progress { told: work(number % 4), settled: ended, ..Progress::default() };
            format!("{:?}", store.progress(delivery(number), step).await)
        }
        Verb::TakeBack(about) => {
            format!("{:?}", store.take_back(message(about), work(about)).await)
        }
        Verb::Append(rows) => {
            let rows: Vec<_> = rows
                .into_iter()
                .map(|(place, key, swept)| NewInbound { swept, ..inbound(place, key) })
                .collect();
            // Places in the order may have gaps: only whether it was kept is compared.
            let kept = store.append_inbound(&rows).await.unwrap();
            let kept = kept.iter().map(|kept| *kept != Appended::Duplicate);
            format!("{:?}", kept.collect::<Vec<_>>())
        }
        Verb::Decide(plan) => {
            let kept = store.append_inbound(&[inbound(9, 9)]).await.unwrap();
            let Appended::New(seq) = kept[0] else { panic!("the one before was finished") };
            let decided = store.commit_plan(seq, plan).await.map(|seqs| seqs.len());
            store.commit_plan(seq, Plan::default()).await.unwrap();
            format!("{decided:?}")
        }
        Verb::Finish { nth } => {
            let waiting = store.pending_inbound(0, 99).await.unwrap();
            let seq = waiting.get(nth).map_or(1, |row| row.seq);
            let plan = Plan { drops: vec!["nothing".into()], ..Plan::default() };
            format!("{:?}", store.commit_plan(seq, plan).await)
        }
        Verb::Begin { delivery: number, part, at, handles } => {
            let handles = if handles { vec!["F1".to_owned()] } else { Vec::new() };
            let says_when = at % 2 == 0;
            let begun = store
                .begin(delivery(number), part, fingerprint("f"), handles, says_when, time(at))
                .await;
            format!("{begun:?}")
        }
        Verb::Progress { delivery: number, step } => {
            format!("{:?}", store.progress(delivery(number), step).await)
        }
        Verb::Hold { lane, until } => {
            format!("{:?}", store.hold_lane(&at(lane), until.map(time)).await)
        }
        Verb::Clear(lane) => format!("{:?}", store.clear_lane(&at(lane), time(70)).await),
        Verb::Retry(number) => {
            format!("{:?}", store.retry(delivery(number)).await.map(|delivery| delivery.id))
        }
        Verb::Erase(before) => format!("{:?}", store.erase_parked(time(before)).await),
        Verb::PutSync(number, ends) => {
            let ends: Vec<_> = ends.into_iter().map(|(end, place)| endpoint(end, place)).collect();
            format!("{:?}", store.put_channel_sync(sync(number, ends)).await)
        }
        Verb::PutEndpoint(sync, end, place) => {
            let sync = ChannelSyncId::new(id(sync));
            // One place is only heard.
            let direction = if place == 3 { Direction::In } else { Direction::Both };
            let endpoint = Endpoint { direction, ..endpoint(end, place) };
            format!("{:?}", store.put_endpoint(sync, endpoint).await)
        }
        Verb::RenameEndpoint(end, name) => {
            format!("{:?}", store.rename_endpoint(EndpointId::new(id(end)), name).await)
        }
        Verb::RemoveEndpoint(end) => {
            format!("{:?}", store.remove_endpoint(EndpointId::new(id(end)), time(70)).await)
        }
        Verb::RemoveSync(number) => {
            let number = ChannelSyncId::new(id(number));
            format!("{:?}", store.remove_channel_sync(number, time(70)).await)
        }
        Verb::Pause(number, pause) => {
            let number = ChannelSyncId::new(id(number));
            let state = if pause { ChannelSyncState::Paused } else { ChannelSyncState::Active };
            format!("{:?}", store.set_channel_sync_state(number, state).await)
        }
        Verb::PutSweep(place, until, deaf) => {
            format!("{:?}", store.put_sweep(&at(place), time(until), deaf.map(time)).await)
        }
        Verb::Move(from, to) => {
            format!("{:?}", store.move_conversation(&at(from), &at(to).conversation).await)
        }
        // The file alone is opened anew.
        Verb::Reopen => String::new(),
    }
}

/// All that can be seen, without numbers that may have gaps.
async fn seen(store: &dyn Store) -> Vec<String> {
    let mut seen = Vec::new();
    let inbox = store.pending_inbound(0, 99).await.unwrap();
    seen.push(format!("{:?}", inbox.into_iter().map(|row| row.row).collect::<Vec<_>>()));
    for number in few() {
        seen.push(format!("{:?}", store.message(message(number)).await));
        seen.push(format!("{:?}", store.in_flight(&at(number)).await));
        seen.push(format!("{:?}", store.traffic(ChannelSyncId::new(id(number))).await));
        for place in few() {
            let view = store.message_at(&at(place), &remote(number)).await.unwrap();
            seen.push(format!("{:?}", view.map(|view| view.id)));
            seen.push(format!("{:?}", store.copies(message(number), &at(place)).await));
            seen.push(format!("{:?}", store.is_copy(&at(place), &remote(number)).await));
        }
        let mut work = store.lane_work(&at(number), 0, 99).await.unwrap();
        work.iter_mut().for_each(|work| work.delivery.seq = 0);
        seen.push(format!("{work:?}"));
        let place = at(number);
        let waits = store.pending_inbound_of(place.connection, &place.conversation, 3).await;
        let waits = waits.unwrap().into_iter().map(|waiting| waiting.row);
        seen.push(format!("{:?}", waits.collect::<Vec<_>>()));
        seen.push(format!("{:?}", store.said_between(&place, time(0), time(60)).await));
    }
    for channel_sync in [None, Some(ChannelSyncId::new(id(1)))] {
        let filter = DeliveryFilter { channel_sync, limit: 99, ..DeliveryFilter::default() };
        let mut all = store.deliveries(&filter).await.unwrap();
        all.iter_mut().for_each(|delivery| delivery.seq = 0);
        seen.push(format!("{all:?}"));
    }
    for mut told in
        [store.overdue(time(60), 0, 99).await.unwrap(), store.told_in_vain(99).await.unwrap()]
    {
        told.iter_mut().for_each(|delivery| delivery.seq = 0);
        seen.push(format!("{told:?}"));
    }
    for number in 0..8 {
        let calls = store.delivery(delivery(number)).await.unwrap().map(|(_, calls)| calls);
        seen.push(format!("{calls:?}"));
    }
    let mut sweeps = store.sweeps().await.unwrap();
    sweeps.sort_by_key(|(at, _)| at.clone());
    seen.push(format!("{sweeps:?}"));
    seen.push(format!("{:?}", store.moves().await));
    seen.push(format!("{:?}", store.lanes().await));
    seen.push(format!("{:?}", store.channel_syncs().await));
    seen.push(format!("{:?}", store.drops().await));
    seen.push(format!("{:?}", store.backlog().await));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_alike(verbs in prop::collection::vec(verb(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rialto.db");
            let (memory, mut on_disk) = (memory(), sql(&path).await.unwrap());
            // Something to meet from the start.
            let known = (0..4).map(|number| Verb::Decide(Plan {
                deliveries: vec![new_delivery(number, number, 0, number % 2, post("hello"))],
                ..changes([new_message(number, number)])
            }));
            for (nth, verb) in (0..).zip(known.chain(verbs)) {
                if matches!(verb, Verb::Reopen) {
                    on_disk.close().await;
                    on_disk = sql(&path).await.unwrap();
                }
                let expected = run(&memory, verb.clone(), nth).await;
                let got = run(&on_disk, verb.clone(), nth).await;
                prop_assert_eq!(expected, got, "{:?}", verb);
            }
            let (expected, got) = (seen(&memory).await, seen(&on_disk).await);
            for (expected, got) in expected.into_iter().zip(got) {
                prop_assert_eq!(expected, got);
            }
            Ok(())
        })?;
    }
}

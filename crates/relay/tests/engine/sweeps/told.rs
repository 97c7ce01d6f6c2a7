//! What was told of a workspace ends with what it was about.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_default_local_recorder,
};
use parking_lot::Mutex;
use rialto_model::{ChannelSyncId, Direction, Endpoint};
use rialto_relay::describe_figures;
use rialto_store::{Connection, StoreError};
use uuid::Uuid;

use crate::{
    LEFT,
    network::Network,
    world::{SYNC, World, connection},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Keeps figures by how they are written: `name{label="value"}`.
#[derive(Default)]
struct Figures(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Figures {
    fn keep(&self, key: &Key) -> Arc<AtomicU64> {
        let labels = key.labels().map(|it| format!("{}={:?}", it.key(), it.value()));
        let labels: Vec<_> = labels.collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        self.0.lock().entry(name).or_default().clone()
    }

    /// All of one name, by the rest.
    fn of(&self, name: &str) -> Vec<(String, u64)> {
        let all = self.0.lock();
        let of = all.iter().filter_map(|(key, value)| Some((key.strip_prefix(name)?, value)));
        of.map(|(labels, value)| (labels.to_owned(), value.load(SeqCst))).collect()
    }

    /// Gauges of the left workspace, by what it is called.
    fn of_left(&self, name: &str) -> Vec<(String, f64)> {
        let mut all = self.of(name);
        all.retain(|(labels, _)| labels.contains(&connection(LEFT).to_string()));
        let workspace = |labels: &str| {
            let (_, rest) = labels.split_once("workspace=\"").unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let all = all.into_iter();
        let mut all: Vec<_> =
            all.map(|(labels, value)| (workspace(&labels), f64::from_bits(value))).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }
}

impl Recorder for Figures {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.keep(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.keep(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// A world whose left network is as it shall be when Rialto starts.
async fn started(left: impl FnOnce(&Network)) -> World {
    let mut world = World::new().await;
    left(&world.left);
    world.crash().await;
    world
}

fn sync() -> ChannelSyncId {
    ChannelSyncId::new(Uuid::from_u128(SYNC))
}

/// An admin takes the channel out of its channel sync, or has it written to only.
async fn is_not_heard_any_more(world: &World, only_written_to: bool) -> Result<(), StoreError> {
    if only_written_to {
        let left = world.store.channel_syncs().await?.remove(0).endpoints.remove(LEFT);
        let direction = Direction::Out;
        world.store.put_endpoint(sync(), Endpoint { direction, ..left }).await?;
    } else {
        world.store.remove_channel_sync(sync(), world.toolkit.clock.now()).await?;
    }
    world.relay.changed(&[]).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// The problem of the left workspace, if it is all.
fn problem(world: &World) -> Option<String> {
    let mut problems = world.relay.problems(connection(LEFT));
    assert!(problems.len() < 2, "{problems:?}");
    problems.pop()
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_deaf_only_for_as_long_as_it_is_listened_to() {
    for only_written_to in [false, true] {
        let figures = Figures::default();
        let _recorder = set_default_local_recorder(&figures);
        let world = started(Network::has_nest).await;
        tokio::time::sleep(2 * MINUTE).await;
        assert!(problem(&world).unwrap().starts_with("deaf since"));
        let told = || figures.of_left("rialto_workspace_deaf");
        assert_eq!(told(), [("Acme".to_owned(), 1.0)]);
        is_not_heard_any_more(&world, only_written_to).await.unwrap();
        assert_eq!(problem(&world), None, "only written to: {only_written_to}");
        tokio::time::sleep(MINUTE).await;
        assert_eq!(told(), [("Acme".to_owned(), 0.0)]);
        world.relay.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_needs_a_canary_where_nobody_listens() {
    let world = World::new().await;
    tokio::time::sleep(MINUTE).await;
    assert!(problem(&world).unwrap().contains("no private channels"));
    is_not_heard_any_more(&world, false).await.unwrap();
    assert_eq!(problem(&world), None);
}

#[tokio::test(start_paused = true)]
async fn a_past_that_cannot_be_read_is_no_problem_where_nobody_listens() {
    // It is found out before, and while the admin does it.
    for (after, told_before) in [(Duration::ZERO, true), (30 * MINUTE, false)] {
        for only_written_to in [false, true] {
            let left = |network: &Network| {
                network.has_nest();
                network.forbids_past(after);
            };
            let world = started(left).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
            let told = problem(&world).is_some_and(|it| it.contains("its past cannot be read"));
            assert_eq!(told, told_before);
            is_not_heard_any_more(&world, only_written_to).await.unwrap();
            assert_eq!(problem(&world), None, "only written to: {only_written_to}");
            tokio::time::sleep(31 * MINUTE).await;
            assert_eq!(problem(&world), None, "only written to: {only_written_to}");
            world.relay.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_gone_does_not_end() {
    let figures = Figures::default();
    let _recorder = set_default_local_recorder(&figures);
    let world = started(Network::has_nest).await;
    let ends = world.toolkit.clock.now() + 30 * MINUTE;
    world.left.credential_ends(ends);
    world.relay.changed(&[connection(LEFT)]).await.unwrap();
    let told = async || {
        tokio::time::sleep(MINUTE).await;
        figures.of_left("rialto_credential_expires_timestamp_seconds")
    };
    let (ends, never) = (ends.as_second() as f64, f64::INFINITY);
    assert_eq!(told().await, [("Acme".to_owned(), ends)]);
    // It is called otherwise since it was connected again.
    let record = world.store.connections().await.unwrap().remove(LEFT);
    let renamed = Connection { name: "Acme Ltd".into(), ..record };
    world.store.put_connection(renamed).await.unwrap();
    world.relay.changed(&[connection(LEFT)]).await.unwrap();
    assert_eq!(told().await, [("Acme".to_owned(), never), ("Acme Ltd".to_owned(), ends)]);
    world.store.remove_channel_sync(sync(), world.toolkit.clock.now()).await.unwrap();
    world.store.remove_connection(connection(LEFT)).await.unwrap();
    world.relay.changed(&[]).await.unwrap();
    assert_eq!(told().await, [("Acme".to_owned(), never), ("Acme Ltd".to_owned(), never)]);
}

/// What the alert rules take the increase of, as Prometheus writes it; but for webhooks, which the
/// hub counts.
fn counted_by_alerts() -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watching/alerts.yml");
    let rules = std::fs::read_to_string(file).unwrap();
    let counted = rules.split("increase(").skip(1);
    let counted = counted.map(|rest| rest.split('[').next().unwrap().to_owned());
    counted.filter(|it| !it.starts_with("rialto_webhooks_total")).collect()
}

#[test]
fn what_alerts_count_begins_at_zero() {
    let figures = Figures::default();
    let _recorder = set_default_local_recorder(&figures);
    describe_figures();
    let counted = counted_by_alerts();
    assert!(!counted.is_empty());
    for counted in counted {
        let (name, label) = counted.trim_end_matches('}').split_once('{').unwrap();
        let mut begun = figures.of(name);
        begun.retain(|(labels, _)| labels.contains(label));
        assert!(!begun.is_empty(), "{counted} is not there before the first");
        assert!(begun.iter().all(|(_, count)| *count == 0), "{begun:?}");
    }
}

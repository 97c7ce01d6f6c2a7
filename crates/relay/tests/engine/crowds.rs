//! More waits, in many conversations, than fits into memory.

use rialto_model::{
    ChannelSync, ChannelSyncId, ChannelSyncState, ConversationRef, Direction, Endpoint, EndpointId,
    OrganizationId, SyncSettings,
};
use uuid::Uuid;

use crate::{
    LEFT, RIGHT,
    network::Illness,
    world::{World, connection},
};

const CONVERSATIONS: usize = 200;
const MESSAGES: usize = 24;
/// Characters of each message: all together are far more than may be kept in memory.
const LENGTH: usize = 10_000;
/// Bytes on the way out at most: the queues' 32 MB, and one delivery of each conversation at work.
const MOST: usize = (32 << 20) + CONVERSATIONS * LENGTH;

fn name(number: usize) -> String {
    format!("crowd-{number}")
}

async fn put_in_step(world: &World) {
    let now = world.toolkit.clock.now();
    for number in 0..CONVERSATIONS {
        let endpoint = |side: usize| Endpoint {
            id: EndpointId::new(Uuid::from_u128((1_000 + 2 * number + side) as u128)),
            at: ConversationRef {
                connection: connection(side),
                conversation: name(number).as_str().into(),
            },
            name: name(number),
            direction: Direction::Both,
            since: now,
        };
        let sync = ChannelSync {
            id: ChannelSyncId::new(Uuid::from_u128((10_000 + number) as u128)),
            organization: OrganizationId::new(Uuid::from_u128(1)),
            name: name(number),
            state: ChannelSyncState::Active,
            settings: SyncSettings::default(),
            created_at: now,
            endpoints: vec![endpoint(LEFT), endpoint(RIGHT)],
        };
        world.store.put_channel_sync(sync).await.unwrap();
    }
    world.relay.changed(&[]).await.unwrap();
}

/// Lets the engine work, and gives the most that was on the way out meanwhile.
async fn watched_for(world: &World, seconds: u64) -> usize {
    let mut most = 0;
    for _ in 0..seconds * 20 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        most = most.max(world.relay.queued().1);
    }
    most
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_hundreds_of_conversations_waits_on_disk() {
    let mut world = World::new().await;
    put_in_step(&world).await;
    world.right.falls_ill(Illness::Limited);
    for message in 0..MESSAGES {
        for number in 0..CONVERSATIONS {
            let text = format!("{message} {}", "x".repeat(LENGTH));
            let (_, event) = world.left.post(&name(number), "ana", &text, None);
            world.hear_in(&name(number), LEFT, &event, &format!("{number}-{message}")).await;
        }
    }
    let most = watched_for(&world, 30).await;
    assert!(most <= MOST, "{most} bytes while they came");
    world.crash().await;
    let most = watched_for(&world, 10).await;
    assert!(most <= MOST, "{most} bytes after the start");
    let waits: u64 = world.store.lanes().await.unwrap().iter().map(|lane| lane.pending).sum();
    assert_eq!(waits, (CONVERSATIONS * MESSAGES) as u64);
}

//! The life of subscriptions: they expire, their tokens run out, and they are taken away from who lost access.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Teams;
use super::conversation::Place;
use super::subscription::{Subscription, Topic};
use super::world::World;

/// How long before the end of its token a subscription is told to reauthorize.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);
/// How often the deadlines are looked at, in real time; the clock may be moved in between.
const LOOK: Duration = Duration::from_millis(200);

/// Looks after all subscriptions until the sandbox stops.
pub(crate) async fn watch(teams: Arc<Teams>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = teams.core.stopping.cancelled() => return,
        }
        teams.look_after_subscriptions();
    }
}

impl Teams {
    fn look_after_subscriptions(&self) {
        let now = self.core.clock.now();
        let mut world = self.world();
        let expired: Vec<String> = world
            .subscriptions
            .all
            .values()
            .filter(|s| s.expires <= now)
            .map(|s| s.id.clone())
            .collect();
        for id in expired {
            world.subscriptions.remove(&id);
        }
        for subscription in world.subscriptions.all.values_mut() {
            let from = subscription.authorized_until.checked_sub(AHEAD).unwrap_or(now);
            if !subscription.asked && subscription.lifecycle_url.is_some() && now >= from {
                subscription.asked = true;
                let told = subscription.clone();
                self.tell_lifecycle(&told, "reauthorizationRequired");
            }
        }
    }

    /// A renewal or reauthorization with a fresh token.
    pub(crate) fn reauthorized(subscription: &mut Subscription, token_expires: Timestamp) {
        subscription.authorized_until = token_expires;
        subscription.asked = false;
    }

    /// Ends the subscriptions of those who may no longer hear what they subscribed to, and tells them.
    pub(crate) fn drop_deaf_subscriptions(&self, world: &mut World) {
        let deaf: Vec<String> = world
            .subscriptions
            .all
            .values()
            .filter(|s| !may_hear(world, s))
            .map(|s| s.id.clone())
            .collect();
        for id in deaf {
            if let Some(gone) = world.subscriptions.remove(&id) {
                self.tell_lifecycle(&gone, "subscriptionRemoved");
            }
        }
    }
}

fn may_hear(world: &World, subscription: &Subscription) -> bool {
    let Some(tenant) = world.tenants.get(&subscription.tenant) else { return false };
    let user = subscription.user.as_deref();
    match &subscription.topic {
        Topic::Channel(id) => tenant.channels.get(id).is_some_and(|channel| {
            let place = Place::Channel { team: channel.team.clone(), channel: id.clone() };
            tenant.require_member(&place, user).is_ok()
        }),
        Topic::Chat(id) => {
            tenant.chats.contains_key(id)
                && tenant.require_member(&Place::Chat { chat: id.clone() }, user).is_ok()
        }
        Topic::Team(id) => tenant.teams.contains_key(id),
        Topic::PersonChats(id) => tenant.users.get(id).is_some_and(|u| u.enabled),
        Topic::AllTeams | Topic::AllChats => true,
    }
}

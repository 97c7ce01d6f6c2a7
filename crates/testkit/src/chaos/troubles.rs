//! What befalls whole platforms for a part of the run: one is down, one is slow, one limits everything,
//! and one takes Rialto's authorization back, until the admin connects it again.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use rand::{RngExt as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{Side, World};

/// What befalls a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Down,
    Slow,
    Limited,
    Revoked,
}

/// What befalls which platform, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    side: Side,
    kind: Kind,
    from: Duration,
    until: Duration,
}

/// Each of the four befalls one of the platforms, for a seventh of the time.
pub(super) fn plan(rng: &mut StdRng, within: Duration) -> Vec<Trouble> {
    let mut kinds = [Kind::Down, Kind::Slow, Kind::Limited, Kind::Revoked];
    kinds.shuffle(rng);
    let trouble = |(side, kind)| {
        let from = within.mul_f64(rng.random_range(0.1..0.8));
        Trouble { side, kind, from, until: from + within / 7 }
    };
    Side::ALL.into_iter().zip(kinds).map(trouble).collect()
}

impl Trouble {
    /// In words.
    pub(super) fn words(&self) -> String {
        let what = match self.kind {
            Kind::Down => "down",
            Kind::Slow => "slow",
            Kind::Limited => "rate-limited",
            Kind::Revoked => "revoked",
        };
        let (from, until) = (self.from.as_secs(), self.until.as_secs());
        format!("{} {what} from {from} s to {until} s", self.side.name())
    }

    /// What all calls meet meanwhile.
    fn fault(&self) -> Option<Value> {
        match self.kind {
            Kind::Down => Some(json!({"kind": "status", "code": 503})),
            Kind::Slow => Some(json!({"kind": "latency", "ms": 1_200})),
            Kind::Limited => {
                Some(json!({"kind": "status", "code": 429, "retry_after": 2, "probability": 0.8}))
            }
            Kind::Revoked => None,
        }
    }

    async fn befall(self, world: &World, start: Instant) -> Result<()> {
        tokio::time::sleep_until(start + self.from).await;
        let Some(mut fault) = self.fault() else {
            revoke(world, self.side).await?;
            tokio::time::sleep_until(start + self.until).await;
            return allow(world, self.side).await;
        };
        fault["platform"] = json!(self.side.word());
        fault["target"] = json!("api");
        let rule = world.control.post("/faults", fault).await?;
        tokio::time::sleep_until(start + self.until).await;
        let id = rule["id"].as_str().context("the rule's id")?;
        world.control.call(reqwest::Method::DELETE, &format!("/faults/{id}"), None).await?;
        Ok(())
    }
}

/// Has all of it befall.
pub(super) async fn carry_out(world: Arc<World>, troubles: &[Trouble]) -> Result<()> {
    let start = Instant::now();
    try_join_all(troubles.iter().map(|trouble| trouble.befall(&world, start))).await?;
    Ok(())
}

/// The authorization ends at the vendor's: the app is removed, or in Teams the service user is locked out.
async fn revoke(world: &World, side: Side) -> Result<()> {
    if side == Side::Teams {
        lock(world, "deactivate").await?;
        // What was given before would hold for its hour.
        let expired = json!({
            "platform": side.word(), "target": "api", "kind": "expire_tokens", "times": 1,
        });
        world.control.post("/faults", expired).await?;
        return Ok(());
    }
    let apps = world.control.get(&format!("/{}/apps", side.word())).await?;
    let app = apps[0]["id"].as_str().context("the vendor's id of the app")?;
    let from = json!({"workspace": world.workspace(side), "as": side.signs_in()});
    world.control.post(&format!("/{}/apps/{app}/uninstall", side.word()), from).await?;
    Ok(())
}

/// Whoever was locked out may sign in again: then the admin can connect.
async fn allow(world: &World, side: Side) -> Result<()> {
    if side == Side::Teams { lock(world, "activate").await } else { Ok(()) }
}

async fn lock(world: &World, what: &str) -> Result<()> {
    let deed = json!({
        "workspace": world.workspace(Side::Teams), "as": Side::Teams.owner(), "do": what,
        "person": Side::Teams.signs_in(),
    });
    world.control.post("/teams/act", deed).await?;
    Ok(())
}

//! The story of a message: every fact that is known about it, in the order of time.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    heard::{self, Heard},
    screens::Screens,
    truth::Truth,
    words::mark,
};
use crate::{Channels, Side, World};

/// When the process was down.
pub(super) type Downs = [(Timestamp, Timestamp)];

/// Tells it.
pub(super) async fn tell(
    world: &World,
    syncs: &[Channels],
    truth: &Truth,
    downs: &Downs,
    number: usize,
) -> Result<String> {
    let said = truth.get(number);
    let channels = &syncs[said.sync];
    let screens = Screens::look(world, channels).await?;
    let names = heard::Channels::read(world, syncs).await?;
    let heard = Heard::read(world, &names);
    let others = channels.others(said.side);
    let copies: Vec<_> = others
        .iter()
        .flat_map(|there| screens.copies(truth, said, *there).into_iter().map(|it| (*there, it)))
        .collect();
    let mut facts: Vec<(Timestamp, String)> = said.deeds.clone();
    let mut ids = vec![(said.side, said.id.clone())];
    ids.extend(copies.iter().map(|(there, copy)| (*there, copy.id.clone())));
    let mark = mark(number);
    let mark = mark.trim_end_matches(';');
    let calls = world.sandbox().core().calls.latest();
    // What posts of it made, also when nothing is seen of that any more.
    for call in calls.iter().filter(|call| call.about.contains(mark)) {
        let there = others.iter().find(|there| there.word() == call.platform);
        let made = call.about.rsplit_once(" → ").map(|(_, id)| id.to_owned());
        let made = there.copied().zip(made);
        ids.extend(made.filter(|made| !ids.contains(made)));
    }
    for (side, id) in &ids {
        for told in heard.about(&(said.sync, *side, id.clone())) {
            let name = side.name();
            let what =
                format!("{name} told of {id}: {} #{}: {}", told.event, told.number, told.fate);
            facts.push((told.at, what));
        }
    }
    for call in calls {
        let is_in = |(side, id): &(Side, String)| {
            call.about.contains(id) && call.about.contains(names.id(said.sync, *side))
        };
        let about = call.about.contains(mark) || ids.iter().any(is_in);
        if about {
            let faults = call.faults.join(", ");
            let error = call.error.unwrap_or_default();
            let what =
                format!("{} → {} {error} [{faults}] {}", call.operation, call.status, call.about);
            facts.push((call.at, what));
        }
    }
    let deliveries = deliveries(world, channels, said.side, &said.id, said.at, &mut facts).await?;
    let (from, to) = match (facts.iter().min(), facts.iter().max()) {
        (Some(first), Some(last)) => (first.0, last.0),
        _ => return Ok(String::new()),
    };
    for (down, up) in downs.iter().filter(|(down, up)| *up >= from && *down <= to) {
        facts.push((*down, "── SIGKILL".into()));
        facts.push((*up, "── Rialto is up again".into()));
    }
    facts.sort();
    let mut story = format!("The story of {} ({}):\n", said.place(), said.id);
    for (at, what) in facts {
        let _ = writeln!(story, "  {at:.3}  {what}");
    }
    let _ = writeln!(story, "  It should read {:?}, deleted: {}", said.words.lines(), said.deleted);
    for (there, copy) in copies {
        let _ = writeln!(story, "  {} shows {} {}", there.name(), copy.id, copy.line());
    }
    story.push_str(&log(world, &deliveries));
    Ok(story)
}

/// Adds Rialto's own account: its deliveries, and the calls that failed. Gives the deliveries' ids.
async fn deliveries(
    world: &World,
    channels: &Channels,
    side: Side,
    id: &str,
    at: Timestamp,
    facts: &mut Vec<(Timestamp, String)>,
) -> Result<Vec<String>> {
    let said = said_at(side, id);
    let mut ids = Vec::new();
    let Some(message) = message_said(world, channels, said, at).await? else {
        facts.push((at, "Rialto planned no post of it".into()));
        return Ok(ids);
    };
    let path = format!("/api/v1/deliveries?message={message}&limit=500");
    for delivery in world.api.get(&path).await?.as_array().into_iter().flatten() {
        let Some(id) = delivery["id"].as_str() else { continue };
        ids.push(id.to_owned());
        let (kind, state) = (&delivery["kind"], &delivery["state"]);
        let what = format!("Rialto planned {kind} {id} #{}", delivery["seq"]);
        facts.extend(time(&delivery["created_at"]).map(|at| (at, what)));
        let what = format!("Rialto settled {kind} {id}: {state} {}", delivery["reason"]);
        facts.extend(time(&delivery["settled_at"]).map(|at| (at, what)));
        let detail = world.api.get(&format!("/api/v1/deliveries/{id}")).await?;
        for attempt in detail["attempts"].as_array().into_iter().flatten() {
            let what = format!("Rialto's call for {kind} {id}: {attempt}");
            facts.extend(time(&attempt["at"]).map(|at| (at, what)));
        }
    }
    Ok(ids)
}

/// The message whose post tells of something said at this moment; or, where the moment is not known,
/// last before its author had said it: they speak one after the other.
async fn message_said(
    world: &World,
    channels: &Channels,
    said: Option<Timestamp>,
    at: Timestamp,
) -> Result<Option<String>> {
    let mut before = String::new();
    let mut last_before: Option<(Timestamp, String)> = None;
    loop {
        let path = format!("/api/v1/deliveries?channel_sync={}&limit=500{before}", channels.sync);
        let page = world.api.get(&path).await?;
        let page = page.as_array().map_or(&[][..], Vec::as_slice);
        for post in page.iter().filter(|it| it["kind"] == "post") {
            let Some(message) = post["message"].as_str() else { continue };
            let Some(happened) = time(&post["happened_at"]) else { continue };
            if Some(happened) == said {
                return Ok(Some(message.to_owned()));
            }
            if happened <= at && last_before.as_ref().is_none_or(|(known, _)| happened > *known) {
                last_before = Some((happened, message.to_owned()));
            }
        }
        let Some(last) = page.last() else {
            return Ok(last_before.filter(|_| said.is_none()).map(|(_, message)| message));
        };
        before = format!("&before={}", last["seq"]);
    }
}

/// Ids tell when a message was made, in Slack and Teams.
fn said_at(side: Side, id: &str) -> Option<Timestamp> {
    if side == Side::Teams {
        return Timestamp::from_millisecond(id.parse().ok()?).ok();
    }
    if side != Side::Slack {
        return None;
    }
    let (seconds, micros) = id.split_once('.')?;
    let micros = seconds.parse::<i64>().ok()? * 1_000_000 + micros.parse::<i64>().ok()?;
    Timestamp::from_microsecond(micros).ok()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// What Rialto's log says of these deliveries.
fn log(world: &World, deliveries: &[String]) -> String {
    let log = std::fs::read_to_string(world.folder().join("rialto.log")).unwrap_or_default();
    let about = |line: &&str| deliveries.iter().any(|id| line.contains(id.as_str()));
    let lines: Vec<_> = log.lines().filter(about).map(|line| format!("  log: {line}\n")).collect();
    lines.concat()
}

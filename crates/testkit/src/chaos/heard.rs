//! When Rialto was told of what: out of the sandbox's journal of webhooks.

use std::collections::HashMap;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::truth::Place;
use crate::{Side, World};

/// A webhook about a message.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) event: String,
    /// What became of it, in words.
    pub(super) fate: String,
    /// When it was accepted.
    accepted: Option<Timestamp>,
    /// Rialto asked for it once more: what took it too long is kept all the same.
    asked_again: bool,
    /// Whether it says what the message says.
    has_content: bool,
}

/// All webhooks, by the side and the message that they are about.
#[derive(Debug, Default)]
pub(super) struct Heard(HashMap<Place, Vec<Told>>);

/// The platforms' ids of the channels, by channel sync and side.
#[derive(Clone, Debug)]
pub(super) struct Channels(Vec<HashMap<Side, String>>);

impl Channels {
    /// Asks Rialto for them.
    pub(super) async fn read(world: &World, syncs: &[crate::Channels]) -> Result<Self> {
        let all = world.api.get("/api/v1/channel-syncs").await?;
        let mut channels = Vec::new();
        for sync in syncs {
            let mut ids = HashMap::new();
            let found = all.as_array().into_iter().flatten().find(|it| it["id"] == sync.sync);
            for endpoint in found.and_then(|it| it["endpoints"].as_array()).into_iter().flatten() {
                let side = side_of(&endpoint["platform"])?;
                let id = endpoint["conversation"].as_str().unwrap_or_default();
                ids.insert(side, id.rsplit('/').next().unwrap_or(id).to_owned());
            }
            channels.push(ids);
        }
        Ok(Self(channels))
    }

    /// The id of a channel.
    pub(super) fn id(&self, sync: usize, side: Side) -> &str {
        self.0[sync].get(&side).map_or("", String::as_str)
    }

    /// The channel sync that a text with a channel's id is about.
    fn in_text(&self, side: Side, text: &str) -> Option<usize> {
        self.0.iter().position(|ids| ids.get(&side).is_some_and(|id| text.contains(id)))
    }
}

impl Heard {
    /// Reads the journal.
    pub(super) fn read(world: &World, channels: &Channels) -> Self {
        let journal = world.sandbox().core().webhooks.read(None, None, usize::MAX);
        let mut heard = Self::default();
        for webhook in journal["webhooks"].as_array().into_iter().flatten() {
            let Ok(side) = side_of(&webhook["platform"]) else { continue };
            for (channel, id, has_content) in subjects(side, webhook) {
                let sync = channels.in_text(side, &channel);
                if let (Some(sync), Some(told)) = (sync, told(webhook, has_content)) {
                    heard.0.entry((sync, side, id)).or_default().push(told);
                }
            }
        }
        heard
    }

    /// The webhooks about a message, in the order in which they came to be.
    pub(super) fn about(&self, place: &Place) -> &[Told] {
        self.0.get(place).map_or(&[], Vec::as_slice)
    }

    /// When what a message says was accepted first.
    pub(super) fn first(&self, place: &Place) -> Option<Timestamp> {
        let told = self.about(place).iter().filter(|told| told.has_content);
        told.filter_map(|told| told.accepted).min()
    }

    /// Whether Rialto may know what a message says although it did not accept it.
    pub(super) fn may_be_known(&self, place: &Place) -> bool {
        let mut told = self.about(place).iter().filter(|told| told.has_content);
        told.any(|told| told.accepted.is_some() || told.asked_again)
    }
}

/// Of each message that a webhook is about: a text with its channel's id, its id, and whether its
/// content comes along.
fn subjects(side: Side, webhook: &Value) -> Vec<(String, String, bool)> {
    match side {
        Side::Slack => in_slack(webhook),
        Side::Teams => in_teams(webhook),
        Side::Webex => in_webex(webhook),
        Side::Zoom => in_zoom(webhook),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn in_teams(webhook: &Value) -> Vec<(String, String, bool)> {
    let all = webhook["body"]["value"].as_array().into_iter().flatten();
    let one = |it: &Value| Some((text(&it["resource"])?, text(&it["resourceData"]["id"])?, true));
    all.filter_map(one).collect()
}

/// Its content is fetched by the id.
fn in_webex(webhook: &Value) -> Vec<(String, String, bool)> {
    let (body, data) = (&webhook["body"], &webhook["body"]["data"]);
    let has_content = body["event"] != "deleted";
    let subject = text(&data["roomId"]).zip(text(&data["id"]));
    subject.map(|(channel, id)| (channel, id, has_content)).into_iter().collect()
}

fn in_zoom(webhook: &Value) -> Vec<(String, String, bool)> {
    let (event, object) = (&webhook["body"]["event"], &webhook["body"]["payload"]["object"]);
    let says = ["sent", "replied", "posted", "updated"];
    let has_content = event.as_str().is_some_and(|event| says.iter().any(|it| event.ends_with(it)));
    let id = ["message_id", "msg_id", "id"].iter().find_map(|key| text(&object[*key]));
    let subject = text(&object["channel_id"]).zip(id);
    subject.map(|(channel, id)| (channel, id, has_content)).into_iter().collect()
}

fn in_slack(webhook: &Value) -> Vec<(String, String, bool)> {
    let event = &webhook["body"]["event"];
    let channel = text(&event["channel"]).or_else(|| text(&event["item"]["channel"]));
    let reaction = text(&event["item"]["ts"]).map(|id| (id, false));
    let deleted = text(&event["deleted_ts"]).map(|id| (id, false));
    let changed = text(&event["message"]["ts"]).map(|id| (id, true));
    let said = || text(&event["ts"]).filter(|_| event["type"] == "message").map(|id| (id, true));
    let subject = reaction.or(deleted).or(changed).or_else(said);
    channel
        .zip(subject)
        .map(|(channel, (id, content))| (channel, id, content))
        .into_iter()
        .collect()
}

fn side_of(platform: &Value) -> Result<Side> {
    Side::named(platform.as_str().unwrap_or_default())
}

fn told(webhook: &Value, has_content: bool) -> Option<Told> {
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let (mut accepted, mut asked_again) = (None, false);
    let mut words = Vec::new();
    for attempt in webhook["attempts"].as_array().into_iter().flatten() {
        let status = attempt["status"].as_u64();
        if status.is_some_and(|status| (200..300).contains(&status)) && accepted.is_none() {
            let took = attempt["ms"].as_f64().unwrap_or(0.0);
            accepted = time(&attempt["at"]).and_then(|at| {
                at.checked_add(SignedDuration::from_micros((took * 1e3) as i64)).ok()
            });
        }
        asked_again |= status == Some(503);
        let outcome = match status {
            Some(status) => status.to_string(),
            None => attempt["error"].as_str().unwrap_or("no answer").to_owned(),
        };
        words.push(format!("{} at {}", outcome, attempt["at"].as_str().unwrap_or_default()));
    }
    let faults: Vec<_> =
        webhook["faults"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fate = webhook["state"].as_str().unwrap_or_default().to_owned();
    if !faults.is_empty() {
        fate = format!("{fate} (faults: {})", faults.join(", "));
    }
    if !words.is_empty() {
        fate = format!("{fate}: {}", words.join(", "));
    }
    Some(Told {
        number: webhook["number"].as_u64()?,
        at: time(&webhook["at"])?,
        event: webhook["event"].as_str()?.to_owned(),
        fate,
        accepted,
        asked_again,
        has_content,
    })
}

//! `rialto deliveries` and `rialto retry`.

use clap::{Args, ValueEnum};
use rialto_model::{DeliveryId, DeliveryState, MessageId};
use rialto_relay::admin::{DeliveryDetail, DeliveryQuery, DeliveryView, PlaceView, RetriedAll};
use serde_json::Value;

use super::names;
use crate::{
    client::Client,
    failure::Failure,
    output::{Output, maybe_time, time},
};

/// List deliveries, or show one with the calls made for it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rialto deliveries --state parked\n  rialto deliveries --sync general --limit 200\n  rialto deliveries dlv_0192f0c1a2b37c4d8e5f60718293a4b5"
)]
pub struct Deliveries {
    /// Show this one
    delivery: Option<DeliveryId>,
    /// Only in this state
    #[arg(long)]
    state: Option<State>,
    /// Only of this channel sync (id or name)
    #[arg(long)]
    sync: Option<String>,
    /// Only of this message
    #[arg(long)]
    message: Option<MessageId>,
    /// Only before this place in the order (the last SEQ of the page before)
    #[arg(long)]
    before: Option<i64>,
    /// At most so many, up to 500
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// Try parked deliveries again
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rialto retry dlv_0192f0c1a2b37c4d8e5f60718293a4b5\n  rialto retry --sync general"
)]
#[group(required = true, multiple = false)]
pub struct Retry {
    /// This one
    delivery: Option<DeliveryId>,
    /// All parked ones of this channel sync (id or name)
    #[arg(long)]
    sync: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    Pending,
    Delivered,
    Parked,
    Cancelled,
}

impl Deliveries {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        if let Some(id) = self.delivery {
            return show(out, &client.get(&format!("deliveries/{id}")).await?);
        }
        let query = DeliveryQuery {
            state: self.state.map(|state| match state {
                State::Pending => DeliveryState::Pending,
                State::Delivered => DeliveryState::Delivered,
                State::Parked => DeliveryState::Parked,
                State::Cancelled => DeliveryState::Cancelled,
            }),
            channel_sync: match &self.sync {
                Some(sync) => Some(names::channel_sync(client, sync).await?.id),
                None => None,
            },
            message: self.message,
            before: self.before,
            limit: Some(self.limit),
        };
        let path = format!("deliveries?{}", encoded(&query));
        let deliveries: Vec<DeliveryView> = client.get(&path).await?;
        if out.json(&deliveries)? {
            return Ok(());
        }
        let rows = deliveries
            .iter()
            .map(|it| {
                [
                    it.seq.to_string(),
                    it.id.to_string(),
                    word(&it.kind),
                    format!("{} → {}", place(&it.from), place(&it.to)),
                    word(&it.state),
                    time(it.created_at),
                    it.reason.clone().unwrap_or_default(),
                ]
            })
            .collect();
        let header = ["SEQ", "DELIVERY", "KIND", "WAY", "STATE", "PLANNED", "REASON"];
        out.table(header, rows, "there is none")?;
        if let Some(last) = deliveries.last().filter(|_| deliveries.len() == self.limit as usize) {
            out.note(format!("There may be more: add `--before {}`", last.seq));
        }
        Ok(())
    }
}

impl Retry {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        if let Some(id) = self.delivery {
            let delivery: DeliveryView = client.post(&format!("deliveries/{id}/retry")).await?;
            if !out.json(&delivery)? {
                out.line(format!("{id} waits for its turn again"))?;
            }
            return Ok(());
        }
        let Some(sync) = &self.sync else { return Ok(()) };
        let sync = names::channel_sync(client, sync).await?;
        let result: RetriedAll = client.post(&format!("channel-syncs/{}/retry", sync.id)).await?;
        if out.json(&result)? {
            return Ok(());
        }
        out.line(format!("{} parked deliveries of `{}` wait again", result.retried, sync.name))?;
        if result.erased > 0 {
            out.line(format!(
                "{} cannot be tried again: their content was kept for its time and is erased",
                result.erased
            ))?;
        }
        Ok(())
    }
}

fn show(out: Output, detail: &DeliveryDetail) -> Result<(), Failure> {
    if out.json(detail)? {
        return Ok(());
    }
    let it = &detail.delivery;
    let mut rows = vec![
        ["delivery".into(), it.id.to_string()],
        ["message".into(), it.message.to_string()],
        ["kind".into(), word(&it.kind)],
        ["from".into(), format!("{} ({})", place(&it.from), it.from.conversation)],
        ["to".into(), format!("{} ({})", place(&it.to), it.to.conversation)],
        ["state".into(), word(&it.state)],
        ["happened".into(), time(it.happened_at)],
        ["planned".into(), time(it.created_at)],
        ["settled".into(), maybe_time(it.settled_at)],
    ];
    rows.extend(it.reason.clone().map(|reason| ["reason".into(), reason]));
    out.table(["", ""], rows, "")?;
    out.line("\nCALLS")?;
    let calls = detail
        .attempts
        .iter()
        .map(|it| [time(it.at), word(&it.outcome), it.detail.clone()])
        .collect();
    out.table(["WHEN", "OUTCOME", "DETAIL"], calls, "none was made yet")
}

fn place(place: &PlaceView) -> String {
    let name = place.name.as_deref().unwrap_or(place.conversation.as_str());
    if place.platform.is_empty() { name.into() } else { format!("{}:{name}", place.platform) }
}

/// A closed word of the model as the API writes it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}

fn encoded(query: &DeliveryQuery) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    if let Ok(Value::Object(fields)) = serde_json::to_value(query) {
        for (name, value) in fields {
            match value {
                Value::String(text) => pairs.append_pair(&name, &text),
                other => pairs.append_pair(&name, &other.to_string()),
            };
        }
    }
    pairs.finish()
}

//! `conversations.history` and `.replies`: reading messages, page by page.

use std::ops::Bound;

use serde_json::{Value, json};

use super::{Call, pages};
use crate::slack::error::{Answer, Fail};
use crate::slack::json;
use crate::slack::scopes::Act;
use crate::slack::ts::Ts;
use crate::slack::world::{Channel, Kind, Message};

const DEFAULT: usize = 100;
const MOST: usize = 999;

/// The times between which messages are asked for.
fn range(call: &Call<'_>) -> Result<(Bound<Ts>, Bound<Ts>), Fail> {
    let inclusive = call.args.flag("inclusive");
    let bound = |ts: Option<Ts>| match ts {
        None => Bound::Unbounded,
        Some(ts) if inclusive => Bound::Included(ts),
        Some(ts) => Bound::Excluded(ts),
    };
    let oldest = call.args.ts("oldest", "invalid_ts_oldest")?;
    let latest = call.args.ts("latest", "invalid_ts_latest")?;
    Ok((bound(oldest), bound(latest)))
}

/// A tree's range panics on bounds that cross; an empty one does not.
fn is_empty(low: Bound<Ts>, high: Bound<Ts>) -> bool {
    match (low, high) {
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high))
        | (Bound::Excluded(low), Bound::Included(high)) => low >= high,
        _ => false,
    }
}

fn readable<'a>(call: &'a Call<'_>) -> Result<&'a Channel, Fail> {
    let channel = call.channel(Some(Act::History))?;
    // A bot reads only where it is; a person reads every public channel.
    if !channel.members.contains(&call.who.user)
        && (call.who.bot.is_some() || channel.kind != Kind::Public)
    {
        return Err("not_in_channel".into());
    }
    Ok(channel)
}

fn shown(call: &Call<'_>, channel: &Channel, messages: &[&Message]) -> Result<Vec<Value>, Fail> {
    let metadata = call.args.flag("include_all_metadata");
    let workspace = call.workspace()?;
    Ok(messages
        .iter()
        .map(|m| json::message(&call.stage.state, workspace, &channel.id, m, metadata))
        .collect())
}

pub(super) fn history(call: &mut Call<'_>) -> Answer {
    let page = pages::read(&call.args, "next_ts", DEFAULT, usize::MAX)?;
    let page = pages::Page { limit: page.limit.min(MOST), ..page };
    let (low, mut high) = range(call)?;
    if let Some(from) = &page.from {
        high = Bound::Included(from.parse().map_err(|()| Fail::new("invalid_cursor"))?);
    }
    let channel = readable(call)?;
    let (messages, next) = if is_empty(low, high) {
        (Vec::new(), String::new())
    } else {
        let newest_first = channel.messages.range((low, high)).rev().map(|(_, message)| message);
        let in_channel = newest_first.filter(|m| !m.is_reply() || m.broadcast);
        pages::take(in_channel, &page, "next_ts", |message| message.ts.to_string())
    };
    let mut answer = json!({
        "messages": shown(call, channel, &messages)?, "has_more": !next.is_empty(),
        "pin_count": channel.pins.len(), "channel_actions_ts": null, "channel_actions_count": 0,
    });
    if let Some(latest) = call.args.text("latest") {
        answer["latest"] = latest.into();
    }
    if !next.is_empty() {
        answer["response_metadata"] = json!({"next_cursor": next});
    }
    Ok(answer)
}

/// The root comes first on every page, as on Slack; then the replies, oldest first.
pub(super) fn replies(call: &mut Call<'_>) -> Answer {
    let page = pages::read(&call.args, "next_ts", 1000, usize::MAX)?;
    let page = pages::Page { limit: page.limit.min(1000), ..page };
    let root: Ts = call.args.need("ts")?.parse().map_err(|()| Fail::new("thread_not_found"))?;
    let (mut low, high) = range(call)?;
    if let Some(from) = &page.from {
        low = Bound::Included(from.parse().map_err(|()| Fail::new("invalid_cursor"))?);
    }
    let channel = readable(call)?;
    let parent = channel.messages.get(&root).ok_or("thread_not_found")?;
    let (replies, next) = if is_empty(low, high) {
        (Vec::new(), String::new())
    } else {
        let replies = parent.replies.range((low, high)).filter_map(|ts| channel.messages.get(ts));
        pages::take(replies, &page, "next_ts", |message| message.ts.to_string())
    };
    let mut messages = vec![parent];
    messages.extend(replies);
    let mut answer =
        json!({"messages": shown(call, channel, &messages)?, "has_more": !next.is_empty()});
    if !next.is_empty() {
        answer["response_metadata"] = json!({"next_cursor": next});
    }
    Ok(answer)
}

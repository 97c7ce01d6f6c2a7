//! Posting, finding again what was posted, and changing it.

use rialto_model::{Begun, Block, DeliveryId, Emoji, Inline, PartKey, RemoteId, RichText, Style};
use rialto_platform::{MessageChange, Post, SendError, UploadedFile, emoji};
use serde::Serialize;
use serde_json::{json, value::RawValue};

use crate::{
    api::{Api, ApiError, Identity},
    files,
    render::{Body, EVENT_TYPE, Says},
    wire::{self, Message},
};

/// How far Slack's clock may be behind ours when posts are looked for.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Makes a post.
pub(crate) async fn post(api: &Api, post: &Post<'_>, begun: &Begun) -> Result<RemoteId, SendError> {
    let mut body = body(post.part.body.as_str())?;
    if matches!(post.part.key, PartKey::Files(_)) {
        body.says = Says::new(&about_files(&body.username, post.files));
        if post.files.iter().any(|file| file.outcome.is_ok()) {
            // Few posts are of files: the others need not have room for what it takes.
            return Box::pin(files::share(api, post, &body.says)).await;
        }
    }
    post_text(api, post, &body, begun).await
}

/// What `chat.postMessage` takes.
#[derive(Serialize)]
struct PostMessage<'a> {
    channel: &'a RemoteId,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<&'a RawValue>,
    mrkdwn: bool,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_url: Option<&'a str>,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a RemoteId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_broadcast: Option<bool>,
}

/// By which it is found again.
#[derive(Serialize)]
struct Metadata {
    event_type: &'static str,
    event_payload: Payload,
}

#[derive(Serialize)]
struct Payload {
    delivery: DeliveryId,
    part: i64,
}

async fn post_text(
    api: &Api,
    post: &Post<'_>,
    body: &Body,
    begun: &Begun,
) -> Result<RemoteId, SendError> {
    let event_payload = Payload { delivery: begun.delivery(), part: begun.part().to_i64() };
    let mut call = PostMessage {
        channel: post.to,
        text: &body.says.text,
        blocks: Some(&body.says.blocks),
        mrkdwn: false,
        username: &body.username,
        icon_url: body.icon_url.as_deref(),
        metadata: Metadata { event_type: EVENT_TYPE, event_payload },
        thread_ts: post.thread,
        reply_broadcast: (body.broadcast && post.thread.is_some()).then_some(true),
    };
    let answer = match api.json("chat.postMessage", &call).await {
        Err(error) if refuses_blocks(&error) => {
            tracing::warn!("Slack refused the blocks of a post; it goes as text");
            call.blocks = None;
            api.json("chat.postMessage", &call).await?
        }
        result => result?,
    };
    answer
        .ts
        .map(RemoteId::from)
        .ok_or_else(|| SendError::Unknown("Slack's answer does not name the message".into()))
}

/// Whether Slack does not take these blocks, so that nothing was posted: the text alone still says
/// everything.
fn refuses_blocks(error: &ApiError) -> bool {
    ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"].iter().any(|c| error.is(c))
}

/// What goes along with files: who sends them, for an upload cannot carry another name, and which
/// did not come.
fn about_files(name: &str, files: &[UploadedFile<'_>]) -> RichText {
    let bold = Style { bold: true, ..Style::PLAIN };
    let mut blocks = Vec::new();
    if files.iter().any(|file| file.outcome.is_ok()) {
        blocks.push(Block::Paragraph(vec![Inline::styled(name, bold)]));
    }
    for file in files {
        if let Err(why) = file.outcome {
            let size = file.attachment.size.map(|size| format!(" ({})", bytes(size)));
            blocks.push(Block::Paragraph(vec![
                Inline::styled(file.attachment.name.as_str(), bold),
                Inline::text(format!("{} is not here: {why}", size.unwrap_or_default())),
            ]));
        }
    }
    RichText { blocks }
}

/// A size for people.
fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{} kB", size.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", size.div_ceil(1_000_000)),
        _ => format!("{} GB", size.div_ceil(1_000_000_000)),
    }
}

/// Posts that may be this one: those that carry its delivery and part, and those that show its
/// files.
pub(crate) async fn find_sent(
    api: &Api,
    own: &Identity,
    post: &Post<'_>,
    begun: &Begun,
) -> Result<Vec<RemoteId>, SendError> {
    let oldest = wire::ts_of(begun.at().checked_sub(SKEW).unwrap_or(begun.at()));
    let thread = post.thread.map(RemoteId::as_str);
    let messages = match api.messages(post.to.as_str(), thread, &oldest).await {
        // Then it was said outside of the thread, if at all.
        Err(error) if error.is("thread_not_found") => {
            api.messages(post.to.as_str(), None, &oldest).await?
        }
        messages => messages?,
    };
    let is_it =
        |message: &&Message| carries(message, begun) || files::shows(message, own, post.files);
    let oldest = wire::micros(&oldest);
    let mut found: Vec<String> = messages
        .iter()
        .filter(is_it)
        .filter_map(|message| message.ts.clone())
        // A thread's root comes along whatever its age.
        .filter(|ts| wire::micros(ts) >= oldest)
        .collect();
    if found.is_empty() {
        found.extend(files::shared_at(api, post).await?);
    }
    found.sort_by_key(|ts| wire::micros(ts));
    found.dedup();
    Ok(found.into_iter().map(RemoteId::from).collect())
}

fn carries(message: &Message, begun: &Begun) -> bool {
    message.metadata.as_ref().is_some_and(|metadata| {
        metadata.event_type == EVENT_TYPE
            && metadata.event_payload["delivery"] == json!(begun.delivery())
            && metadata.event_payload["part"] == json!(begun.part().to_i64())
    })
}

/// Changes something we posted.
pub(crate) async fn change(
    api: &Api,
    to: &RemoteId,
    change: &MessageChange<'_>,
) -> Result<(), SendError> {
    let at = |message: &RemoteId, time: &'static str| {
        vec![("channel", to.to_string()), (time, message.to_string())]
    };
    let (method, params, done) = match change {
        MessageChange::Edit { message, part, .. } => return edit(api, to, message, part).await,
        MessageChange::Delete { message, .. } => {
            ("chat.delete", at(message, "ts"), "message_not_found")
        }
        MessageChange::React { message, emoji, .. } => {
            let mut params = at(message, "timestamp");
            params.push(("name", name(emoji)?));
            ("reactions.add", params, "already_reacted")
        }
        MessageChange::Unreact { message, emoji, .. } => {
            let mut params = at(message, "timestamp");
            params.push(("name", name(emoji)?));
            ("reactions.remove", params, "no_reaction")
        }
    };
    match api.form(method, &params).await {
        // As it shall be already.
        Err(error) if error.is(done) => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// Slack keeps the name and picture that a message was posted with, and its files.
async fn edit(
    api: &Api,
    to: &RemoteId,
    message: &RemoteId,
    part: &rialto_platform::Part,
) -> Result<(), SendError> {
    let body = body(&part.body)?;
    let mut call = json!({
        "channel": to,
        "ts": message,
        "text": body.says.text,
        "blocks": body.says.blocks,
    });
    match api.json("chat.update", &call).await {
        Err(error) if refuses_blocks(&error) => {
            tracing::warn!("Slack refused the blocks of an edited post; it goes as text");
            // Without an empty list the old blocks would stay.
            call["blocks"] = json!([]);
            api.json("chat.update", &call).await?;
        }
        result => drop(result?),
    }
    Ok(())
}

fn name(emoji: &Emoji) -> Result<String, SendError> {
    match emoji {
        Emoji::Unicode(text) => emoji::name_of(text)
            .ok_or_else(|| SendError::Permanent("Slack has no name for this emoji".into())),
        Emoji::Custom(name) => Ok(name.clone()),
    }
}

fn body(text: &str) -> Result<Body, SendError> {
    serde_json::from_str(text)
        .map_err(|_| SendError::Permanent("the part was not rendered for Slack".into()))
}

//! `chat.*`: posting, changing, deleting.

use serde_json::{Value, json};

use super::{Call, done};
use crate::slack::error::{Answer, Fail};
use crate::slack::json;
use crate::slack::markup::{markdown, mrkdwn};
use crate::slack::ts::Ts;
use crate::slack::world::{Channel, Kind, Message};

/// Text above this is cut (since August 2018).
const TEXT_LIMIT: usize = 40_000;
const BLOCK_LIMIT: usize = 50;
const ATTACHMENT_LIMIT: usize = 100;
const MARKDOWN_LIMIT: usize = 12_000;
/// `chat.update` refuses instead of cutting.
const UPDATE_LIMIT: usize = 40_000;

/// What a caller wants a message to be.
struct Content {
    text: Option<String>,
    blocks: Option<Value>,
    attachments: Option<Value>,
}

impl Call<'_> {
    fn content(&mut self) -> Result<Content, Fail> {
        let blocks = self.args.json("blocks", "invalid_blocks_format")?;
        if let Some(blocks) = &blocks {
            check_blocks(blocks)?;
        }
        let attachments = self.args.json("attachments", "invalid_attachments")?;
        let attachments = attachments.map(check_attachments).transpose()?;
        let mut text = self.args.text("text");
        if let Some(given) = self.args.text("markdown_text") {
            if text.is_some() || blocks.is_some() {
                return Err("markdown_text_conflict".into());
            }
            if given.chars().count() > MARKDOWN_LIMIT {
                return Err("msg_too_long".into());
            }
            text = Some(markdown::to_mrkdwn(&given));
        } else if let Some(given) = &text {
            text = Some(mrkdwn::store(given));
        }
        Ok(Content { text, blocks, attachments })
    }

    fn shorten(&mut self, text: &mut String) {
        if let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) {
            text.truncate(end);
            self.warnings.push("message_truncated");
            self.messages.push(
                "[WARN] Your message was truncated but still posted. The `text` field accepts up to 40,000 characters.",
            );
        }
    }

    /// The conversation to post in: a channel the caller is in, or a person (their direct message with the app).
    fn target(&mut self) -> Result<String, Fail> {
        let given = self.args.need("channel")?;
        let workspace = self.workspace()?;
        if let Some(user) = workspace.users.get(&given) {
            if user.deleted || user.id == self.who.user {
                return Err("channel_not_found".into());
            }
            let pair = vec![self.who.user.clone(), given];
            return self.stage.open(&self.who.team.clone(), pair);
        }
        let channel = self.known(&given, None)?;
        writable(channel, &self.who.user, self.has_scope("chat:write.public"))?;
        Ok(channel.id.clone())
    }

    /// A message by the caller, without content.
    fn draft(&self) -> Result<Message, Fail> {
        let workspace = self.workspace()?;
        let install = workspace.installs.get(&self.who.app).ok_or("account_inactive")?;
        let mut draft = Message {
            user: Some(self.who.user.clone()),
            bot_id: Some(install.bot_id.clone()),
            app_id: Some(self.who.app.clone()),
            ..Message::default()
        };
        let name = self.args.text("username");
        let (url, emoji) = (self.args.text("icon_url"), self.args.text("icon_emoji"));
        if name.is_some() || url.is_some() || emoji.is_some() {
            crate::slack::scopes::require(&self.who.scopes, &["chat:write.customize"])?;
            let bot = workspace.bots.get(&install.bot_id).map_or("", |bot| &bot.name);
            draft.username = Some(name.unwrap_or_else(|| bot.to_owned()));
            draft.icon_url = url;
            draft.icon_emoji = emoji;
            draft.subtype = Some("bot_message");
            draft.user = None;
        }
        Ok(draft)
    }

    fn metadata(&self) -> Result<Option<Value>, Fail> {
        let Some(value) = self.args.json("metadata", "invalid_metadata_format")? else {
            return Ok(None);
        };
        if !value["event_type"].is_string() || !value["event_payload"].is_object() {
            return Err("invalid_metadata_schema".into());
        }
        Ok(Some(value))
    }
}

/// # Errors
/// Slack's refusals to post in a conversation.
pub(super) fn writable(channel: &Channel, user: &str, public: bool) -> Result<(), Fail> {
    if channel.archived {
        return Err("is_archived".into());
    }
    let open = public && channel.kind == Kind::Public;
    if !open && !channel.members.contains(user) {
        return Err("not_in_channel".into());
    }
    Ok(())
}

fn check_blocks(blocks: &Value) -> Result<(), Fail> {
    let Some(list) = blocks.as_array() else { return Err("invalid_blocks_format".into()) };
    let invalid = |at: usize, what: &str| {
        let message = format!("[ERROR] {what} [json-pointer:/blocks/{at}]");
        Err(Fail::new("invalid_blocks").messages(&[message]))
    };
    if list.len() > BLOCK_LIMIT {
        let message =
            format!("[ERROR] no more than {BLOCK_LIMIT} items allowed [json-pointer:/blocks]");
        return Err(Fail::new("invalid_blocks").messages(&[message]));
    }
    for (at, block) in list.iter().enumerate() {
        let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
        match block["type"].as_str() {
            Some("section") => {
                if !block["text"].is_object()
                    && !block["fields"].is_array()
                    && !block["expand"].is_boolean()
                {
                    return invalid(at, "missing required field: text");
                }
                if block["text"].is_object()
                    && block["text"]["text"].as_str().is_none_or(str::is_empty)
                {
                    return invalid(at, "must be more than 0 characters");
                }
                if length(&block["text"]["text"]) > 3000 {
                    return invalid(at, "must be less than 3001 characters");
                }
            }
            Some("header") => {
                if block["text"]["type"] != "plain_text" || length(&block["text"]["text"]) > 150 {
                    return invalid(at, "must be less than 151 characters of plain_text");
                }
            }
            Some("rich_text" | "actions" | "context") => {
                if !block["elements"].is_array() {
                    return invalid(at, "missing required field: elements");
                }
            }
            Some("image") => {
                if !block["alt_text"].is_string() {
                    return invalid(at, "missing required field: alt_text");
                }
            }
            Some(
                "divider" | "input" | "file" | "video" | "markdown" | "context_actions" | "table",
            ) => {}
            _ => return invalid(at, "unsupported type"),
        }
    }
    Ok(())
}

/// Gives the attachments their ids.
fn check_attachments(mut attachments: Value) -> Result<Value, Fail> {
    let Some(list) = attachments.as_array_mut() else { return Err("invalid_attachments".into()) };
    if list.len() > ATTACHMENT_LIMIT {
        return Err("too_many_attachments".into());
    }
    for (attachment, id) in list.iter_mut().zip(1..) {
        let Some(map) = attachment.as_object_mut() else {
            return Err("invalid_attachments".into());
        };
        if let Some(text) = map.get("text").and_then(Value::as_str).map(mrkdwn::store) {
            map.insert("text".to_owned(), text.into());
        }
        map.insert("id".to_owned(), id.into());
        map.entry("fallback").or_insert_with(|| "[no preview available]".into());
    }
    Ok(attachments)
}

/// Slack names every block.
pub(super) fn name_blocks(call: &Call<'_>, blocks: &mut Value) {
    for block in blocks.as_array_mut().into_iter().flatten() {
        if let Some(map) = block.as_object_mut()
            && !map.contains_key("block_id")
        {
            map.insert("block_id".to_owned(), call.stage.core.ids.alnum(5).into());
        }
    }
}

impl Call<'_> {
    fn fill(&mut self, draft: &mut Message, content: Content) -> Result<(), Fail> {
        let empty = |value: &Option<Value>| {
            value.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty)
        };
        if content.text.as_ref().is_none_or(|text| text.trim().is_empty())
            && empty(&content.blocks)
            && empty(&content.attachments)
        {
            return Err("no_text".into());
        }
        draft.text = match content.text {
            Some(text) => text,
            // What Slack shows where blocks cannot be shown.
            None if content.blocks.is_some() => "This content can't be displayed.".to_owned(),
            None => String::new(),
        };
        let mut text = std::mem::take(&mut draft.text);
        self.shorten(&mut text);
        draft.text = text;
        draft.blocks =
            content.blocks.filter(|blocks| blocks.as_array().is_some_and(|b| !b.is_empty()));
        if let Some(blocks) = &mut draft.blocks {
            name_blocks(self, blocks);
        }
        draft.attachments =
            content.attachments.filter(|list| list.as_array().is_some_and(|a| !a.is_empty()));
        Ok(())
    }

    /// The message as the answer shows it.
    fn shown(&self, channel: &str, ts: Ts) -> Result<Value, Fail> {
        let message = self.stage.message(&self.who.team, channel, ts)?;
        Ok(json::message(&self.stage.state, self.workspace()?, channel, message, true))
    }
}

pub(super) fn post_message(call: &mut Call<'_>) -> Answer {
    let content = call.content()?;
    let mut draft = call.draft()?;
    draft.metadata = call.metadata()?;
    draft.thread = call.args.ts("thread_ts", "invalid_thread_ts")?;
    draft.broadcast = draft.thread.is_some() && call.args.flag("reply_broadcast");
    call.fill(&mut draft, content)?;
    let channel = call.target()?;
    let ts = call.stage.post(&call.who.team.clone(), &channel, draft)?;
    let message = call.shown(&channel, ts)?;
    Ok(json!({"channel": channel, "ts": ts.to_string(), "message": message}))
}

pub(super) fn me_message(call: &mut Call<'_>) -> Answer {
    let mut draft = call.draft()?;
    draft.text = mrkdwn::store(&call.args.text("text").ok_or("no_text")?);
    draft.subtype = Some("me_message");
    let channel = call.target()?;
    let ts = call.stage.post(&call.who.team.clone(), &channel, draft)?;
    Ok(json!({"channel": channel, "ts": ts.to_string()}))
}

pub(super) fn post_ephemeral(call: &mut Call<'_>) -> Answer {
    let content = call.content()?;
    let user = call.args.need("user")?;
    let mut draft = call.draft()?;
    call.fill(&mut draft, content)?;
    let channel = call.target()?;
    let team = call.who.team.clone();
    if !call.stage.channel(&team, &channel)?.members.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    draft.thread = call.args.ts("thread_ts", "invalid_thread_ts")?;
    draft.ts = call.stage.fresh_ts(&team)?;
    let ts = draft.ts;
    call.stage.channel_mut(&team, &channel)?.ephemeral.push((user, draft));
    Ok(json!({"message_ts": ts.to_string()}))
}

/// The message that `channel` and `ts` name, if the caller may change it.
fn own(call: &Call<'_>, refusal: &'static str) -> Result<(String, Ts), Fail> {
    let channel = call.channel(None)?;
    let ts = call.args.need("ts")?.parse().map_err(|()| Fail::new("message_not_found"))?;
    let message = channel.messages.get(&ts).ok_or("message_not_found")?;
    if message.tombstone {
        return Err("message_not_found".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let system = message.subtype.is_some_and(|subtype| {
        !matches!(subtype, "bot_message" | "thread_broadcast" | "file_share" | "me_message")
    });
    let mine = match &call.who.bot {
        Some(bot) => {
            // Posts under a person's token carry the app's bot_id too, but are the person's.
            message.bot_id.as_ref() == Some(bot)
                && message.user.as_ref().is_none_or(|user| *user == call.who.user)
        }
        None => message.user.as_ref() == Some(&call.who.user),
    };
    if system || !mine {
        return Err(refusal.into());
    }
    Ok((channel.id.clone(), ts))
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let content = call.content()?;
    let (channel, ts) = own(call, "cant_update_message")?;
    let team = call.who.team.clone();
    if content.text.is_none() && content.blocks.is_none() && content.attachments.is_none() {
        return Err("no_text".into());
    }
    if content.text.as_ref().is_some_and(|text| text.chars().count() > UPDATE_LIMIT) {
        return Err("msg_too_long".into());
    }
    if let Some(window) = call.workspace()?.edit_window
        && call.stage.seconds().saturating_sub(ts.seconds()) > window
    {
        return Err("edit_window_closed".into());
    }
    let metadata = call.metadata()?;
    let mut blocks = content.blocks;
    if let Some(blocks) = &mut blocks {
        name_blocks(call, blocks);
    }
    let by = call.who.user.clone();
    let some = |value: Value| value.as_array().is_some_and(|a| !a.is_empty()).then_some(value);
    call.stage.change(&team, &channel, ts, Some(&by), |message| {
        if let Some(text) = content.text {
            message.text = text;
        }
        // What is left out is kept; an empty list removes.
        if let Some(blocks) = blocks {
            message.blocks = some(blocks);
        }
        if let Some(attachments) = content.attachments {
            message.attachments = some(attachments);
        }
        if metadata.is_some() {
            message.metadata = metadata;
        }
    })?;
    let message = call.shown(&channel, ts)?;
    let text = message["text"].clone();
    Ok(json!({"channel": channel, "ts": ts.to_string(), "text": text, "message": message}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let (channel, ts) = own(call, "cant_delete_message")?;
    call.stage.delete(&call.who.team.clone(), &channel, ts)?;
    let mut answer = done()?;
    answer["channel"] = channel.into();
    answer["ts"] = ts.to_string().into();
    Ok(answer)
}

pub(super) fn permalink(call: &mut Call<'_>) -> Answer {
    let channel = call.channel(None)?;
    let ts: Ts =
        call.args.need("message_ts")?.parse().map_err(|()| Fail::new("message_not_found"))?;
    let message = channel.messages.get(&ts).ok_or("message_not_found")?;
    let domain = &call.workspace()?.domain;
    let mut link = format!("https://{domain}.slack.com/archives/{}/p{}", channel.id, ts.0);
    if let Some(root) = message.thread.filter(|root| *root != ts) {
        link.push_str(&format!("?thread_ts={root}&cid={}", channel.id));
    }
    Ok(json!({"channel": channel.id, "permalink": link}))
}

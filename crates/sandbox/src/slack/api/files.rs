//! `files.*`: begin an upload, complete it, look at files.

use serde_json::{Value, json};

use super::{Call, done};
use crate::slack::error::{Answer, Fail};
use crate::slack::files::{Share, share_later};
use crate::slack::json;
use crate::slack::markup::mrkdwn;
use crate::slack::world::{File, Message, Upload};

/// Gone since November 2025.
pub(super) fn upload(_: &mut Call<'_>) -> Answer {
    Err("method_deprecated".into())
}

pub(super) fn begin(call: &mut Call<'_>) -> Answer {
    let name = call.args.need("filename")?;
    let length = call.args.number("length")?.ok_or_else(|| Fail::missing("length"))?;
    if length == 0 {
        return Err(Fail::arguments("[ERROR] must be more than 0 [json-pointer:/length]".into()));
    }
    let ids = &call.stage.core.ids;
    let (file, secret) = (format!("F{}", ids.upper(10)), ids.alnum(40));
    let upload = Upload {
        team: call.who.team.clone(),
        file: file.clone(),
        user: call.who.user.clone(),
        name,
        length,
        content: None,
        completed: false,
    };
    call.stage.state.uploads.insert(secret.clone(), upload);
    let url = format!("{}/upload/v1/{secret}", call.stage.state.base);
    Ok(json!({"upload_url": url, "file_id": file}))
}

/// Answers at once; the files appear in the conversation a moment later.
pub(super) fn complete(call: &mut Call<'_>) -> Answer {
    let given =
        call.args.json("files", "invalid_arguments")?.ok_or_else(|| Fail::missing("files"))?;
    let given = given.as_array().cloned().ok_or_else(|| Fail::new("invalid_arguments"))?;
    let mut targets = call.args.list("channels");
    targets.extend(call.args.text("channel_id"));
    let mut channels = Vec::new();
    for target in targets {
        let channel = call.known(&target, None)?;
        super::chat::writable(channel, &call.who.user, false)?;
        channels.push(channel.id.clone());
    }
    let thread = call.args.ts("thread_ts", "invalid_thread_ts")?;
    let mut blocks = call.args.json("blocks", "invalid_blocks_format")?;
    if let Some(blocks) = &mut blocks {
        super::chat::name_blocks(call, blocks);
    }
    let text = call.args.text("initial_comment").map(|text| mrkdwn::store(&text));
    // Everything is looked at before anything is done.
    let mut secrets = Vec::new();
    for file in &given {
        let id = file["id"].as_str().ok_or_else(|| Fail::missing("files/id"))?;
        let upload = call.stage.state.uploads.iter().find(|(_, upload)| {
            upload.file == id && upload.team == call.who.team && upload.user == call.who.user
        });
        let (secret, upload) = upload.ok_or("file_not_found")?;
        if upload.content.is_none() || upload.completed {
            return Err("file_not_found".into());
        }
        secrets.push((secret.clone(), file["title"].as_str().map(str::to_owned)));
    }
    let created = call.stage.seconds();
    let team = call.who.team.clone();
    let mut answer = Vec::new();
    let mut ids = Vec::new();
    for (secret, title) in secrets {
        let Some(upload) = call.stage.state.uploads.get_mut(&secret) else { continue };
        let Some(content) = upload.content.clone() else { continue };
        upload.completed = true;
        let (id, name) = (upload.file.clone(), upload.name.clone());
        let file = File {
            id: id.clone(),
            title: title.unwrap_or_else(|| name.clone()),
            mime: crate::core::files::mime_of(&name).to_owned(),
            name,
            user: call.who.user.clone(),
            bot: call.who.bot.is_some(),
            created,
            content,
            shares: Vec::new(),
            deleted: false,
        };
        answer.push(json!({"id": id, "title": file.title}));
        ids.push(id.clone());
        call.stage.workspace_mut(&team)?.files.insert(id, file);
    }
    let install = call.workspace()?.installs.get(&call.who.app).ok_or("account_inactive")?;
    let draft = Message {
        user: Some(call.who.user.clone()),
        bot_id: call.who.bot.is_some().then(|| install.bot_id.clone()),
        app_id: Some(call.who.app.clone()),
        subtype: Some("file_share"),
        text: text.unwrap_or_default(),
        blocks,
        thread,
        files: ids,
        ..Message::default()
    };
    for channel in channels {
        let share = Share { team: team.clone(), channel, draft: draft.clone() };
        share_later(call.stage.slack, share);
    }
    Ok(json!({"files": answer}))
}

/// A file that is there and that the caller may see: their own, or shared where they are.
fn visible<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a File, Fail> {
    let workspace = call.workspace()?;
    let file = workspace.files.get(id).ok_or("file_not_found")?;
    if file.deleted {
        return Err("file_deleted".into());
    }
    if !crate::slack::files::may_see(workspace, file, &call.who.user) {
        return Err("file_not_found".into());
    }
    Ok(file)
}

pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let id = call.args.text("file").ok_or("file_not_found")?;
    let file = visible(call, &id)?;
    let shown = json::file(&call.stage.state, call.workspace()?, file);
    Ok(json!({"file": shown, "comments": [], "response_metadata": {"next_cursor": ""}}))
}

/// Paged by number, as this old method still is.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let count =
        usize::try_from(call.args.number("count")?.unwrap_or(100).clamp(1, 1000)).unwrap_or(100);
    let page = usize::try_from(call.args.number("page")?.unwrap_or(1).max(1)).unwrap_or(1);
    let (channel, user) = (call.args.text("channel"), call.args.text("user"));
    let workspace = call.workspace()?;
    if user.as_ref().is_some_and(|user| !workspace.users.contains_key(user)) {
        return Err("user_not_found".into());
    }
    let mut files: Vec<&File> = workspace
        .files
        .values()
        .filter(|file| !file.deleted)
        .filter(|file| crate::slack::files::may_see(workspace, file, &call.who.user))
        .filter(|file| channel.as_ref().is_none_or(|id| file.shares.iter().any(|(c, _)| c == id)))
        .filter(|file| user.as_ref().is_none_or(|user| file.user == *user))
        .collect();
    files.sort_by_key(|file| std::cmp::Reverse((file.created, file.id.clone())));
    let total = files.len();
    let shown: Vec<Value> = files
        .iter()
        .skip(count.saturating_mul(page - 1))
        .take(count)
        .map(|file| json::file(&call.stage.state, workspace, file))
        .collect();
    Ok(json!({"files": shown, "paging":
        {"count": count, "total": total, "page": page, "pages": total.div_ceil(count)}}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.args.text("file").ok_or("file_not_found")?;
    if visible(call, &id)?.user != call.who.user {
        return Err("cant_delete_file".into());
    }
    let team = call.who.team.clone();
    if let Some(file) = call.stage.workspace_mut(&team)?.files.get_mut(&id) {
        file.deleted = true;
    }
    let event_ts = call.stage.fresh_ts(&team)?.to_string();
    let event = json!({"type": "file_deleted", "file_id": id, "event_ts": event_ts});
    call.stage.tell(&team, None, &event);
    done()
}

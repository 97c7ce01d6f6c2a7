//! A person presses a button: `block_actions` to the app, and what comes back by `response_url`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Deed, Done, invalid};
use crate::core::ControlError;
use crate::core::webhooks::{Outcome, Webhook};
use crate::slack::Slack;
use crate::slack::delivery::Signed;
use crate::slack::events::PATIENCE;
use crate::slack::json;
use crate::slack::markup::mrkdwn;
use crate::slack::ts::Ts;
use crate::slack::world::{Interaction, Message};

/// A `response_url` takes 5 posts within 30 minutes.
const USES: u32 = 5;
const LIFE: Duration = Duration::from_secs(30 * 60);

/// The element with this `action_id`, wherever it stands in the blocks.
fn find<'a>(blocks: &'a Value, action: &str, block: &mut Option<&'a str>) -> Option<&'a Value> {
    match blocks {
        Value::Array(items) => items.iter().find_map(|item| find(item, action, block)),
        Value::Object(map) => {
            if map.get("action_id").and_then(Value::as_str) == Some(action) {
                return Some(blocks);
            }
            let found = map.values().find_map(|value| find(value, action, block))?;
            if let Some(id) = map.get("block_id").and_then(Value::as_str) {
                *block = Some(id);
            }
            Some(found)
        }
        _ => None,
    }
}

pub(super) async fn press(slack: &Slack, deed: &Deed) -> Done {
    let webhook = prepare(slack, deed)?;
    // Slack does not retry interactions; the person sees a warning when the app does not answer.
    Ok(match slack.core.webhooks.call(webhook).await {
        Outcome::Answered { status, body, .. } => {
            json!({"status": status, "body": String::from_utf8_lossy(&body)})
        }
        Outcome::TimedOut => json!({"status": null, "error": "operation_timeout"}),
        Outcome::Failed(why) => json!({"status": null, "error": why}),
    })
}

fn prepare(slack: &Slack, deed: &Deed) -> Result<Webhook, ControlError> {
    let mut stage = slack.stage();
    let actor = stage.actor(deed)?;
    let channel = stage.place(&actor, deed)?;
    let ts = deed.ts.as_deref().ok_or_else(|| invalid("ts is missing"))?;
    let ts: Ts = ts.parse().map_err(|()| invalid("ts is no timestamp"))?;
    let action = deed.action_id.as_deref().ok_or_else(|| invalid("action_id is missing"))?;
    let conversation = stage.channel(&actor.team, &channel)?;
    let ephemeral = conversation
        .ephemeral
        .iter()
        .find(|(user, message)| *user == actor.user && message.ts == ts)
        .map(|(_, message)| message);
    let message = conversation.messages.get(&ts).or(ephemeral);
    let message = message.ok_or_else(|| ControlError::NotFound("no such message".into()))?;
    let mut block = None;
    let blocks = message.blocks.as_ref().unwrap_or(&Value::Null);
    let element = find(blocks, action, &mut block)
        .or_else(|| find(message.attachments.as_ref().unwrap_or(&Value::Null), action, &mut block))
        .ok_or_else(|| ControlError::NotFound(format!("no button {action}")))?;
    let app_id = message.app_id.clone().unwrap_or_default();
    let app = stage.state.apps.get(&app_id);
    let app = app.ok_or_else(|| ControlError::Refused("the app is not here".into()))?;
    let url = app.interactivity_url.clone();
    let url =
        url.ok_or_else(|| ControlError::Refused("the app has no interactivity URL".into()))?;
    let workspace = stage.workspace(&actor.team)?;
    let user = workspace.users.get(&actor.user);
    let name = user.map_or("", |user| &user.name);
    let ids = &stage.core.ids;
    let secret = format!("{}/{}", ids.digits(12), ids.alnum(24));
    let mut pressed = json!({"action_id": action, "block_id": block, "type": element["type"],
        "text": element["text"], "value": element["value"], "style": element["style"],
        "action_ts": format!("{}.000000", stage.seconds())});
    if let Some(map) = pressed.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    let payload = json!({
        "type": "block_actions", "api_app_id": app_id, "token": app.verification_token,
        "user": {"id": actor.user, "username": name, "name": name, "team_id": actor.team},
        "team": {"id": actor.team, "domain": workspace.domain},
        "channel": {"id": channel, "name": conversation.name},
        "container": {"type": "message", "message_ts": ts.to_string(), "channel_id": channel,
            "is_ephemeral": ephemeral.is_some()},
        "message": json::message(&stage.state, workspace, &channel, message, true),
        "trigger_id": format!("{}.{}.{}", ids.digits(12), ids.digits(12), ids.hex(32)),
        "response_url": format!("{}/actions/{}/{secret}", stage.state.base, actor.team),
        "actions": [pressed], "state": {"values": {}}, "enterprise": null,
        "is_enterprise_install": false,
    });
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    let webhook = Webhook {
        platform: "slack",
        event: "block_actions".to_owned(),
        about: format!("{app_id} {} {channel}", actor.team),
        lane: 0,
        url,
        body: body.into(),
        timeout: PATIENCE,
        policy: Arc::new(Signed::form(&app.signing_secret)),
    };
    let interaction = Interaction {
        team: actor.team,
        app: app_id,
        user: actor.user,
        channel,
        message: ts,
        left: USES,
        expires: stage.now() + LIFE,
    };
    stage.state.interactions.insert(secret, interaction);
    Ok(webhook)
}

/// `POST response_url`: replaces, deletes, or posts; ephemeral unless `response_type` says otherwise.
pub(crate) async fn respond(
    State(slack): State<Arc<Slack>>,
    Path((_, action, secret)): Path<(String, String, String)>,
    body: axum::body::Bytes,
) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    match answer(&slack, &format!("{action}/{secret}"), &body) {
        Ok(()) => Json(json!({"ok": true})).into_response(),
        Err(code) => {
            let error = json!({"ok": false, "error": code});
            (StatusCode::NOT_FOUND, Json(error)).into_response()
        }
    }
}

fn answer(slack: &Slack, secret: &str, body: &Value) -> Result<(), &'static str> {
    let mut stage = slack.stage();
    let now = stage.now();
    let known = stage.state.interactions.get_mut(secret).ok_or("expired_url")?;
    if known.left == 0 {
        return Err("used_url");
    }
    if known.expires <= now {
        return Err("expired_url");
    }
    known.left -= 1;
    let (team, channel, at) = (known.team.clone(), known.channel.clone(), known.message);
    let (app, user) = (known.app.clone(), known.user.clone());
    let ephemeral = stage
        .channel(&team, &channel)
        .is_ok_and(|c| c.ephemeral.iter().any(|(to, m)| *to == user && m.ts == at));
    let code = |fail: crate::slack::error::Fail| fail.code;
    if body["delete_original"] == true {
        if ephemeral {
            let conversation = stage.channel_mut(&team, &channel).map_err(code)?;
            conversation.ephemeral.retain(|(to, m)| !(*to == user && m.ts == at));
            return Ok(());
        }
        return stage.delete(&team, &channel, at).map_err(code);
    }
    let text = body["text"].as_str().map(mrkdwn::store).unwrap_or_default();
    let list = |name: &str| body[name].is_array().then(|| body[name].clone());
    let (blocks, attachments) = (list("blocks"), list("attachments"));
    if body["replace_original"] == true {
        let change = |message: &mut Message| {
            message.text = text;
            message.blocks = blocks;
            message.attachments = attachments;
        };
        if ephemeral {
            let conversation = stage.channel_mut(&team, &channel).map_err(code)?;
            let own = conversation.ephemeral.iter_mut().find(|(to, m)| *to == user && m.ts == at);
            if let Some((_, message)) = own {
                change(message);
            }
            return Ok(());
        }
        return stage.change(&team, &channel, at, Some(&user), change).map_err(code);
    }
    let install = stage.workspace(&team).map_err(code)?.installs.get(&app).ok_or("expired_url")?;
    let mut draft = Message {
        user: install.bot_user.clone(),
        bot_id: Some(install.bot_id.clone()),
        app_id: Some(app),
        text,
        blocks,
        attachments,
        ..Message::default()
    };
    if body["response_type"] == "in_channel" {
        return stage.post(&team, &channel, draft).map(drop).map_err(code);
    }
    draft.ts = stage.fresh_ts(&team).map_err(code)?;
    stage.channel_mut(&team, &channel).map_err(code)?.ephemeral.push((user, draft));
    Ok(())
}

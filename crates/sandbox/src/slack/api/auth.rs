//! Who calls, and with what right: `auth.*`, `oauth.v2.access`, `apps.uninstall`.

use serde_json::{Value, json};

use super::Call;
use crate::slack::error::Answer;

pub(super) fn api_test(call: &mut Call<'_>) -> Answer {
    match call.args.text("error") {
        // The caller may choose any error code; Slack gives it back.
        Some(error) => Ok(json!({"error": error, "args": {"error": error}})),
        None => Ok(json!({"args": {}})),
    }
}

pub(super) fn test(call: &mut Call<'_>) -> Answer {
    let workspace = call.workspace()?;
    let name = workspace.users.get(&call.who.user).map_or("", |user| &user.name);
    let mut answer = json!({
        "url": format!("https://{}.slack.com/", workspace.domain), "team": workspace.name,
        "user": name, "team_id": workspace.id, "user_id": call.who.user,
        "is_enterprise_install": false,
    });
    if let Some(bot) = &call.who.bot {
        answer["bot_id"] = bot.clone().into();
    }
    if let Some(expires) = call.who.expires {
        let left = expires.duration_since(call.stage.now()).as_secs().max(0);
        answer["expires_in"] = left.into();
    }
    Ok(answer)
}

pub(super) fn revoke(call: &mut Call<'_>) -> Answer {
    if call.args.flag("test") {
        return Ok(json!({"revoked": false}));
    }
    let token = call.token.clone().unwrap_or_default();
    call.stage.revoke(&token);
    Ok(json!({"revoked": true}))
}

/// The OAuth token endpoint: a code or a refresh token for an access token.
pub(super) fn access(call: &mut Call<'_>) -> Answer {
    let (id, secret) = match call.basic.clone() {
        Some(pair) => pair,
        None => (
            call.args.text("client_id").unwrap_or_default(),
            call.args.text("client_secret").unwrap_or_default(),
        ),
    };
    let app = call.stage.client(&id, &secret)?;
    match call.args.text("grant_type").as_deref() {
        Some("refresh_token") => {
            let refresh = call.args.text("refresh_token").ok_or("invalid_refresh_token")?;
            call.stage.rotate(&app, &refresh)
        }
        None | Some("authorization_code") => {
            let code = call.args.text("code").ok_or("invalid_code")?;
            let redirect = call.args.text("redirect_uri");
            call.stage.exchange(&app, &code, redirect.as_deref())
        }
        Some(_) => Err("invalid_grant_type".into()),
    }
}

pub(super) fn uninstall(call: &mut Call<'_>) -> Answer {
    let id = call.args.text("client_id").ok_or("bad_client_secret")?;
    let secret = call.args.text("client_secret").ok_or("bad_client_secret")?;
    let app = call.stage.client(&id, &secret)?;
    if app != call.who.app {
        return Err("client_id_token_mismatch".into());
    }
    let team = call.who.team.clone();
    call.stage.uninstall(&team, &app);
    Ok(Value::Object(serde_json::Map::new()))
}

//! `apps.manifest.*` and `tooling.tokens.rotate`: apps made by an app, with a configuration token.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Call, done};
use crate::slack::apps::{apply_manifest, parse_manifest};
use crate::slack::error::{Answer, Fail};
use crate::slack::world::ConfigToken;

/// Configuration tokens live 12 hours.
const LIFE: u64 = 43_200;

/// The workspace whose configuration token the call carries.
fn team(call: &Call<'_>) -> Result<String, Fail> {
    let token = call.token.as_ref().ok_or("not_authed")?;
    let Some(known) = call.stage.state.config_tokens.get(token) else {
        let other = call.stage.state.tokens.contains_key(token);
        return Err(if other { "not_allowed_token_type" } else { "invalid_auth" }.into());
    };
    if known.expires <= call.stage.now() {
        return Err("token_expired".into());
    }
    Ok(known.team.clone())
}

fn given(call: &Call<'_>) -> Result<Value, Fail> {
    let value = call.args.json("manifest", "invalid_manifest")?;
    let value = value.ok_or_else(|| Fail::missing("manifest"))?;
    parse_manifest(&value).map_err(|message| {
        let errors = json!([{"message": message, "pointer": "/display_information/name"}]);
        Fail::new("invalid_manifest").with("errors", errors)
    })
}

fn app(call: &Call<'_>) -> Result<String, Fail> {
    let id = call.args.need("app_id")?;
    if call.stage.state.apps.contains_key(&id) { Ok(id) } else { Err("invalid_app_id".into()) }
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let team = team(call)?;
    let manifest = given(call)?;
    let mut app = call.stage.new_app("");
    apply_manifest(&mut app, manifest);
    let scopes = |set: &std::collections::BTreeSet<String>| {
        set.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    };
    let authorize = format!(
        "{}/oauth/v2/authorize?client_id={}&scope={}&user_scope={}",
        call.stage.state.base,
        app.client_id,
        scopes(&app.bot_scopes),
        scopes(&app.user_scopes)
    );
    let answer = json!({"app_id": app.id, "oauth_authorize_url": authorize, "team_id": team,
        "credentials": {"client_id": app.client_id, "client_secret": app.client_secret,
            "verification_token": app.verification_token, "signing_secret": app.signing_secret}});
    let id = app.id.clone();
    call.stage.state.apps.insert(id.clone(), app);
    verify_soon(call, id);
    Ok(answer)
}

/// The handshake goes on by itself: the call holds the world's lock.
fn verify_soon(call: &Call<'_>, id: String) {
    if let Some(slack) = call.stage.slack.me.upgrade() {
        let busy = call.stage.core.idle.busy();
        tokio::spawn(async move {
            crate::slack::apps::verify(&slack, &id).await;
            drop(busy);
        });
    }
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    team(call)?;
    let id = app(call)?;
    let manifest = given(call)?;
    let mut permissions_updated = false;
    if let Some(app) = call.stage.state.apps.get_mut(&id) {
        let before = (app.bot_scopes.clone(), app.user_scopes.clone());
        apply_manifest(app, manifest);
        permissions_updated = before != (app.bot_scopes.clone(), app.user_scopes.clone());
    }
    verify_soon(call, id.clone());
    Ok(json!({"app_id": id, "permissions_updated": permissions_updated}))
}

pub(super) fn validate(call: &mut Call<'_>) -> Answer {
    team(call)?;
    given(call)?;
    done()
}

pub(super) fn export(call: &mut Call<'_>) -> Answer {
    team(call)?;
    let id = app(call)?;
    Ok(json!({"manifest": call.stage.state.apps.get(&id).map(|app| &app.manifest)}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    team(call)?;
    let id = app(call)?;
    call.stage.remove_app(&id);
    done()
}

pub(super) fn rotate(call: &mut Call<'_>) -> Answer {
    let refresh = call.args.need("refresh_token")?;
    let old = call.stage.state.config_tokens.iter().find(|(_, known)| known.refresh == refresh);
    let (old, known) = old.ok_or("invalid_refresh_token")?;
    let (old, team, user) = (old.clone(), known.team.clone(), known.user.clone());
    call.stage.state.config_tokens.remove(&old);
    let (token, known) = call.stage.new_config_token(&team, &user);
    let now = call.stage.seconds();
    let answer = json!({"token": token, "refresh_token": known.refresh, "team_id": team,
        "user_id": user, "iat": now, "exp": now + LIFE});
    call.stage.state.config_tokens.insert(token, known);
    Ok(answer)
}

impl crate::slack::stage::Stage<'_> {
    /// A configuration token of `user` with its refresh token.
    pub(crate) fn new_config_token(&self, team: &str, user: &str) -> (String, ConfigToken) {
        let ids = &self.core.ids;
        let known = ConfigToken {
            team: team.to_owned(),
            user: user.to_owned(),
            refresh: format!("xoxe-1-{}", ids.alnum(64)),
            expires: self.now() + Duration::from_secs(LIFE),
        };
        (format!("xoxe.xoxp-1-{}", ids.alnum(64)), known)
    }
}

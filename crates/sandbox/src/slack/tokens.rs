//! Tokens: from a code, by rotation, revoked, gone with the app; and installing and uninstalling, which make them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::error::{Answer, Fail};
use super::stage::Stage;
use super::world::{Bot, Install, Refresh, Token, User};

/// Seconds that an access token lives when the app rotates its tokens.
const ROTATING: u64 = 43_200;

impl Token {
    /// Of methods that need no token.
    pub(crate) fn nobody() -> Self {
        Self {
            team: String::new(),
            app: String::new(),
            user: String::new(),
            bot: None,
            scopes: Arc::default(),
            expires: None,
            revoked: false,
        }
    }
}

impl Stage<'_> {
    /// Whose token it is.
    pub(crate) fn authenticate(&self, token: &str) -> Result<Token, Fail> {
        let known = self.state.tokens.get(token).ok_or("invalid_auth")?;
        let installed =
            self.workspace(&known.team).is_ok_and(|w| w.installs.contains_key(&known.app));
        if known.bot.is_some() && !installed {
            return Err("account_inactive".into());
        }
        if known.revoked {
            return Err("token_revoked".into());
        }
        if known.expires.is_some_and(|at| at <= self.now()) {
            return Err("token_expired".into());
        }
        let workspace = self.workspace(&known.team).map_err(|_| Fail::new("account_inactive"))?;
        if !workspace.installs.contains_key(&known.app)
            || workspace.users.get(&known.user).is_none_or(|user| user.deleted)
        {
            return Err("account_inactive".into());
        }
        Ok(known.clone())
    }

    /// The app whose client id and secret these are.
    pub(crate) fn client(&self, id: &str, secret: &str) -> Result<String, Fail> {
        let app = self.state.apps.values().find(|app| app.client_id == id);
        let app = app.ok_or("invalid_client_id")?;
        if app.client_secret == secret {
            Ok(app.id.clone())
        } else {
            Err("bad_client_secret".into())
        }
    }

    /// A code for tokens; installs the app.
    pub(crate) fn exchange(&mut self, app: &str, code: &str, redirect: Option<&str>) -> Answer {
        let now = self.now();
        let known = self.state.codes.get_mut(code).filter(|known| known.app == app);
        let known = known.ok_or("invalid_code")?;
        if known.used {
            return Err("code_already_used".into());
        }
        if known.expires <= now {
            return Err("code_expired".into());
        }
        if known.redirect_uri.as_deref() != redirect {
            return Err("bad_redirect_uri".into());
        }
        known.used = true;
        let (team, user) = (known.team.clone(), known.user.clone());
        let (bot_scopes, user_scopes) = (known.bot_scopes.clone(), known.user_scopes.clone());
        self.install(app, &team, &user, &bot_scopes, &user_scopes)
    }

    /// Installs `app` in `team` for `user`; the answer is `oauth.v2.access`'s.
    pub(crate) fn install(
        &mut self,
        app: &str,
        team: &str,
        user: &str,
        bot_scopes: &BTreeSet<String>,
        user_scopes: &BTreeSet<String>,
    ) -> Answer {
        let updated = self.seconds();
        let (bot_name, app_name, icon, rotation) = {
            let app = self.state.apps.get(app).ok_or("invalid_client_id")?;
            (app.bot_name.clone(), app.name.clone(), app.icon.clone(), app.rotation)
        };
        let wants_bot = !bot_scopes.is_empty();
        let fresh =
            (format!("B{}", self.core.ids.upper(10)), format!("U{}", self.core.ids.upper(10)));
        let workspace = self.workspace_mut(team)?;
        // An app that comes again gets its former bot back, as Slack does it: microsoft/botframework-sdk
        // issue 2537 shows the same bot and the same direct message before the app was removed and after.
        let former = workspace.bots.values().find(|bot| bot.app_id == app);
        let former = former.map(|bot| (bot.id.clone(), bot.user_id.clone()));
        let (bot_id, former_user) = former.unwrap_or((fresh.0, None));
        let bot_user = former_user.clone().unwrap_or(fresh.1);
        let install = workspace.installs.entry(app.to_owned()).or_insert_with(|| Install {
            app_id: app.to_owned(),
            bot_user: former_user,
            bot_id,
            bot_scopes: Arc::default(),
            users: std::collections::BTreeMap::new(),
        });
        // Scopes only ever grow by installing again, as on Slack.
        let grown = |have: &BTreeSet<String>, more: &BTreeSet<String>| Arc::new(have | more);
        install.bot_scopes = grown(&install.bot_scopes, bot_scopes);
        let fresh_bot = wants_bot && install.bot_user.is_none();
        if fresh_bot {
            install.bot_user = Some(bot_user);
        }
        if !user_scopes.is_empty() {
            let have = install.users.entry(user.to_owned()).or_default();
            *have = grown(have, user_scopes);
        }
        let (bot_id, bot_user) = (install.bot_id.clone(), install.bot_user.clone());
        let (bot_set, user_set) = (install.bot_scopes.clone(), install.users.get(user).cloned());
        workspace.bots.entry(bot_id.clone()).or_insert_with(|| Bot {
            id: bot_id.clone(),
            app_id: app.to_owned(),
            user_id: bot_user.clone(),
            name: app_name.clone(),
            icon: icon.clone(),
            updated,
            deleted: false,
        });
        if let Some(bot) = workspace.bots.get_mut(&bot_id) {
            bot.deleted = false;
            bot.user_id.clone_from(&bot_user);
        }
        if fresh_bot && let Some(id) = bot_user.clone() {
            let handle = bot_name.to_lowercase().replace(' ', "_");
            workspace.users.insert(
                id.clone(),
                User {
                    id,
                    name: handle,
                    real_name: bot_name,
                    avatar: icon,
                    tz: "America/Los_Angeles".to_owned(),
                    updated,
                    bot_id: Some(bot_id.clone()),
                    app_id: Some(app.to_owned()),
                    ..User::default()
                },
            );
        } else if let Some(id) = &bot_user
            && let Some(bot) = workspace.users.get_mut(id)
        {
            bot.deleted = false;
        }
        let team_json = json!({"id": workspace.id, "name": workspace.name});
        let mut answer = json!({"app_id": app, "team": team_json, "enterprise": null,
            "is_enterprise_install": false, "authed_user": {"id": user}});
        if let Some(bot_user) = bot_user.filter(|_| wants_bot) {
            let token = Token {
                team: team.to_owned(),
                app: app.to_owned(),
                user: bot_user.clone(),
                bot: Some(bot_id),
                scopes: bot_set,
                expires: None,
                revoked: false,
            };
            answer["bot_user_id"] = bot_user.into();
            super::json::merge(&mut answer, self.mint(token, rotation));
        }
        if let Some(scopes) = user_set.filter(|_| !user_scopes.is_empty()) {
            let token = Token {
                team: team.to_owned(),
                app: app.to_owned(),
                user: user.to_owned(),
                bot: None,
                scopes,
                expires: None,
                revoked: false,
            };
            let minted = self.mint(token, rotation);
            super::json::merge(&mut answer["authed_user"], minted);
        }
        Ok(answer)
    }

    /// A new access token, with a refresh token when the app rotates.
    fn mint(&mut self, mut token: Token, rotation: bool) -> Value {
        let kind = if token.bot.is_some() { "xoxb" } else { "xoxp" };
        let ids = &self.core.ids;
        let secret = format!("{kind}-{}-{}-{}", ids.digits(12), ids.digits(13), ids.alnum(24));
        let scope = token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let token_type = if token.bot.is_some() { "bot" } else { "user" };
        if !rotation {
            self.state.tokens.insert(secret.clone(), token);
            return json!({"access_token": secret, "scope": scope, "token_type": token_type});
        }
        let access = format!("xoxe.{kind}-1-{}", ids.alnum(64));
        let refresh = format!("xoxe-1-{}", ids.alnum(64));
        token.expires = Some(self.now() + Duration::from_secs(ROTATING));
        self.state.refresh.insert(refresh.clone(), Refresh { token: token.clone(), used: false });
        self.state.tokens.insert(access.clone(), token);
        json!({"access_token": access, "scope": scope, "token_type": token_type,
            "expires_in": ROTATING, "refresh_token": refresh})
    }

    /// A refresh token for a new pair; it can be used once.
    pub(crate) fn rotate(&mut self, app: &str, refresh: &str) -> Answer {
        let known = self.state.refresh.get_mut(refresh).filter(|known| known.token.app == app);
        let known = known.ok_or("invalid_refresh_token")?;
        if known.used || known.token.revoked {
            return Err("invalid_refresh_token".into());
        }
        known.used = true;
        let token = known.token.clone();
        let (team, user) = (token.team.clone(), token.user.clone());
        let workspace = self.workspace(&team)?;
        if !workspace.installs.contains_key(app) {
            return Err("invalid_refresh_token".into());
        }
        let team_json = json!({"id": workspace.id, "name": workspace.name});
        let is_bot = token.bot.is_some();
        let minted = self.mint(token, true);
        let mut answer = json!({"app_id": app, "team": team_json, "enterprise": null,
            "is_enterprise_install": false});
        if is_bot {
            answer["bot_user_id"] = user.into();
        } else {
            answer["user_id"] = user.into();
        }
        super::json::merge(&mut answer, minted);
        Ok(answer)
    }

    /// Revokes a token and tells the app.
    pub(crate) fn revoke(&mut self, secret: &str) {
        let Some(token) = self.state.tokens.get_mut(secret) else { return };
        token.revoked = true;
        let token = token.clone();
        for refresh in self.state.refresh.values_mut() {
            let same = &refresh.token;
            if (&same.team, &same.app, &same.user) == (&token.team, &token.app, &token.user) {
                refresh.used = true;
            }
        }
        let list = json!([token.user]);
        let tokens = if token.bot.is_some() {
            json!({"oauth": [], "bot": list})
        } else {
            json!({"oauth": list, "bot": []})
        };
        let at = self.seconds();
        let event =
            json!({"type": "tokens_revoked", "tokens": tokens, "event_ts": format!("{at}.000000")});
        self.tell_app(&token.team, &token.app, &token.user, &event);
    }

    /// Takes all tokens of an app in a workspace back, and tells it; the app stays. Gives the bot, or whose
    /// they were.
    pub(crate) fn revoke_all(&mut self, team: &str, app: &str) -> String {
        let at = format!("{}.000000", self.seconds());
        let mut revoked = (BTreeSet::new(), BTreeSet::new());
        for token in self.state.tokens.values_mut() {
            if token.team == team && token.app == app && !token.revoked {
                token.revoked = true;
                let list = if token.bot.is_some() { &mut revoked.1 } else { &mut revoked.0 };
                list.insert(token.user.clone());
            }
        }
        for refresh in self.state.refresh.values_mut() {
            if refresh.token.team == team && refresh.token.app == app {
                refresh.used = true;
            }
        }
        let user = revoked.1.first().or(revoked.0.first()).cloned().unwrap_or_default();
        let event = json!({"type": "tokens_revoked", "event_ts": at,
            "tokens": {"oauth": revoked.0, "bot": revoked.1}});
        self.tell_app(team, app, &user, &event);
        user
    }

    /// Removes an app from a workspace: its tokens are revoked, its bot is deactivated, it is told.
    pub(crate) fn uninstall(&mut self, team: &str, app: &str) {
        let user = self.revoke_all(team, app);
        let at = format!("{}.000000", self.seconds());
        self.tell_app(team, app, &user, &json!({"type": "app_uninstalled", "event_ts": at}));
        let Ok(workspace) = self.workspace_mut(team) else { return };
        let Some(install) = workspace.installs.remove(app) else { return };
        if let Some(bot) = workspace.bots.get_mut(&install.bot_id) {
            bot.deleted = true;
        }
        if let Some(id) = install.bot_user {
            if let Some(user) = workspace.users.get_mut(&id) {
                user.deleted = true;
            }
            for channel in workspace.channels.values_mut() {
                channel.members.remove(&id);
            }
        }
    }
}

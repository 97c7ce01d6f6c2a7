//! Authorizing a workspace: OAuth v2, or a token that an admin pasted.

use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, SetupError, TokenPair, Toolkit,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::{
    api::{self, ApiError, Credentials, Identity, pair_of},
    manifest::SCOPES,
    wire::{Answer, TokenAnswer, id_of},
};

/// The cabinet's entry about who we are.
pub(crate) const IDENTITY: &str = "identity";

/// The app, as the token endpoint wants it.
pub(crate) fn credentials(app: &AppConfig) -> Result<Credentials, SetupError> {
    Ok(Credentials {
        base: app.url("api_url")?,
        client_id: app.setting("client_id")?.to_owned(),
        client_secret: app.secret("client_secret").ok().cloned(),
    })
}

/// Where to send the admin.
pub(crate) fn authorization_start(
    app: &AppConfig,
    state: &str,
) -> Result<AuthorizationStart, SetupError> {
    let text = app.setting("authorize_url")?;
    let mut url = Url::parse(text).map_err(|_| SetupError::Setting {
        field: "authorize_url".into(),
        problem: format!("`{text}` is not a URL"),
    })?;
    let scopes: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
    url.query_pairs_mut()
        .append_pair("client_id", app.setting("client_id")?)
        .append_pair("scope", &scopes.join(","))
        .append_pair("redirect_uri", app.redirect_url.as_str())
        .append_pair("state", state);
    // Fails now rather than when the admin comes back.
    app.secret("client_secret")?;
    Ok(AuthorizationStart { url, secret: SecretString::from("") })
}

/// Exchanges the code that the admin came back with.
pub(crate) async fn authorize(
    toolkit: &Toolkit,
    app: &AppConfig,
    answer: &AuthorizationAnswer,
) -> Result<Authorized, SetupError> {
    let code = answer.code("Slack", |error| match error {
        "access_denied" => "the authorization was declined in Slack".to_owned(),
        _ => "Slack did not authorize the app".to_owned(),
    })?;
    let base = app.url("api_url")?;
    let request = toolkit.http.post(api::join(&base, "oauth.v2.access")?).form(&[
        ("client_id", app.setting("client_id")?),
        ("client_secret", app.secret("client_secret")?.expose_secret()),
        ("code", code),
        ("redirect_uri", app.redirect_url.as_str()),
    ]);
    let (given, _) = api::send::<TokenAnswer>(toolkit, request).await?;
    let pair = pair_of(&given, toolkit.clock.now())
        .ok_or_else(|| SetupError::Refused("Slack gave no bot token: add bot scopes".into()))?;
    let (who, scopes) = api::auth_test(toolkit, &base, &pair.access).await?;
    let scopes = scopes.or_else(|| given.scope.as_deref().map(words));
    let place = if given.is_enterprise_install { given.enterprise } else { given.team };
    let place = place.unwrap_or_default();
    let identity = Identity {
        user_id: given.bot_user_id.or_else(|| who.user_id.clone()).unwrap_or_default(),
        bot_id: who.bot_id.clone().unwrap_or_default(),
        app_id: given.app_id.or_else(|| who.app_id.clone()),
        ..Identity::default()
    };
    let name = place.name.or_else(|| who.team.as_str().map(ToOwned::to_owned));
    authorized(place.id.or_else(|| workspace(&who)), name, &identity, &pair, scopes.as_deref())
}

/// Takes a bot token.
pub(crate) async fn adopt(
    toolkit: &Toolkit,
    app: &AppConfig,
    token: SecretString,
) -> Result<Authorized, SetupError> {
    let refuse = |why: &str| Err(SetupError::Refused(why.to_owned()));
    match token.expose_secret().trim() {
        text if text.starts_with("xoxb-") => {}
        text if text.starts_with("xoxe.") => {
            return refuse(
                "a rotating token expires within hours: authorize by Slack's page instead",
            );
        }
        text if text.starts_with("xoxp-") => {
            return refuse("this is a user token: paste the bot token, which begins with `xoxb-`");
        }
        _ => return refuse("a bot token begins with `xoxb-`"),
    }
    let token = SecretString::from(token.expose_secret().trim());
    let base = app.url("api_url")?;
    let (who, scopes) = api::auth_test(toolkit, &base, &token).await?;
    let call = |method: &str, query: Vec<(&'static str, String)>| {
        let url = api::join(&base, method);
        let token = token.clone();
        async move {
            let request = toolkit.http.get(url?).query(&query).bearer_auth(token.expose_secret());
            Ok::<Answer, ApiError>(api::send::<Answer>(toolkit, request).await?.0)
        }
    };
    // Nice to have: the name is in the first answer too, and the app's id only helps recognition.
    let team = call("team.info", Vec::new()).await.map_or(Value::Null, |answer| answer.team);
    let mut app_id = who.app_id.clone();
    if let (None, Some(bot)) = (&app_id, &who.bot_id) {
        let answer = call("bots.info", vec![("bot", bot.clone())]).await.ok();
        app_id = answer.and_then(|answer| answer.bot).and_then(|bot| bot.app_id);
    }
    let identity = Identity {
        user_id: who.user_id.clone().unwrap_or_default(),
        bot_id: who.bot_id.clone().unwrap_or_default(),
        app_id,
        ..Identity::default()
    };
    let id = workspace(&who).or_else(|| id_of(&team).map(ToOwned::to_owned));
    let name = team["name"].as_str().or(who.team.as_str()).map(ToOwned::to_owned);
    let pair = TokenPair::lasting(token, toolkit.clock.now());
    authorized(id, name, &identity, &pair, scopes.as_deref())
}

/// The workspace a token belongs to, or the organization it was installed on as a whole.
fn workspace(who: &Answer) -> Option<String> {
    if who.is_enterprise_install { who.enterprise_id.clone() } else { who.team_id.clone() }
}

fn authorized(
    workspace: Option<String>,
    name: Option<String>,
    identity: &Identity,
    pair: &TokenPair,
    scopes: Option<&[String]>,
) -> Result<Authorized, SetupError> {
    let workspace = workspace
        .filter(|id| !id.is_empty())
        .ok_or_else(|| SetupError::Refused("Slack does not say which workspace this is".into()))?;
    let own = serde_json::to_string(identity).unwrap_or_default();
    Ok(Authorized {
        name: name.unwrap_or_else(|| workspace.clone()),
        workspace: workspace.into(),
        cabinet: vec![
            (TokenPair::ENTRY.to_owned(), pair.seal()),
            (IDENTITY.to_owned(), own.into()),
        ],
        warnings: scopes.map(missing).unwrap_or_default(),
        next_steps: vec![
            "Invite the app into each private channel that is to be synced: type `/invite` and its \
             name there. It joins public channels by itself."
                .to_owned(),
        ],
    })
}

/// What the app cannot do for want of a scope.
fn missing(given: &[String]) -> Vec<String> {
    SCOPES
        .iter()
        .filter(|(scope, _)| !given.iter().any(|one| one == scope))
        .map(|(scope, why)| format!("the scope `{scope}` is missing: it is needed {why}"))
        .collect()
}

fn words(scopes: &str) -> Vec<String> {
    scopes.split(',').map(|scope| scope.trim().to_owned()).collect()
}

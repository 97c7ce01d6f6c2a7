//! Authorizing an account: the service user signs in (authorization code with PKCE), or a
//! Server-to-Server app gets tokens for the account whose id an admin pasted.

use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, SetupError, TokenPair, Toolkit,
    http::below,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    api::{self, ApiError, Bases, Client, Identity, account_form, pair_of},
    manifest,
    wire::{TokenAnswer, User},
};

/// The cabinet's entry about who we are.
pub(crate) const IDENTITY: &str = "identity";

/// The app, as the token endpoint knows it.
pub(crate) fn client(app: &AppConfig) -> Result<Client, SetupError> {
    Ok(Client {
        id: app.setting("client_id")?.to_owned(),
        secret: app.secret("client_secret")?.clone(),
        login: app.url("login_url")?,
    })
}

/// Where Zoom's services are. Files go where the API is, if that is set and they are not: the token
/// belongs to nobody else.
pub(crate) fn bases(app: &AppConfig) -> Result<Bases, SetupError> {
    let (api, files) = (app.url("api_url")?, app.url("file_url")?);
    let elsewhere = api.as_str() != manifest::API_URL && files.as_str() == manifest::FILE_URL;
    let files = if elsewhere { beside(&api) } else { files };
    Ok(Bases { api, files, login: app.url("login_url")? })
}

/// The address for files of an API: as `file.zoom.us` stands beside `api.zoom.us`, else the API's own.
fn beside(api: &Url) -> Url {
    let mut files = api.clone();
    let host = api.host_str().and_then(|host| host.strip_prefix("api."));
    // A host that was one remains one.
    if let Some(host) = host
        && files.set_host(Some(&format!("file.{host}"))).is_err()
    {
        return api.clone();
    }
    files
}

/// Where to send the admin. The scopes are those of the app.
pub(crate) fn authorization_start(
    toolkit: &Toolkit,
    app: &AppConfig,
    state: &str,
) -> Result<AuthorizationStart, SetupError> {
    let client = client(app)?;
    let url = below(&client.login, &["oauth", "authorize"]);
    let random = toolkit.random.as_ref();
    Ok(AuthorizationStart::for_code(url, random, &client.id, &app.redirect_url, state))
}

/// Exchanges the code that the admin came back with.
pub(crate) async fn authorize(
    toolkit: &Toolkit,
    app: &AppConfig,
    answer: &AuthorizationAnswer,
) -> Result<Authorized, SetupError> {
    let code = answer.code("Zoom", |error| match error {
        "access_denied" => "the authorization was declined in Zoom".to_owned(),
        _ => "Zoom did not authorize the app".to_owned(),
    })?;
    let given = client(app)?.ask(toolkit, &answer.exchange(code, &app.redirect_url)).await?;
    let pair = pair(given, toolkit)?;
    if pair.refresh.is_none() {
        return Err(SetupError::Refused("Zoom gave no refresh token".into()));
    }
    let user: User = get(toolkit, app, &pair, &["users", "me"]).await?;
    let account = user.account_id.get().map(str::to_owned);
    authorized(toolkit, app, pair, account, &user, false).await
}

/// Takes the id of an account for which the app, a Server-to-Server one, gets tokens.
pub(crate) async fn adopt(
    toolkit: &Toolkit,
    app: &AppConfig,
    account: &SecretString,
) -> Result<Authorized, SetupError> {
    let account = account.expose_secret().trim();
    let given = client(app)?.ask(toolkit, &account_form(account)).await.map_err(|error| {
        match SetupError::from(error) {
            SetupError::Refused(why) => SetupError::Refused(format!(
                "paste the account id of a Server-to-Server app, which Zoom shows with the app's \
                 credentials; all other apps connect by signing in: {why}"
            )),
            other => other,
        }
    })?;
    let mut pair = pair(given, toolkit)?;
    pair.account = Some(account.to_owned());
    let maker: User = get(toolkit, app, &pair, &["users", "me"]).await?;
    let (user, acted_for) = match app.setting("service_user") {
        Ok(email) if maker.email.get().is_none_or(|own| !own.eq_ignore_ascii_case(email)) => {
            (get(toolkit, app, &pair, &["users", email.trim()]).await?, true)
        }
        _ => (maker, false),
    };
    authorized(toolkit, app, pair, Some(account.to_owned()), &user, acted_for).await
}

fn pair(given: TokenAnswer, toolkit: &Toolkit) -> Result<TokenPair, SetupError> {
    pair_of(given, toolkit.clock.now())
        .ok_or_else(|| SetupError::Refused("Zoom gave no token".into()))
}

/// Asks the API before there is a connection.
async fn get<T: DeserializeOwned + Default>(
    toolkit: &Toolkit,
    app: &AppConfig,
    pair: &TokenPair,
    path: &[&str],
) -> Result<T, ApiError> {
    let base = app.url("api_url").map_err(|error| ApiError::Unclear(error.to_string()))?;
    let request = toolkit.http.get(below(&base, path));
    api::answer(toolkit, request.bearer_auth(pair.access.expose_secret())).await
}

async fn authorized(
    toolkit: &Toolkit,
    app: &AppConfig,
    pair: TokenPair,
    account: Option<String>,
    user: &User,
    acted_for: bool,
) -> Result<Authorized, SetupError> {
    let missing = |what: &str| SetupError::Refused(format!("Zoom does not say {what}"));
    let account = account.ok_or_else(|| missing("which account this is"))?;
    let email = user.email.get().unwrap_or_default().to_lowercase();
    // Nice to have: events tell the same.
    let contact: Option<User> =
        get(toolkit, app, &pair, &["chat", "users", "me", "contacts", &email]).await.ok();
    let member_id = contact.and_then(|it| it.member_id.get().map(str::to_owned));
    let identity = Identity {
        user_id: user.id.get().ok_or_else(|| missing("who signed in"))?.to_owned(),
        member_id,
        name: user.display_name.get().unwrap_or(&email).to_owned(),
        email,
        acted_for,
        ..Identity::default()
    };
    let domain = identity.email.split_once('@').map(|(_, domain)| domain);
    let own = serde_json::to_string(&identity).unwrap_or_default();
    let lacks = manifest::missing_scopes(&pair.scope).into_iter();
    Ok(Authorized {
        name: user.company.get().or(domain).unwrap_or(&account).to_owned(),
        cabinet: vec![
            (TokenPair::ENTRY.to_owned(), pair.seal()),
            (IDENTITY.to_owned(), own.into()),
        ],
        warnings: lacks
            .map(|(scope, why)| format!("the scope `{scope}` is missing: it is needed {why}"))
            .collect(),
        next_steps: vec![format!(
            "Add {} to each private channel that is to be synced, and to public ones where only some \
             may post. It joins all other public channels by itself.",
            identity.name
        )],
        workspace: account.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_where_the_api_is() {
        for (api, file, expected) in [
            (manifest::API_URL, manifest::FILE_URL, "https://file.zoom.us/v2/"),
            ("https://api.zoomgov.com/v2/", manifest::FILE_URL, "https://file.zoomgov.com/v2/"),
            ("http://127.0.0.1:9/v2", manifest::FILE_URL, "http://127.0.0.1:9/v2/"),
            ("http://127.0.0.1:9/v2", "http://127.0.0.1:8/v2", "http://127.0.0.1:8/v2/"),
        ] {
            let mut app = crate::tests::support::app("http://127.0.0.1:1");
            for (field, value) in [("api_url", api), ("file_url", file)] {
                app.settings.insert(field.to_owned(), value.to_owned());
            }
            assert_eq!(bases(&app).unwrap().files.as_str(), expected, "{api} {file}");
        }
    }
}

//! Authorizing an organization: the service user signs in (authorization code with PKCE), or an admin
//! pastes a token of theirs to try things out.

use rialto_platform::{
    AppConfig, AuthorizationAnswer, AuthorizationStart, Authorized, SetupError, TokenPair, Toolkit,
    http::below,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    api::{self, Client, Identity, pair_of},
    manifest::{self, SCOPES},
    wire::{self, Person},
};

/// The cabinet's entry about who we are.
pub(crate) const IDENTITY: &str = "identity";

/// The app, as the token endpoint knows it.
pub(crate) fn client(app: &AppConfig) -> Result<Client, SetupError> {
    Ok(Client {
        id: app.setting("client_id").ok().map(str::to_owned),
        secret: app.secret("client_secret").ok().cloned(),
        base: app.url("api_url")?,
    })
}

/// Where to send the admin.
pub(crate) fn authorization_start(
    toolkit: &Toolkit,
    app: &AppConfig,
    state: &str,
) -> Result<AuthorizationStart, SetupError> {
    app.secret("client_secret")?;
    let mut url = below(&app.url("api_url")?, &["authorize"]);
    url.query_pairs_mut().append_pair("scope", &SCOPES.map(|(name, _)| name).join(" "));
    let (random, client) = (toolkit.random.as_ref(), app.setting("client_id")?);
    Ok(AuthorizationStart::for_code(url, random, client, &app.redirect_url, state))
}

/// Exchanges the code that the admin came back with.
pub(crate) async fn authorize(
    toolkit: &Toolkit,
    app: &AppConfig,
    answer: &AuthorizationAnswer,
) -> Result<Authorized, SetupError> {
    let code = answer.code("Webex", |error| {
        let why = match error {
            "access_denied" => {
                "the authorization was declined in Webex, or the organization's admins have not \
                 allowed the integration (Control Hub, Apps, Integrations)"
            }
            "invalid_scope" => {
                "the integration lacks scopes: check those that `rialto manifest webex` lists"
            }
            _ => "Webex did not authorize the integration",
        };
        why.to_owned()
    })?;
    let given = client(app)?.ask(toolkit, &answer.exchange(code, &app.redirect_url)).await?;
    let pair = pair_of(given, toolkit.clock.now())
        .filter(|pair| pair.refresh.is_some())
        .ok_or_else(|| SetupError::Refused("Webex gave no refresh token".into()))?;
    authorized(toolkit, app, pair).await
}

/// Takes an access token, which nobody can renew.
pub(crate) async fn adopt(
    toolkit: &Toolkit,
    app: &AppConfig,
    token: SecretString,
) -> Result<Authorized, SetupError> {
    let token = SecretString::from(token.expose_secret().trim().to_owned());
    let pair = TokenPair::lasting(token, toolkit.clock.now());
    let mut authorized = authorized(toolkit, app, pair).await?;
    authorized.warnings.push(
        "this token cannot be renewed: a personal one ends after 12 hours. Connect by signing in as \
         the service user to stay connected"
            .to_owned(),
    );
    Ok(authorized)
}

async fn authorized(
    toolkit: &Toolkit,
    app: &AppConfig,
    pair: TokenPair,
) -> Result<Authorized, SetupError> {
    let request = toolkit.http.get(below(&app.url("api_url")?, &["people", "me"]));
    let request = request.bearer_auth(pair.access.expose_secret());
    let me: Person = api::read(api::answer(toolkit, request).await?).await?;
    if me.kind.get() == Some("bot") {
        return Err(SetupError::Refused(
            "this is a bot's token, and bots hear only messages that mention them: connect as a \
             service user, by signing in"
                .into(),
        ));
    }
    let missing = |what: &str| SetupError::Refused(format!("Webex does not say {what}"));
    let email = me.emails.first().map(|email| email.to_lowercase()).unwrap_or_default();
    let own = Identity {
        person_id: me.id.get().ok_or_else(|| missing("who signed in"))?.to_owned(),
        name: me.display_name.get().unwrap_or(&email).to_owned(),
        org: wire::uuid(me.org_id.get().ok_or_else(|| missing("which organization this is"))?),
        email,
        ..Identity::default()
    };
    let domain = own.email.split_once('@').map(|(_, domain)| domain);
    let sealed = serde_json::to_string(&own).unwrap_or_default();
    let lacks = manifest::missing_scopes(&pair.scope).into_iter();
    Ok(Authorized {
        name: domain.unwrap_or(&own.org).to_owned(),
        cabinet: vec![
            (TokenPair::ENTRY.to_owned(), pair.seal()),
            (IDENTITY.to_owned(), sealed.into()),
        ],
        warnings: lacks
            .map(|(scope, why)| format!("the scope `{scope}` is missing: it is needed {why}"))
            .collect(),
        next_steps: vec![format!(
            "Add {} to each space that is to be synced; where only moderators may post, as a \
             moderator.",
            own.words()
        )],
        workspace: own.org.into(),
    })
}

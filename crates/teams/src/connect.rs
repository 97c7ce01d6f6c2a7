//! Connecting a tenant: the service user signs in (authorization code with PKCE), the application
//! shows what it was granted.

use rialto_platform::{
    AuthorizationAnswer, AuthorizationStart, Authorized, SetupError, Toolkit, http as calls,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::{
    api::{parsed, read},
    consent,
    fault::Fault,
    permissions,
    settings::Settings,
    tokens::{self, SERVICE_TOKEN, ServiceToken},
    wire::{List, Organization},
};

/// The tenant of Microsoft's personal accounts.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

#[derive(Debug, Deserialize)]
struct IdClaims {
    tid: String,
    oid: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    preferred_username: String,
}

/// What an application's token says of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AppClaims {
    pub roles: Vec<String>,
}

pub(crate) fn start(toolkit: &Toolkit, settings: &Settings, state: &str) -> AuthorizationStart {
    let mut url = settings.sign_in_url("oauth2/v2.0/authorize");
    url.query_pairs_mut()
        .append_pair("response_mode", "query")
        .append_pair("scope", &permissions::scopes())
        // The admin is signed in as somebody; Rialto wants its service user.
        .append_pair("prompt", "select_account");
    let random = toolkit.random.as_ref();
    AuthorizationStart::for_code(url, random, &settings.client_id, &settings.redirect, state)
}

pub(crate) async fn finish(
    toolkit: &Toolkit,
    settings: &Settings,
    answer: &AuthorizationAnswer,
) -> Result<Authorized, SetupError> {
    let code = answer.code("Microsoft", |error| {
        let why = answer.query.get("error_description").map_or("", String::as_str);
        let why = why.lines().next().unwrap_or_default();
        format!("Microsoft declined the sign-in: {error} {why}")
    })?;
    let mut form = answer.exchange(code, &settings.redirect).to_vec();
    let scopes = permissions::scopes();
    form.push(("scope", &scopes));
    let granted = tokens::ask(toolkit, settings, &form).await.map_err(|fault| fault.to_setup())?;
    let user: IdClaims = granted
        .id_token
        .as_ref()
        .and_then(tokens::claims)
        .ok_or_else(|| SetupError::Refused("Microsoft did not say who signed in".into()))?;

    check_tenant(toolkit, settings, &user).await?;
    let app = tokens::app_token(toolkit, settings).await;
    let app: Result<AppClaims, Fault> =
        app.map(|token| tokens::claims(&token.access_token).unwrap_or_default());

    let mut warnings = Vec::new();
    let mut next_steps = Vec::new();
    if granted.refresh_token.is_none() {
        return Err(SetupError::Refused(
            "Microsoft gave no refresh token: is offline_access among the permissions?".into(),
        ));
    }
    let scopes = granted.scope.clone().unwrap_or_default();
    for (name, why) in permissions::missing_scopes(&scopes) {
        warnings.push(format!("The permission {name} is missing, which is needed for {why}."));
    }
    match app {
        Ok(claims) => {
            let missing = permissions::missing_roles(&claims.roles, settings.listening);
            for (name, why) in &missing {
                let text = "The application permission";
                warnings.push(format!("{text} {name} is missing, which is needed for {why}."));
            }
            if !missing.is_empty() {
                next_steps.push(format!(
                    "An administrator who may grant application permissions ({}) opens {} and accepts.",
                    consent::WHO_MAY,
                    settings.admin_consent_url()
                ));
            }
        }
        Err(fault) => warnings.push(format!("The application got no token of its own: {fault}.")),
    }

    let name = organization(toolkit, settings, &granted.access_token).await;
    let token = ServiceToken {
        expires_at: tokens::expiry(&granted, toolkit.clock.now()),
        renewed_at: toolkit.clock.now(),
        access_token: granted.access_token,
        refresh_token: granted.refresh_token,
        scope: scopes,
        account: user.oid,
        name: if user.name.is_empty() { user.preferred_username } else { user.name },
    };
    Ok(Authorized {
        workspace: user.tid.as_str().into(),
        name: name.unwrap_or_else(|| settings.tenant.clone()),
        cabinet: vec![(SERVICE_TOKEN.into(), tokens::sealed(&token))],
        warnings,
        next_steps,
    })
}

/// The service user must be of the tenant that the app was set up for.
async fn check_tenant(
    toolkit: &Toolkit,
    settings: &Settings,
    user: &IdClaims,
) -> Result<(), SetupError> {
    if user.tid == PERSONAL {
        return Err(SetupError::Refused(
            "that was a personal Microsoft account: sign in with an account of the organization"
                .into(),
        ));
    }
    let expected = if settings.tenant.contains('.') {
        tenant_of_domain(toolkit, settings).await?
    } else {
        settings.tenant.clone()
    };
    if expected.eq_ignore_ascii_case(&user.tid) {
        return Ok(());
    }
    Err(SetupError::Refused(format!(
        "{} is of the tenant {}, but the app was set up for {}: sign in with an account of that tenant",
        user.preferred_username, user.tid, settings.tenant
    )))
}

/// The id of the tenant that has a domain: the issuer in the sign-in service's metadata is
/// `https://{service}/{tenant id}/v2.0` (OpenID Connect Discovery; Microsoft's page *OpenID Connect
/// on the Microsoft identity platform*).
async fn tenant_of_domain(toolkit: &Toolkit, settings: &Settings) -> Result<String, SetupError> {
    #[derive(Deserialize)]
    struct Metadata {
        issuer: Url,
    }
    let url = settings.sign_in_url("v2.0/.well-known/openid-configuration");
    let response = toolkit.http.get(url).send().await.map_err(|error| {
        SetupError::Unreachable(format!("the sign-in service: {}", calls::describe(&error)))
    })?;
    let unknown = || {
        SetupError::Refused(format!(
            "Microsoft does not say which tenant has the domain {}: give the tenant's id in its place (Entra, Overview)",
            settings.tenant
        ))
    };
    if !response.status().is_success() {
        return Err(unknown());
    }
    let body = read(response).await.map_err(|fault| fault.to_setup())?;
    let metadata: Metadata = serde_json::from_slice(&body).map_err(|_| unknown())?;
    let tenant = metadata.issuer.path_segments().and_then(|mut it| it.next()).unwrap_or_default();
    if tenant.is_empty() { Err(unknown()) } else { Ok(tenant.to_owned()) }
}

/// The organization's name; connecting does not fail for want of it.
async fn organization(
    toolkit: &Toolkit,
    settings: &Settings,
    token: &SecretString,
) -> Option<String> {
    let url = settings.graph.join("organization").ok()?;
    let response = toolkit.http.get(url).bearer_auth(token.expose_secret()).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let list: List<Organization> = parsed(&read(response).await.ok()?).ok()?;
    list.value.into_iter().next()?.display_name
}

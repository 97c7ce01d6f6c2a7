//! The token endpoint: codes, refresh tokens and apps by themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::sign_in::{GRAPH_APP, Refresh, Token, sign};
use super::super::world::World;
use super::super::{PLATFORM, Teams};
use super::authorize::scopes;
use super::{EntraError, Realm, json_answer};
use crate::core::{Made, drop_connection};

const GRAPH: &str = "https://graph.microsoft.com";
/// Refresh tokens that are not used end after this.
const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
const OPERATION: &str = "POST /{tenant}/oauth2/v2.0/token";

pub(super) async fn token(
    State(teams): State<Arc<Teams>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = teams.core.clock.now();
    let trace = teams.core.ids.uuid();
    let mut fields: Vec<(String, String)> =
        url::form_urlencoded::parse(&body).into_owned().collect();
    basic(&headers, &mut fields);
    let by = field(&fields, "client_id").unwrap_or("").to_owned();
    let gate = teams.core.gate(PLATFORM, OPERATION).await;
    let note = |status: u16, error: Option<&str>| {
        let about = field(&fields, "grant_type").unwrap_or("").to_owned();
        let faults = &gate.struck[..];
        let made = Made { operation: OPERATION, status, error, by: &by, about, faults };
        teams.core.calls.note(PLATFORM, made);
    };
    if gate.reset {
        note(0, Some("reset"));
        return drop_connection();
    }
    let answer = match gate.refuse {
        Some((status, retry_after)) => {
            let mut error = EntraError::new(
                "temporarily_unavailable",
                90_033,
                "A transient error has occurred. Please try again.",
            );
            error.status = status;
            Err((error, retry_after))
        }
        None => grant(&teams, &tenant, &fields, now).map_err(|error| (error, None)),
    };
    let (response, error) = match &answer {
        Ok(value) => (json_answer(200, value), None),
        Err((error, retry_after)) => {
            let mut response = error.answer(now, &trace);
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
            }
            (response, Some(error.error))
        }
    };
    if gate.lose_answer {
        note(0, Some("lose_answer"));
        return drop_connection();
    }
    note(response.status().as_u16(), error);
    response
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
}

/// Client id and secret may come as HTTP Basic.
fn basic(headers: &HeaderMap, fields: &mut Vec<(String, String)>) {
    let text = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Basic "));
    let decoded =
        text.and_then(|t| STANDARD.decode(t).ok()).and_then(|b| String::from_utf8(b).ok());
    if let Some((id, secret)) = decoded.as_ref().and_then(|d| d.split_once(':')) {
        let plain = |t: &str| super::super::drive::decode(t);
        fields.push(("client_id".to_owned(), plain(id)));
        fields.push(("client_secret".to_owned(), plain(secret)));
    }
}

fn missing(name: &str) -> EntraError {
    EntraError::new(
        "invalid_request",
        900_144,
        format!("The request body must contain the following parameter: '{name}'."),
    )
}

fn grant(
    teams: &Teams,
    tenant: &str,
    fields: &[(String, String)],
    now: Timestamp,
) -> Result<Value, EntraError> {
    let kind = field(fields, "grant_type").ok_or_else(|| missing("grant_type"))?;
    let id = field(fields, "client_id").ok_or_else(|| missing("client_id"))?;
    let mut world = teams.world();
    let realm = Realm::read(&world, tenant)?;
    let app = world.apps.get(id).cloned().ok_or_else(|| {
        EntraError::new(
            "unauthorized_client",
            700_016,
            format!(
                "Application with identifier '{id}' was not found in the directory '{tenant}'."
            ),
        )
    })?;
    match field(fields, "client_secret") {
        Some(secret) if !app.secrets.iter().any(|s| s == secret) => {
            return Err(EntraError::new(
                "invalid_client",
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{id}'."
                ),
            ));
        }
        None if !app.public || kind == "client_credentials" => {
            return Err(EntraError::new(
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ));
        }
        _ => {}
    }
    match kind {
        "authorization_code" => redeem(&mut world, &realm, &app.id, fields, now),
        "refresh_token" => refresh(&mut world, &realm, &app.id, fields, now),
        "client_credentials" => {
            let Realm::One(tenant) = realm else {
                return Err(EntraError::new(
                    "invalid_request",
                    53_003,
                    "Application authentication needs a tenant of its own; 'common' and 'organizations' are for people.",
                ));
            };
            let scope = field(fields, "scope").ok_or_else(|| missing("scope"))?;
            let Some(resource) = scope.strip_suffix("/.default") else {
                return Err(EntraError::new(
                    "invalid_scope",
                    1_002_012,
                    format!(
                        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
                    ),
                ));
            };
            let resource = if resource == GRAPH_APP { GRAPH } else { resource };
            let (token, life) = issue_app_token(&mut world, &tenant, &app.id, resource, now)
                .ok_or_else(unavailable)?;
            Ok(
                json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}),
            )
        }
        other => Err(EntraError::new(
            "unsupported_grant_type",
            70_003,
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

fn unavailable() -> EntraError {
    EntraError::new("server_error", 90_033, "A transient error has occurred. Please try again.")
}

fn redeem(
    world: &mut World,
    realm: &Realm,
    app: &str,
    fields: &[(String, String)],
    now: Timestamp,
) -> Result<Value, EntraError> {
    let text = field(fields, "code").ok_or_else(|| missing("code"))?;
    let redirect = field(fields, "redirect_uri").ok_or_else(|| missing("redirect_uri"))?;
    let code = world
        .sign_ins
        .codes
        .get_mut(text)
        .filter(|c| c.app == app && realm.holds(&c.tenant))
        .ok_or_else(|| {
            EntraError::new(
                "invalid_grant",
                9_002_313,
                "Invalid request. Request is malformed or invalid: the code is not known.",
            )
        })?;
    if code.redeemed {
        return Err(EntraError::new(
            "invalid_grant",
            54_005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
        ));
    }
    if code.expires <= now {
        return Err(EntraError::new(
            "invalid_grant",
            70_008,
            "The provided authorization code or refresh token has expired due to inactivity.",
        ));
    }
    if code.redirect_uri != redirect {
        return Err(EntraError::new(
            "invalid_grant",
            50_011,
            "The redirect URI specified in the request does not match the one of the authorization request.",
        ));
    }
    match (&code.challenge, field(fields, "code_verifier")) {
        (None, None) => {}
        (None, Some(_)) => {
            return Err(EntraError::new(
                "invalid_grant",
                501_481,
                "A code_verifier was sent, but the authorization request had no code_challenge.",
            ));
        }
        (Some(_), None) => return Err(missing("code_verifier")),
        (Some((method, challenge)), Some(verifier)) => {
            let made = if method == "S256" {
                let hash =
                    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
                URL_SAFE_NO_PAD.encode(hash.as_ref())
            } else {
                verifier.to_owned()
            };
            if made != *challenge {
                return Err(EntraError::new(
                    "invalid_grant",
                    501_481,
                    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
                ));
            }
        }
    }
    code.redeemed = true;
    let (tenant, user, scopes, nonce) =
        (code.tenant.clone(), code.user.clone(), code.scopes.clone(), code.nonce.clone());
    answer(world, &tenant, app, &user, &scopes, nonce.as_deref(), now)
}

fn refresh(
    world: &mut World,
    realm: &Realm,
    app: &str,
    fields: &[(String, String)],
    now: Timestamp,
) -> Result<Value, EntraError> {
    let text = field(fields, "refresh_token").ok_or_else(|| missing("refresh_token"))?;
    let held = world
        .sign_ins
        .refresh
        .get(text)
        .filter(|r| r.app == app && realm.holds(&r.tenant))
        .cloned()
        .ok_or_else(|| {
            let mut error = EntraError::new("invalid_grant", 50_173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.");
            error.suberror = Some("bad_token");
            error
        })?;
    if held.expires <= now {
        return Err(EntraError::new(
            "invalid_grant",
            700_082,
            "The refresh token has expired due to inactivity.",
        ));
    }
    let mut asked = match field(fields, "scope") {
        Some(text) => scopes(text),
        None => held.scopes.clone(),
    };
    asked.remove(".default");
    if held.scopes.contains("offline_access") {
        asked.insert("offline_access".to_owned());
    }
    let granted = granted(world, &held.tenant, app, &held.user);
    if let Some(more) = asked.iter().find(|s| !granted.contains(*s)) {
        let mut error = EntraError::new(
            "invalid_grant",
            65_001,
            format!(
                "The user or administrator has not consented to use the application with ID '{app}' (scope '{more}'). Send an interactive authorization request for this user and resource."
            ),
        );
        error.suberror = Some("consent_required");
        return Err(error);
    }
    let enabled = world
        .tenants
        .get(&held.tenant)
        .and_then(|t| t.users.get(&held.user))
        .is_some_and(|u| u.enabled);
    if !enabled {
        return Err(EntraError::new("invalid_grant", 50_057, "The user account is disabled."));
    }
    answer(world, &held.tenant, app, &held.user, &asked, None, now)
}

/// All delegated permissions a person has with an app: their own consent and the organization's.
fn granted(world: &World, tenant: &str, app: &str, user: &str) -> BTreeSet<String> {
    let grant = world.tenants.get(tenant).and_then(|t| t.grants.get(app));
    grant.map_or_else(BTreeSet::new, |g| {
        let mut all = g.everyone.clone();
        all.extend(g.people.get(user).into_iter().flatten().cloned());
        all.extend(["openid", "profile", "email", "offline_access"].map(str::to_owned));
        all
    })
}

fn answer(
    world: &mut World,
    tenant: &str,
    app: &str,
    user: &str,
    asked: &BTreeSet<String>,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<Value, EntraError> {
    // Entra puts everything that was consented to into the token, not only what was asked for this time.
    let mut scopes = granted(world, tenant, app, user);
    scopes.retain(|s| asked.contains(s) || !matches!(s.as_str(), "openid" | "profile" | "email"));
    scopes.remove("offline_access");
    let (token, life) =
        issue_user_token(world, tenant, app, user, scopes.clone(), now).ok_or_else(unavailable)?;
    let scope: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut out = json!({
        "token_type": "Bearer", "scope": scope.join(" "), "expires_in": life, "ext_expires_in": life, "access_token": token,
    });
    if asked.contains("offline_access") {
        let text = format!("1.{}", world.hex(48));
        let expires = now.checked_add(REFRESH_LIFE).unwrap_or(now);
        let refresh = Refresh {
            tenant: tenant.to_owned(),
            app: app.to_owned(),
            user: user.to_owned(),
            scopes: asked.clone(),
            expires,
        };
        world.sign_ins.refresh.insert(text.clone(), refresh);
        out["refresh_token"] = json!(text);
    }
    if asked.contains("openid") {
        let person = world.tenants.get(tenant).and_then(|t| t.users.get(user));
        let claims = json!({
            "aud": app, "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"), "iat": now.as_second(),
            "nbf": now.as_second(), "exp": now.as_second() + 3600, "tid": tenant, "oid": user, "sub": user, "nonce": nonce,
            "name": person.map(|p| p.name.as_str()), "preferred_username": person.map(|p| p.upn.as_str()),
            "email": person.and_then(|p| p.mail.as_deref()), "ver": "2.0",
        });
        out["id_token"] = json!(sign(&claims));
    }
    Ok(out)
}

/// Between 60 and 90 minutes, as Entra draws it for each token.
fn lifetime(world: &mut World) -> i64 {
    let drawn = u16::from_str_radix(&world.hex(2), 16).unwrap_or(0);
    3600 + i64::from(drawn) % 1800
}

/// A token for a signed-in person, and its life in seconds.
pub(crate) fn issue_user_token(
    world: &mut World,
    tenant: &str,
    app: &str,
    user: &str,
    scopes: BTreeSet<String>,
    now: Timestamp,
) -> Option<(String, i64)> {
    let life = lifetime(world);
    let person = world.tenants.get(tenant)?.users.get(user)?;
    let scp: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let claims = json!({
        "aud": GRAPH, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": now.as_second(), "nbf": now.as_second(),
        "exp": now.as_second() + life, "app_displayname": world.apps.get(app).map(|a| a.name.as_str()), "appid": app,
        "idtyp": "user", "name": person.name, "oid": user, "scp": scp.join(" "), "sub": user, "tid": tenant,
        "upn": person.upn, "unique_name": person.upn, "ver": "1.0", "uti": uuid_like(tenant, now),
    });
    remember(world, &claims, tenant, app, Some(user), scopes, BTreeSet::new(), GRAPH, life, now)
}

/// A token for an app by itself, and its life in seconds.
pub(crate) fn issue_app_token(
    world: &mut World,
    tenant: &str,
    app: &str,
    resource: &str,
    now: Timestamp,
) -> Option<(String, i64)> {
    let life = lifetime(world);
    let roles = if resource == GRAPH {
        world.tenants.get(tenant)?.grants.get(app).map(|g| g.roles.clone()).unwrap_or_default()
    } else {
        BTreeSet::new()
    };
    let claims = json!({
        "aud": resource, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": now.as_second(), "nbf": now.as_second(),
        "exp": now.as_second() + life, "app_displayname": world.apps.get(app).map(|a| a.name.as_str()), "appid": app,
        "appidacr": "1", "idtyp": "app", "oid": app, "sub": app, "roles": roles, "tid": tenant, "ver": "1.0",
        "uti": uuid_like(tenant, now),
    });
    remember(world, &claims, tenant, app, None, BTreeSet::new(), roles, resource, life, now)
}

/// Makes tokens of the same second differ.
fn uuid_like(tenant: &str, now: Timestamp) -> String {
    format!("{}{tenant}", now.as_nanosecond())
}

#[expect(clippy::too_many_arguments, reason = "a token is all of this")]
fn remember(
    world: &mut World,
    claims: &Value,
    tenant: &str,
    app: &str,
    user: Option<&str>,
    scopes: BTreeSet<String>,
    roles: BTreeSet<String>,
    audience: &str,
    life: i64,
    now: Timestamp,
) -> Option<(String, i64)> {
    let text = sign(claims)?;
    let token = Token {
        tenant: tenant.to_owned(),
        app: app.to_owned(),
        user: user.map(str::to_owned),
        scopes,
        roles,
        audience: audience.to_owned(),
        expires: now.checked_add(SignedDuration::from_secs(life)).unwrap_or(now),
    };
    world.sign_ins.remember(text.clone(), token, now);
    Some((text, life))
}

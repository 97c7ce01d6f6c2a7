//! Checks that a rich notification was sent by Microsoft Graph, by the tokens that come with it.
//!
//! Graph's page on change notifications with resource data: a JWT signed by the Microsoft identity
//! platform, for our app, from the app id below. A subscription's client state alone would do for
//! basic notifications; with content, who made the content matters.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, PublicKeyUse},
};
use rialto_platform::{ReadError, Toolkit, http as calls};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::settings::Settings;

/// The app id of Microsoft Graph's change tracking.
const CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// Clocks may differ so much.
const LEEWAY_SECONDS: i64 = 300;

/// Unknown keys make us ask at most so often, known ones are asked for anew so often.
const ASKED_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(1);
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    tid: Option<String>,
    appid: Option<String>,
    azp: Option<String>,
    exp: i64,
}

/// Keys as published; those of kinds unknown to us are passed over.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, Arc<DecodingKey>>,
    asked_at: Option<Timestamp>,
}

/// Checks senders, with the issuer's keys remembered.
pub(crate) struct Senders {
    toolkit: Toolkit,
    settings: Arc<Settings>,
    keys: Mutex<Keys>,
}

impl Senders {
    pub fn new(toolkit: Toolkit, settings: Arc<Settings>) -> Self {
        Self { toolkit, settings, keys: Mutex::default() }
    }

    /// Passes if one of the tokens is Graph's for our app and this tenant, and had not ended when it
    /// was received; a batch may mix tenants, and each has a token of its own.
    pub async fn check(
        &self,
        tokens: &[String],
        tenant: &str,
        received_at: Timestamp,
    ) -> Result<(), ReadError> {
        let mut problem = "the notification carries no validation token".to_owned();
        for token in tokens.iter().take(64) {
            match self.check_one(token, tenant, received_at).await? {
                Ok(()) => return Ok(()),
                Err(reason) => problem = format!("the notification is not Graph's: {reason}"),
            }
        }
        Err(ReadError::Permanent(problem))
    }

    async fn check_one(
        &self,
        token: &str,
        tenant: &str,
        received_at: Timestamp,
    ) -> Result<Result<(), String>, ReadError> {
        let header = match decode_header(token) {
            Ok(header) if header.alg == Algorithm::RS256 => header,
            Ok(_) => return Ok(Err("its token is not signed by RS256".into())),
            Err(_) => return Ok(Err("its token is no JWT".into())),
        };
        let Some(key) = self.key(&header.kid.unwrap_or_default()).await? else {
            return Ok(Err("its token is signed by a key that the issuer does not name".into()));
        };
        let mut rules = Validation::new(Algorithm::RS256);
        // Time is checked below: it may have ended since.
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        rules.set_audience(&[&self.settings.client_id]);
        let claims = match decode::<Claims>(token, &key, &rules) {
            Ok(token) => token.claims,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let issuers = [
            format!("https://sts.windows.net/{tenant}/"),
            format!("https://login.microsoftonline.com/{tenant}/v2.0"),
            format!("{}{tenant}/v2.0", self.settings.login),
        ];
        let sender = claims.appid.or(claims.azp);
        Ok(if claims.exp.saturating_add(LEEWAY_SECONDS) < received_at.as_second() {
            Err("its token has expired".into())
        } else if !issuers.contains(&claims.iss) || claims.tid.is_some_and(|tid| tid != tenant) {
            Err("its token is another tenant's".into())
        } else if sender.as_deref() != Some(CHANGE_TRACKING) {
            Err("its token is another application's".into())
        } else {
            Ok(())
        })
    }

    async fn key(&self, id: &str) -> Result<Option<Arc<DecodingKey>>, ReadError> {
        let mut keys = self.keys.lock().await;
        let now = self.toolkit.clock.now();
        let age = keys.asked_at.map(|asked| now.duration_since(asked));
        let known = keys.by_id.get(id).cloned();
        let ask = match (&known, age) {
            (_, None) => true,
            (Some(_), Some(age)) => age > KNOWN_FOR,
            (None, Some(age)) => age > ASKED_AT_MOST_EVERY,
        };
        if !ask {
            return Ok(known);
        }
        match self.fetch().await {
            Ok(by_id) => *keys = Keys { by_id, asked_at: Some(now) },
            // Keys that were good yesterday are better than none.
            Err(_) if known.is_some() => return Ok(known),
            Err(error) => return Err(error),
        }
        Ok(keys.by_id.get(id).cloned())
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<DecodingKey>>, ReadError> {
        let transient = |reason: String| ReadError::Transient {
            reason: format!("the keys of the sign-in service cannot be read: {reason}"),
            after: None,
        };
        let mut url = self.settings.login.clone();
        url.set_path(&format!("{}common/discovery/v2.0/keys", url.path()));
        let response = self.toolkit.http.get(url).send().await;
        let response = response.map_err(|error| transient(calls::describe(&error)))?;
        if !response.status().is_success() {
            return Err(transient(format!("it answered {}", response.status())));
        }
        let body = calls::body(response).await.map_err(transient)?;
        let set: KeySet =
            serde_json::from_slice(&body).map_err(|_| transient("they are no key set".into()))?;
        Ok(set
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
            .filter(|key| matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature)))
            .filter_map(|key| {
                let id = key.common.key_id.clone()?;
                Some((id, Arc::new(DecodingKey::from_jwk(&key).ok()?)))
            })
            .collect())
    }
}

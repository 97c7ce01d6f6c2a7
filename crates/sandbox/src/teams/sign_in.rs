//! Tokens that the emulated Entra has given out, and the key that signs them.
//! Access tokens are real JWTs, but Graph knows them by looking them up: whatever was not issued here is refused.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The `appid` of Microsoft Graph's change tracking, in every `validationTokens` JWT.
pub const CHANGE_TRACKING_APP: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/// Microsoft Graph's own app id.
pub(crate) const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// What a valid access token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub tenant: String,
    pub app: String,
    /// The signed-in person; `None` for an app by itself.
    pub user: Option<String>,
    pub scopes: BTreeSet<String>,
    pub roles: BTreeSet<String>,
    pub audience: String,
    pub expires: Timestamp,
}

/// An authorization code on its way from the browser to the app.
pub(crate) struct Code {
    pub tenant: String,
    pub app: String,
    pub user: String,
    pub scopes: BTreeSet<String>,
    pub redirect_uri: String,
    pub challenge: Option<(String, String)>,
    pub nonce: Option<String>,
    pub expires: Timestamp,
    pub redeemed: bool,
}

#[derive(Clone)]
pub(crate) struct Refresh {
    pub tenant: String,
    pub app: String,
    pub user: String,
    pub scopes: BTreeSet<String>,
    pub expires: Timestamp,
}

#[derive(Default)]
pub(crate) struct SignIns {
    access: HashMap<String, Arc<Token>>,
    pub refresh: HashMap<String, Refresh>,
    pub codes: HashMap<String, Code>,
}

impl SignIns {
    /// The token that was issued under this text, expired or not.
    pub fn token(&self, text: &str) -> Option<Arc<Token>> {
        self.access.get(text).cloned()
    }

    /// Remembers an issued token; forgets long expired ones now and then.
    pub fn remember(&mut self, text: String, token: Token, now: Timestamp) {
        if self.access.len() % 4_096 == 4_095 {
            let old = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
            self.access.retain(|_, t| t.expires > old);
        }
        self.access.insert(text, Arc::new(token));
    }

    /// Ends one access token before its time.
    pub fn expire(&mut self, text: &str, now: Timestamp) {
        if let Some(token) = self.access.get_mut(text)
            && token.expires > now
        {
            Arc::make_mut(token).expires = now;
        }
    }

    /// Ends everything a person signed in to: refresh tokens too.
    pub fn revoke(&mut self, user: &str, now: Timestamp) {
        self.refresh.retain(|_, r| r.user != user);
        for token in self.access.values_mut() {
            if token.user.as_deref() == Some(user) && token.expires > now {
                Arc::make_mut(token).expires = now;
            }
        }
    }
}

/// The key behind `/discovery/v2.0/keys`: one per process, made on first use.
struct SigningKey {
    pair: RsaKeyPair,
    kid: String,
    n: String,
    e: String,
}

fn signing_key() -> Option<&'static SigningKey> {
    static KEY: OnceLock<Option<SigningKey>> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
        let public = pair.public_key();
        let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        let der = public.as_der().ok()?;
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, der.as_ref());
        let kid = URL_SAFE_NO_PAD.encode(digest.as_ref());
        Some(SigningKey { pair, kid, n, e })
    })
    .as_ref()
}

/// The JSON Web Key Set that every tenant publishes.
pub fn published_keys() -> Value {
    match signing_key() {
        Some(key) => json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid, "x5t": key.kid, "n": key.n, "e": key.e,
        }]}),
        None => json!({"keys": []}),
    }
}

/// Signs claims as a JWT with RS256; `None` only if this machine cannot make an RSA key.
pub fn sign(claims: &Value) -> Option<String> {
    let key = signing_key()?;
    let header = json!({"typ": "JWT", "alg": "RS256", "x5t": key.kid, "kid": key.kid});
    let mut text = URL_SAFE_NO_PAD.encode(header.to_string());
    text.push('.');
    text.push_str(&URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0u8; key.pair.public_modulus_len()];
    key.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
    text.push('.');
    text.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Some(text)
}

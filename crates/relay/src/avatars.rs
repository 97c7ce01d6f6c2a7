//! Addresses under which a platform fetches the picture of somebody from another platform, when
//! the picture itself needs a token. An address is unguessable and always the same, so that it can
//! be cached.

use std::fmt;

use aws_lc_rs::hmac;
use rialto_model::{ConnectionId, RemoteId};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Makes and checks such addresses. Cheap to clone.
#[derive(Clone)]
pub struct AvatarLinks {
    public_url: Url,
    key: hmac::Key,
}

/// The address was not made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not one that this Rialto made")]
pub struct BadSignature;

impl AvatarLinks {
    /// `secret` is the deployment's: addresses made before a restart stay good.
    pub fn new(public_url: Url, secret: &SecretString) -> Self {
        let base = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let derived = hmac::sign(&base, b"rialto avatar addresses");
        Self { public_url, key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }

    /// The address of an account's picture.
    pub fn url(&self, connection: ConnectionId, account: &RemoteId) -> Url {
        let mut url = self.public_url.clone();
        let signature = hex::encode(hmac::sign(&self.key, signed(connection, account).as_bytes()));
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([
                "avatars",
                &connection.to_string(),
                account.as_str(),
                &signature,
            ]);
        }
        url
    }

    /// Whether an address was made here.
    ///
    /// # Errors
    /// [`BadSignature`] when it was not.
    pub fn check(
        &self,
        connection: ConnectionId,
        account: &RemoteId,
        signature: &str,
    ) -> Result<(), BadSignature> {
        let given = hex::decode(signature).map_err(|_| BadSignature)?;
        hmac::verify(&self.key, signed(connection, account).as_bytes(), &given)
            .map_err(|_| BadSignature)
    }
}

impl fmt::Debug for AvatarLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AvatarLinks({})", self.public_url)
    }
}

// A connection's id has no `/`, so no two pairs read alike.
fn signed(connection: ConnectionId, account: &RemoteId) -> String {
    format!("{connection}/{account}")
}

#[cfg(test)]
mod tests {
    use rialto_model::ConnectionId;
    use uuid::Uuid;

    use super::*;

    fn links(secret: &str) -> AvatarLinks {
        AvatarLinks::new(Url::parse("https://rialto.test/at/").unwrap(), &secret.into())
    }

    #[test]
    fn an_address_is_good_for_one_account_and_one_deployment() {
        let (links, other) = (links("fake-key"), links("another fake key"));
        let (connection, account) = (ConnectionId::new(Uuid::from_u128(7)), "U/1 ü".into());
        let url = links.url(connection, &account);
        assert_eq!(url, links.url(connection, &account));
        let segments: Vec<_> = url.path_segments().unwrap().collect();
        assert_eq!(segments[..2], ["at", "avatars"]);
        assert_eq!(segments.len(), 5, "{url}");
        let signature = segments[4];
        assert_eq!(links.check(connection, &account, signature), Ok(()));
        assert_eq!(links.check(connection, &"U2".into(), signature), Err(BadSignature));
        assert_eq!(other.check(connection, &account, signature), Err(BadSignature));
        for wrong in ["", "00", "zz", &signature[2..]] {
            assert_eq!(links.check(connection, &account, wrong), Err(BadSignature), "{wrong}");
        }
    }
}

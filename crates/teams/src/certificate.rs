//! The certificate that Graph seals resource data for: our own, renewed, with old ones kept while
//! subscriptions name them.

use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeySize, PrivateDecryptingKey},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, date_time_ymd,
};
use rialto_platform::{Cabinet, CabinetError};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Cabinet keys begin so; the certificate's id follows.
pub(crate) const PREFIX: &str = "certificate/";

/// A certificate is used for new subscriptions so long.
const ROTATED_AFTER: SignedDuration = SignedDuration::from_hours(24 * 180);

/// Notifications may still be retried this long after the last subscription let go (Graph retries
/// for 4 hours).
const KEPT_AFTER_USE: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A certificate and its private key.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub id: String,
    pub created_at: Timestamp,
    /// When it was last seen to be named by a subscription, or made.
    pub used_at: Timestamp,
    /// DER, base64: what Graph wants.
    pub certificate: String,
    /// PKCS #8, base64.
    private_key: SecretString,
}

/// The same, readable: made for the cabinet alone, and read from it.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    created_at: Timestamp,
    used_at: Timestamp,
    certificate: String,
    private_key: String,
}

impl Certificate {
    /// Makes one: slow (an RSA key is found by trial), so not to be called on an async thread.
    pub fn generate(now: Timestamp) -> Result<Self, String> {
        let failed = |what: &'static str| move |_| format!("no certificate could be made: {what}");
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(failed("no RSA key"))?;
        let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(failed("the key has no form"))?;
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_ref().into(), &PKCS_RSA_SHA256)
            .map_err(|error| format!("no certificate could be made: {error}"))?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "Rialto change notifications");
        params.distinguished_name = name;
        let year = i32::from(now.to_zoned(TimeZone::UTC).year());
        params.not_before = date_time_ymd(year - 1, 1, 1);
        params.not_after = date_time_ymd(year + 3, 1, 1);
        let certificate = params
            .self_signed(&pair)
            .map_err(|error| format!("no certificate could be made: {error}"))?;
        let id = hex::encode(&digest::digest(&digest::SHA256, certificate.der()).as_ref()[..16]);
        Ok(Self {
            id,
            created_at: now,
            used_at: now,
            certificate: BASE64_STANDARD.encode(certificate.der()),
            private_key: BASE64_STANDARD.encode(pkcs8.as_ref()).into(),
        })
    }

    /// The private key; `None` if what was kept is no key.
    pub fn key(&self) -> Option<PrivateDecryptingKey> {
        let der = BASE64_STANDARD.decode(self.private_key.expose_secret()).ok()?;
        PrivateDecryptingKey::from_pkcs8(&der).ok()
    }

    fn sealed(&self) -> SecretString {
        let kept = Kept {
            id: self.id.clone(),
            created_at: self.created_at,
            used_at: self.used_at,
            certificate: self.certificate.clone(),
            private_key: self.private_key.expose_secret().to_owned(),
        };
        SecretString::from(serde_json::to_string(&kept).unwrap_or_default())
    }

    fn opened(kept: &SecretString) -> Option<Self> {
        let kept: Kept = serde_json::from_str(kept.expose_secret()).ok()?;
        Some(Self {
            id: kept.id,
            created_at: kept.created_at,
            used_at: kept.used_at,
            certificate: kept.certificate,
            private_key: kept.private_key.into(),
        })
    }
}

/// One certificate; `None` when we do not know it any more.
pub(crate) async fn find(
    cabinet: &dyn Cabinet,
    id: &str,
) -> Result<Option<Certificate>, CabinetError> {
    let kept = cabinet.get(&format!("{PREFIX}{id}")).await?;
    Ok(kept.as_ref().and_then(Certificate::opened))
}

/// The certificate for new subscriptions, made if there is none young enough. Those that no
/// subscription has named for a while (`in_use` are named) are forgotten.
pub(crate) async fn current(
    cabinet: &dyn Cabinet,
    in_use: &[String],
    now: Timestamp,
) -> Result<Certificate, String> {
    let mut newest: Option<Certificate> = None;
    for (key, kept) in cabinet.list(PREFIX).await.map_err(|error| error.to_string())? {
        let Some(mut certificate) = Certificate::opened(&kept) else { continue };
        let young = now.duration_since(certificate.created_at) < ROTATED_AFTER;
        let idle = now.duration_since(certificate.used_at);
        if in_use.contains(&certificate.id) && idle > SignedDuration::from_hours(24) {
            certificate.used_at = now;
            cabinet.put(&key, certificate.sealed()).await.map_err(|error| error.to_string())?;
        } else if !young && !in_use.contains(&certificate.id) && idle > KEPT_AFTER_USE {
            cabinet.remove(&key).await.map_err(|error| error.to_string())?;
            continue;
        }
        let newer = newest.as_ref().is_none_or(|found| found.created_at < certificate.created_at);
        if young && newer {
            newest = Some(certificate);
        }
    }
    if let Some(certificate) = newest {
        return Ok(certificate);
    }
    let certificate = tokio::task::spawn_blocking(move || Certificate::generate(now))
        .await
        .map_err(|error| format!("no certificate could be made: {error}"))??;
    cabinet
        .put(&format!("{PREFIX}{}", certificate.id), certificate.sealed())
        .await
        .map_err(|error| error.to_string())?;
    Ok(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rialto_platform::testing::Drawer;

    use crate::tests::now;

    #[tokio::test]
    async fn certificates_are_renewed_and_kept_while_subscriptions_name_them() {
        let cabinet = Drawer::default();
        let days = |days: i64| now() + SignedDuration::from_hours(24 * days);
        let first = current(&cabinet, &[], now()).await.unwrap();
        assert_eq!(current(&cabinet, &[], days(179)).await.unwrap().id, first.id);

        let in_use = [first.id.clone()];
        let second = current(&cabinet, &in_use, days(181)).await.unwrap();
        assert_ne!(second.id, first.id);
        assert!(find(&cabinet, &first.id).await.unwrap().unwrap().key().is_some());

        // Its last subscription moved on: it stays for what is still under way, then goes.
        assert_eq!(current(&cabinet, &[], days(185)).await.unwrap().id, second.id);
        assert!(find(&cabinet, &first.id).await.unwrap().is_some());
        current(&cabinet, &[], days(190)).await.unwrap();
        assert!(find(&cabinet, &first.id).await.unwrap().is_none());
    }

    #[test]
    fn a_certificate_is_what_graph_takes() {
        let made = Certificate::generate(now()).unwrap();
        let der = BASE64_STANDARD.decode(&made.certificate).unwrap();
        let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
        let valid = certificate.validity();
        assert!(valid.not_before.timestamp() < now().as_second());
        assert!(valid.not_after.timestamp() > (now() + ROTATED_AFTER).as_second());
        assert_eq!(made.key().unwrap().key_size_bits(), 2048);
        assert!(made.id.len() <= 128);
    }
}

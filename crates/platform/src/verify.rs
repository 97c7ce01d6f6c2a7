//! Checks that a webhook is from who it should be. Only these give a [`Proof`].

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use crate::{Refusal, WebhookRequest};

/// A check was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof(());

/// Checks a hexadecimal HMAC-SHA256 over the joined parts.
pub fn hmac_sha256_hex(key: &[u8], parts: &[&[u8]], signature: &str) -> Option<Proof> {
    hmac_hex(hmac::HMAC_SHA256, key, parts, signature)
}

/// Checks a hexadecimal HMAC-SHA1 over the joined parts (Webex signs so).
pub fn hmac_sha1_hex(key: &[u8], parts: &[&[u8]], signature: &str) -> Option<Proof> {
    hmac_hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts, signature)
}

fn hmac_hex(
    algorithm: hmac::Algorithm,
    key: &[u8],
    parts: &[&[u8]],
    signature: &str,
) -> Option<Proof> {
    let given = hex::decode(signature).ok()?;
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    bool::from(context.sign().as_ref().ct_eq(&given)).then_some(Proof(()))
}

/// A signature of version 0, with the secret over `v0:{time}:{body}`, and the time that is signed along.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The header with the signature: `v0=` and a hexadecimal HMAC-SHA256.
    pub header: &'static str,
    /// The header with the time, in seconds since 1970.
    pub time_header: &'static str,
    /// How far that may be from now, either way.
    pub window: SignedDuration,
}

impl Signature {
    /// Checks a call.
    ///
    /// # Errors
    /// 401 when it is not signed so, or too old.
    pub fn prove(
        &self,
        secret: &[u8],
        request: &WebhookRequest<'_>,
        now: Timestamp,
    ) -> Result<Proof, Refusal> {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let missing = Refusal::unproven("there is no request timestamp");
        let time = header(self.time_header).ok_or(missing)?;
        let signature = header(self.header).and_then(|value| value.strip_prefix("v0="));
        let signature = signature.ok_or(Refusal::unproven("there is no v0 signature"))?;
        if !is_recent(time, now, self.window) {
            return Err(Refusal::unproven("the request timestamp is too far off"));
        }
        let parts = [b"v0:".as_slice(), time.as_bytes(), b":", request.body];
        hmac_sha256_hex(secret, &parts, signature)
            .ok_or(Refusal::unproven("the signature does not match"))
    }
}

/// Checks a secret that the platform repeats (a subscription's `clientState`). An empty expectation
/// proves nothing.
pub fn shared_secret(expected: &str, given: &str) -> Option<Proof> {
    (!expected.is_empty() && bool::from(expected.as_bytes().ct_eq(given.as_bytes())))
        .then_some(Proof(()))
}

/// Whether a time in seconds since 1970, as text, is within `tolerance` of `now` (either way).
pub fn is_recent(seconds: &str, now: Timestamp, tolerance: SignedDuration) -> bool {
    seconds
        .parse::<i64>()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .is_some_and(|at| now.duration_since(at).abs() <= tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231 test case 2 and RFC 2202 test case 2: key "Jefe".
    const SHA256: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const SHA1: &str = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";

    #[test]
    fn a_signature_proves_only_the_bytes_it_was_made_over() {
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert!(hmac_sha256_hex(b"Jefe", &parts, SHA256).is_some());
        assert!(hmac_sha1_hex(b"Jefe", &parts, SHA1).is_some());
        assert!(hmac_sha256_hex(b"jefe", &parts, SHA256).is_none());
        assert!(hmac_sha256_hex(b"Jefe", &parts[..1], SHA256).is_none());
        assert!(hmac_sha256_hex(b"Jefe", &parts, &SHA256[..62]).is_none());
        assert!(hmac_sha256_hex(b"Jefe", &parts, "").is_none());
        assert!(hmac_sha256_hex(b"Jefe", &parts, "not hexadecimal").is_none());
    }

    #[test]
    fn an_empty_secret_proves_nothing() {
        assert!(shared_secret("", "").is_none());
        assert!(shared_secret("fake-secret", "fake-secret").is_some());
        assert!(shared_secret("fake-secret", "fake-secre").is_none());
    }

    #[test]
    fn a_time_is_recent_within_its_tolerance_either_way() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let window = SignedDuration::from_secs(300);
        for (text, recent) in [
            ("1700000000", true),
            ("1699999700", true),
            ("1699999699", false),
            ("1700000300", true),
            ("1700000301", false),
            ("", false),
            ("soon", false),
            ("99999999999999999999", false),
            ("-1", false),
            ("9223372036854775807", false),
        ] {
            assert_eq!(is_recent(text, now, window), recent, "{text}");
        }
    }
}

//! Encryption of rich notifications, as Graph does it: a fresh AES-256 key per notification, wrapped with RSA-OAEP
//! (SHA-1), the data in CBC mode with the key's first 16 bytes as IV, signed with HMAC-SHA256 under the same key.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The receiver's certificate, checked.
pub struct Certificate {
    /// What the receiver calls it.
    pub id: String,
    /// As it was sent, without line breaks or PEM lines.
    pub given: String,
    thumbprint: String,
    key: OaepPublicEncryptingKey,
}

impl Certificate {
    /// Reads base64 DER, or PEM with or without its lines.
    ///
    /// # Errors
    /// A sentence for the client.
    pub fn read(text: &str, id: &str) -> Result<Self, String> {
        let given: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .collect();
        let mut der =
            STANDARD.decode(&given).map_err(|_| "Certificate is not valid base64.".to_owned())?;
        // A whole PEM file in base64 is accepted as well.
        if der.starts_with(b"-----BEGIN") {
            return Self::read(&String::from_utf8_lossy(&der), id);
        }
        let (_, certificate) = x509_parser::parse_x509_certificate(&der)
            .map_err(|_| "Certificate is not a valid X.509 certificate.".to_owned())?;
        let key = PublicEncryptingKey::from_der(certificate.public_key().raw)
            .map_err(|_| "Certificate must contain an RSA public key.".to_owned())?;
        if !(2048..=4096).contains(&key.key_size_bits()) {
            return Err("Certificate key size must be between 2048 and 4096 bits.".to_owned());
        }
        let key = OaepPublicEncryptingKey::new(key)
            .map_err(|_| "Certificate key is unusable.".to_owned())?;
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
        let thumbprint = hex::encode_upper(thumbprint.as_ref());
        der.clear();
        Ok(Self { id: id.to_owned(), given, thumbprint, key })
    }

    /// The `encryptedContent` of a notification; `None` only if the machine has no randomness.
    pub fn seal(&self, plain: &[u8]) -> Option<Value> {
        let mut secret = [0u8; 32];
        SystemRandom::new().fill(&mut secret).ok()?;
        let mut iv = [0u8; 16];
        iv.copy_from_slice(&secret[..16]);
        let cipher =
            PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &secret).ok()?)
                .ok()?;
        let mut data = plain.to_vec();
        cipher
            .less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(iv)))
            .ok()?;
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), &data);
        let mut wrapped = vec![0u8; self.key.ciphertext_size()];
        let wrapped = self.key.encrypt(&OAEP_SHA1_MGF1SHA1, &secret, &mut wrapped, None).ok()?;
        Some(json!({
            "data": STANDARD.encode(&data),
            "dataSignature": STANDARD.encode(signature.as_ref()),
            "dataKey": STANDARD.encode(&*wrapped),
            "encryptionCertificateId": self.id,
            "encryptionCertificateThumbprint": self.thumbprint,
        }))
    }
}

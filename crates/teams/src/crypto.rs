//! Opens the resource data of rich notifications.
//!
//! Graph's page on change notifications with resource data: a 32-byte key wrapped by RSA-OAEP
//! (SHA-1), an HMAC-SHA256 by that key over the sealed bytes, and AES-256-CBC with PKCS7 whose IV
//! is the key's first 16 bytes. The HMAC is checked before anything is decrypted: without it the
//! padding would be an oracle.

use aws_lc_rs::{
    cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    hmac,
    iv::FixedLength,
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::wire::EncryptedContent;

/// Why resource data stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    #[error("the notification's data is no base64")]
    Malformed,
    #[error("the notification's key was not made for our certificate")]
    Key,
    #[error("the notification's signature is wrong")]
    Signature,
    #[error("the notification's data does not decrypt")]
    Data,
}

/// Opens the data with the certificate's private key.
pub(crate) fn open(
    content: &EncryptedContent,
    private_key: PrivateDecryptingKey,
) -> Result<Vec<u8>, SealError> {
    let decode = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| SealError::Malformed);
    let wrapped = decode(&content.data_key)?;
    let signature = decode(&content.data_signature)?;
    let mut data = decode(&content.data)?;

    let unwrapping = OaepPrivateDecryptingKey::new(private_key).map_err(|_| SealError::Key)?;
    let mut key = vec![0; unwrapping.min_output_size()];
    let key = unwrapping
        .decrypt(&OAEP_SHA1_MGF1SHA1, &wrapped, &mut key, None)
        .map_err(|_| SealError::Key)?;
    if key.len() != 32 {
        return Err(SealError::Key);
    }

    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), &data, &signature)
        .map_err(|_| SealError::Signature)?;

    let iv: [u8; 16] = key[..16].try_into().map_err(|_| SealError::Key)?;
    let cipher = UnboundCipherKey::new(&AES_256, key)
        .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
        .map_err(|_| SealError::Key)?;
    let plain = cipher
        .decrypt(&mut data, DecryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(|_| SealError::Data)?;
    Ok(plain.to_vec())
}

//! Sealing: what keeps content and tokens unreadable to whoever gets hold of the database alone.
//!
//! A sealed value is a format byte, four bytes that name the key, a nonce and AES-256-GCM's
//! ciphertext. Where the value belongs is authenticated with it, so a value that was moved to
//! another row does not open.

use std::fmt::{self, Write as _};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretBox, SecretString, zeroize::Zeroize};

use crate::StoreError;

const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
/// Format and key: what tells a value's key. Statements name it as a number.
pub(crate) const HEADER_OF_KEY: usize = 1 + KEY_ID_LEN;
const HEADER_LEN: usize = HEADER_OF_KEY + NONCE_LEN;

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 random bytes in base64 (44 characters), as `rialto keys init` writes it")]
pub struct KeyError;

/// Why a sealed value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed with a key that is not in the vault.
    #[error("it was sealed with another key")]
    UnknownKey,
    /// It was changed, cut off, moved to another place, or never was a sealed value.
    #[error("the sealed value is damaged or in the wrong place")]
    Damaged,
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownKey => Self::WrongKey,
            OpenError::Damaged => Self::Corrupt(error.to_string()),
        }
    }
}

/// The deployment's key: 32 bytes, wiped from memory when dropped, shown by nothing.
pub struct Key(SecretBox<[u8; 32]>);

impl Key {
    /// Makes a new one.
    pub fn generate(rng: &mut impl rand::CryptoRng) -> Self {
        Self(SecretBox::init_with_mut(|bytes: &mut [u8; 32]| rng.fill_bytes(bytes)))
    }

    /// Reads one as `rialto keys init` writes it; white space around it does not matter.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let mut decoded = STANDARD.decode(text.trim()).map_err(|_| KeyError)?;
        let bytes = <[u8; 32]>::try_from(&decoded[..]).map_err(|_| KeyError);
        decoded.zeroize();
        let mut bytes = bytes?;
        let key = Self(SecretBox::new(Box::new(bytes)));
        bytes.zeroize();
        Ok(key)
    }

    /// As it is written into a key file.
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.0.expose_secret()).into()
    }

    /// Names the key without telling anything of it.
    fn id(&self) -> [u8; KEY_ID_LEN] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        let tag = hmac::sign(&key, b"rialto key id");
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&tag.as_ref()[..KEY_ID_LEN]);
        id
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

struct Known {
    id: [u8; KEY_ID_LEN],
    cipher: LessSafeKey,
}

/// Seals with one key, opens with all it knows.
///
/// Nonces are random, so one key must not seal more than 2³² values (NIST SP 800-38D, 8.3): years
/// of a busy deployment; then rotate it. They come from the thread's own generator (ChaCha, seeded by
/// the system), which does not ask the system or the processor for each of them.
pub struct Vault {
    sealing: Known,
    older: Vec<Known>,
}

impl Vault {
    /// Seals and opens with `key`.
    pub fn new(key: &Key) -> Self {
        Self::with_older(key, &[])
    }

    /// Seals with `key`; opens what `older` ones sealed too.
    pub fn with_older(key: &Key, older: &[Key]) -> Self {
        let known = |key: &Key| Known {
            id: key.id(),
            cipher: UnboundKey::new(&AES_256_GCM, key.0.expose_secret())
                .map(LessSafeKey::new)
                .expect("a key of 32 bytes fits AES-256"),
        };
        Self { sealing: known(key), older: older.iter().map(known).collect() }
    }

    /// Seals a value that belongs to the place that `context` names.
    pub fn seal(&self, context: &str, plaintext: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = Vec::with_capacity(HEADER_LEN + plaintext.len() + MAX_TAG_LEN);
        sealed.extend_from_slice(&self.in_use());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let text = &mut sealed[HEADER_LEN..];
        let tag = self
            .sealing
            .cipher
            .seal_in_place_separate_tag(nonce, Aad::from(context), text)
            .expect("AES-GCM seals anything below 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// What the values begin with that are sealed with the key in use, so that a statement can tell
    /// them: [`HEADER_OF_KEY`] bytes.
    pub(crate) fn in_use(&self) -> [u8; HEADER_OF_KEY] {
        let mut header = [FORMAT; HEADER_OF_KEY];
        header[1..].copy_from_slice(&self.sealing.id);
        header
    }

    /// Seals anew, with the key in use, what any of the keys sealed for the place.
    pub(crate) fn reseal(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let mut plain = self.open(context, sealed)?;
        let sealed = self.seal(context, &plain);
        plain.zeroize();
        Ok(sealed)
    }

    /// Opens what was sealed for the same place.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (header, text) = sealed.split_at_checked(HEADER_LEN).ok_or(OpenError::Damaged)?;
        if header[0] != FORMAT {
            return Err(OpenError::Damaged);
        }
        let (id, nonce) = header[1..].split_at(KEY_ID_LEN);
        let known = std::iter::once(&self.sealing)
            .chain(&self.older)
            .find(|known| known.id == id)
            .ok_or(OpenError::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Damaged)?;
        let mut text = text.to_vec();
        let length = known
            .cipher
            .open_in_place(nonce, Aad::from(context), &mut text)
            .map_err(|_| OpenError::Damaged)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", 1 + self.older.len())
    }
}

/// More than a part's length and the signs around it take.
const LENGTH_ROOM: usize = 8;

/// Names a place: table and column, then what tells the row. Lengths keep two places apart whose
/// parts would read alike when joined.
pub(crate) fn place(table_and_column: &str, row: &[&str]) -> String {
    let room: usize = row.iter().map(|part| part.len() + LENGTH_ROOM).sum();
    let mut place = String::with_capacity(table_and_column.len() + room);
    place.push_str(table_and_column);
    for part in row {
        let _ = write!(place, "/{}:{part}", part.len());
    }
    place
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(fill: u8) -> Key {
        Key::from_base64(&STANDARD.encode([fill; 32])).unwrap()
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place_and_nowhere_else(
            text: Vec<u8>, context: String, other: String,
        ) {
            let vault = Vault::new(&key(1));
            let sealed = vault.seal(&context, &text);
            prop_assert_eq!(vault.open(&context, &sealed), Ok(text));
            if other != context {
                prop_assert_eq!(vault.open(&other, &sealed), Err(OpenError::Damaged));
            }
        }

        #[test]
        fn any_changed_bit_is_noticed(text: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
            let vault = Vault::new(&key(1));
            let mut sealed = vault.seal("here", &text);
            let at = at.index(sealed.len());
            sealed[at] ^= 1_u8 << bit;
            prop_assert!(vault.open("here", &sealed).is_err());
        }

        #[test]
        fn bytes_from_elsewhere_are_an_error(bytes: Vec<u8>) {
            prop_assert!(Vault::new(&key(1)).open("here", &bytes).is_err());
        }
    }

    #[test]
    fn the_same_text_never_seals_alike_nor_shows_through() {
        let vault = Vault::new(&key(1));
        let text = b"the merger is on Thursday";
        let (one, two) = (vault.seal("here", text), vault.seal("here", text));
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|window| window == b"merger"));
    }

    #[test]
    fn older_keys_open_and_the_new_one_seals() {
        let before = Vault::new(&key(1)).seal("here", b"old");
        let vault = Vault::with_older(&key(2), &[key(1)]);
        assert_eq!(vault.open("here", &before), Ok(b"old".to_vec()));
        let after = vault.seal("here", b"new");
        assert_eq!(Vault::new(&key(2)).open("here", &after), Ok(b"new".to_vec()));
        assert_eq!(Vault::new(&key(1)).open("here", &after), Err(OpenError::UnknownKey));
    }

    #[test]
    fn keys_survive_their_text_and_are_never_shown() {
        let key = Key::generate(&mut rand::rng());
        let text = key.to_base64();
        let again = Key::from_base64(&format!(" {}\n", text.expose_secret())).unwrap();
        assert_eq!(again.id(), key.id());
        let shown = format!("{key:?} {:?}", Vault::new(&key));
        assert_eq!(shown, "Key(…) Vault(1 keys)");
        for wrong in ["", "x", "AAAA", &STANDARD.encode([0; 31]), &STANDARD.encode([0; 33])] {
            assert_eq!(Key::from_base64(wrong).unwrap_err(), KeyError, "{wrong}");
        }
    }

    #[test]
    fn places_that_read_alike_differ() {
        assert_ne!(place("t.c", &["a/1:b"]), place("t.c", &["a", "b"]));
        assert_ne!(place("t.c", &["ab", "c"]), place("t.c", &["a", "bc"]));
    }
}

//! Types for what a vendor sends that take anything: a field that is missing, null or of another type
//! than expected has its default value. Vendors' own examples break their own schemas.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// Reads a value, or its default when it is something else.
///
/// # Errors
/// When there is no value at all, as in a text that is no JSON.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// Declares structs all of whose fields are [`lenient`], for the crate that does so.
#[macro_export]
macro_rules! wire {
    ($($(#[$doc:meta])* struct $name:ident {
        $($(#[$attribute:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        pub(crate) struct $name {
            $($(#[$attribute])*
            #[serde(default, deserialize_with = "rialto_platform::wire::lenient")]
            pub $field: $type,)*
        }
    )*};
}

/// An id or a text that may be empty: then it is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text(Option<String>);

impl Text {
    /// What it says, if it says something.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

/// A secret in an answer.
#[derive(Clone, Debug)]
pub struct Secret(pub SecretString);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(SecretString::from(String::deserialize(deserializer)?)))
    }
}

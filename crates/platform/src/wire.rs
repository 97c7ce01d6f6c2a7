//! Types for what a vendor sends that take anything: a field that is missing, null or of another type
//! than expected has its default value. Vendors' own examples break their own schemas.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// What a field can be of. Texts and values that stay as they came are read without a detour.
pub trait Lenient: Sized {
    /// Reads a value, or the default when it is something else.
    ///
    /// # Errors
    /// When there is no value at all, as in a text that is no JSON.
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// What is read as a whole, or not at all.
pub trait Whole: DeserializeOwned {}

impl<T: Whole + Default> Lenient for T {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_value(deserializer)
    }
}

fn by_value<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

impl<T: Whole> Whole for Box<T> {}

macro_rules! whole {
    ($($type:ty),*) => { $(impl Whole for $type {})* };
}
whole!(bool, u8, i64, u64, usize, Timestamp, Secret);

macro_rules! by_value {
    ($($type:ty $(, for $any:ident)?;)*) => {$(
        impl$(<$any: Whole>)? Lenient for $type {
            fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                by_value(deserializer)
            }
        }
    )*};
}
by_value! {
    Option<T>, for T;
    Vec<T>, for T;
    BTreeMap<String, T>, for T;
    BTreeMap<String, Vec<T>>, for T;
    Vec<String>;
}

impl Lenient for Option<String> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IfText)
    }
}

impl Lenient for String {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IfText).map(Option::unwrap_or_default)
    }
}

impl Lenient for Text {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Lenient::lenient(deserializer).map(Self)
    }
}

impl Lenient for Value {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl Lenient for Vec<Value> {
    fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(items) => Ok(items),
            _ => Ok(Self::new()),
        }
    }
}

/// Takes a text, and passes over anything else.
struct IfText;

impl<'de> Visitor<'de> for IfText {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(items).map(|_| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(entries).map(|_| None)
    }
}

/// Declares structs all of whose fields are [`Lenient`], for the crate that does so.
#[macro_export]
macro_rules! wire {
    ($($(#[$doc:meta])* struct $name:ident {
        $($(#[$attribute:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        pub(crate) struct $name {
            $($(#[$attribute])*
            #[serde(default, deserialize_with = "rialto_platform::wire::Lenient::lenient")]
            pub $field: $type,)*
        }

        impl rialto_platform::wire::Whole for $name {}
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: Lenient>(value: &Value) -> T {
        T::lenient(&mut serde_json::Deserializer::from_str(&value.to_string())).unwrap()
    }

    #[test]
    fn what_is_of_another_type_is_as_if_missing() {
        let all = [
            json!(null),
            json!(true),
            json!(7),
            json!(-7),
            json!(7.5),
            json!("text"),
            json!([["deep"]]),
            json!({"a": {"b": 1}}),
        ];
        for value in &all {
            let text = value.as_str().map(str::to_owned);
            assert_eq!(read::<Option<String>>(value), text, "{value}");
            assert_eq!(read::<String>(value), text.clone().unwrap_or_default(), "{value}");
            assert_eq!(read::<Text>(value), Text(text), "{value}");
            assert_eq!(read::<Value>(value), *value);
            let items = value.as_array().cloned().unwrap_or_default();
            assert_eq!(read::<Vec<Value>>(value), items, "{value}");
            assert_eq!(read::<Vec<String>>(value), Vec::<String>::new(), "{value}");
            assert_eq!(read::<i64>(value), value.as_i64().unwrap_or_default(), "{value}");
            assert_eq!(read::<Option<bool>>(value), value.as_bool(), "{value}");
        }
        let nothing = Option::<String>::lenient(&mut serde_json::Deserializer::from_str("{"));
        assert!(nothing.is_err(), "it is no JSON");
    }
}

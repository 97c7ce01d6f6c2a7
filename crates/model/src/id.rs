//! Distinct types for distinct ids, so that none can be passed for another.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id of ours.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a {kind} id: expected `{prefix}_` and 32 hexadecimal digits")]
pub struct IdError {
    text: String,
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID; new ids are version 7, so that they sort by their time.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside, as stored.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.into(), kind: $kind, prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/// One company using a Rialto.
    OrganizationId, "org", "organization");
id!(/// An application registered with a vendor: the holder of client id and signing secret.
    AppId, "app", "app");
id!(/// One authorized workspace.
    ConnectionId, "con", "connection");
id!(/// A set of conversations kept in step.
    ChannelSyncId, "syn", "channel sync");
id!(/// One conversation of a channel sync.
    EndpointId, "end", "endpoint");
id!(/// A message, wherever its copies live.
    MessageId, "msg", "message");
id!(/// A unit of outgoing work.
    DeliveryId, "dlv", "delivery");

/// The short name of a kind of network, such as `slack`: a word in URLs, files and commands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(transparent)]
pub struct PlatformId(&'static str);

impl PlatformId {
    /// Names a platform. Connectors do this once, in their manifest.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for PlatformId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// An id that a platform gave: opaque to everything but its connector. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemoteId(Arc<str>);

impl RemoteId {
    /// The id as the platform writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Rialto's own conversation with an account, by a name that no platform gives: its real id is
    /// known only to who asks the platform for it.
    pub fn direct_with(account: &Self) -> Self {
        format!("@{account}").into()
    }

    /// The account, when this is Rialto's own conversation with one.
    pub fn direct_account(&self) -> Option<Self> {
        self.0.strip_prefix('@').map(Self::from)
    }
}

impl<T: Into<Arc<str>>> From<T> for RemoteId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

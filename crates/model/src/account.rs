//! People as platforms know them.

use serde::{Deserialize, Serialize};

use crate::RemoteId;

/// Somebody's account on one connection, as its platform describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The platform's id.
    pub id: RemoteId,
    /// The name others see.
    pub name: String,
    /// The e-mail address the platform verified, lower case. Never taken from a message.
    pub email: Option<String>,
    /// A picture that anyone may fetch; `None` where the picture needs a token or there is none.
    pub avatar_url: Option<String>,
    /// What kind of account this is.
    pub kind: AccountKind,
}

/// What kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A human of the organization.
    Person,
    /// A human from elsewhere (Teams guest, Slack guest or stranger in a shared channel).
    Guest,
    /// A bot, an app, a webhook.
    Bot,
    /// An account that can no longer sign in.
    Deactivated,
}

/// Who wrote a message, as others see it there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Author {
    /// The account; `None` for things that have none (an old integration).
    pub account: Option<RemoteId>,
    /// The name shown with the message.
    pub name: String,
    /// A picture that anyone may fetch.
    pub avatar_url: Option<String>,
    /// Whether the platform marks it as an app or bot.
    pub bot: bool,
}

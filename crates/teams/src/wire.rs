//! What Graph says, as types. A field that is missing, `null` or not what it should be reads as
//! absent: unknown input is data.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

/// A value, or nothing where it is not understood.
fn soft<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// The items of a list that are understood.
fn soft_list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(items) = Value::deserialize(from)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}

/// Likewise, a value that is never shown.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(soft::<D, Option<String>>(from)?.map(SecretString::from))
}

/// Likewise, empty for nothing.
fn some_secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    Ok(secret(from)?.unwrap_or_default())
}

/// A call to the notification address.
#[derive(Deserialize)]
pub(crate) struct Batch<'a> {
    #[serde(borrow)]
    pub value: Vec<&'a RawValue>,
    #[serde(default, rename = "validationTokens", deserialize_with = "soft_list")]
    pub validation_tokens: Vec<String>,
}

/// One item of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Notification {
    #[serde(deserialize_with = "soft")]
    pub id: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub subscription_id: String,
    #[serde(deserialize_with = "soft")]
    pub change_type: String,
    #[serde(deserialize_with = "secret")]
    pub client_state: Option<SecretString>,
    #[serde(deserialize_with = "soft")]
    pub resource: String,
    #[serde(deserialize_with = "soft")]
    pub tenant_id: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub resource_data: ResourceData,
    #[serde(deserialize_with = "soft")]
    pub encrypted_content: Option<EncryptedContent>,
    #[serde(deserialize_with = "soft")]
    pub lifecycle_event: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResourceData {
    #[serde(rename = "@odata.id", deserialize_with = "soft")]
    pub odata_id: String,
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(alias = "@odata.etag", deserialize_with = "soft")]
    pub etag: Option<String>,
}

/// Resource data, sealed for our certificate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EncryptedContent {
    pub data: String,
    pub data_signature: String,
    pub data_key: String,
    pub encryption_certificate_id: String,
    pub encryption_certificate_thumbprint: String,
}

/// Part of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(crate) struct List<T> {
    #[serde(deserialize_with = "soft_list")]
    pub value: Vec<T>,
    #[serde(default, rename = "@odata.nextLink", deserialize_with = "soft")]
    pub next: Option<String>,
}

/// A message of a channel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ChatMessage {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(deserialize_with = "soft")]
    pub reply_to_id: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub message_type: String,
    #[serde(deserialize_with = "soft")]
    pub created_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "soft")]
    pub last_modified_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "soft")]
    pub last_edited_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "soft")]
    pub deleted_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "soft")]
    pub subject: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub importance: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub from: Option<IdentitySet>,
    #[serde(deserialize_with = "soft")]
    pub body: Body,
    #[serde(deserialize_with = "soft")]
    pub channel_identity: Option<ChannelIdentity>,
    #[serde(deserialize_with = "soft_list")]
    pub attachments: Vec<MessageAttachment>,
    #[serde(deserialize_with = "soft_list")]
    pub mentions: Vec<Mention>,
    #[serde(deserialize_with = "soft_list")]
    pub reactions: Vec<Reaction>,
    #[serde(deserialize_with = "soft")]
    pub event_detail: Option<EventDetail>,
    #[serde(deserialize_with = "soft_list")]
    pub replies: Vec<ChatMessage>,
    #[serde(rename = "replies@odata.nextLink", deserialize_with = "soft")]
    pub more_replies: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Body {
    #[serde(deserialize_with = "soft")]
    pub content_type: String,
    #[serde(deserialize_with = "soft")]
    pub content: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ChannelIdentity {
    #[serde(deserialize_with = "soft")]
    pub team_id: String,
    #[serde(deserialize_with = "soft")]
    pub channel_id: String,
}

/// Who or what: exactly one is set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IdentitySet {
    #[serde(deserialize_with = "soft")]
    pub user: Option<Identity>,
    #[serde(deserialize_with = "soft")]
    pub application: Option<Identity>,
    #[serde(deserialize_with = "soft")]
    pub conversation: Option<Identity>,
    #[serde(deserialize_with = "soft")]
    pub tag: Option<Identity>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Identity {
    #[serde(deserialize_with = "soft")]
    pub id: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub conversation_identity_type: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MessageAttachment {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(deserialize_with = "soft")]
    pub content_type: String,
    #[serde(deserialize_with = "soft")]
    pub content_url: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub content: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Mention {
    #[serde(deserialize_with = "soft")]
    pub id: i64,
    #[serde(deserialize_with = "soft")]
    pub mention_text: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub mentioned: Option<IdentitySet>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Reaction {
    #[serde(deserialize_with = "soft")]
    pub reaction_type: String,
    #[serde(deserialize_with = "soft")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub user: Option<IdentitySet>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct EventDetail {
    #[serde(rename = "@odata.type", deserialize_with = "soft")]
    pub odata_type: String,
    #[serde(deserialize_with = "soft_list")]
    pub members: Vec<Identity>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Team {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(deserialize_with = "soft")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub is_archived: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chat {
    #[serde(deserialize_with = "soft")]
    pub id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Channel {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(deserialize_with = "soft")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub description: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub membership_type: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub is_archived: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Member {
    #[serde(deserialize_with = "soft")]
    pub user_id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct User {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(deserialize_with = "soft")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub mail: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub user_principal_name: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub user_type: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub account_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Organization {
    #[serde(deserialize_with = "soft")]
    pub display_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DriveItem {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(rename = "eTag", deserialize_with = "soft")]
    pub e_tag: String,
    #[serde(deserialize_with = "soft")]
    pub name: String,
    #[serde(deserialize_with = "soft")]
    pub web_url: String,
    #[serde(deserialize_with = "soft")]
    pub web_dav_url: Option<String>,
    #[serde(deserialize_with = "soft")]
    pub parent_reference: ParentReference,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ParentReference {
    #[serde(deserialize_with = "soft")]
    pub drive_id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UploadSession {
    #[serde(deserialize_with = "soft")]
    pub upload_url: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Subscription {
    #[serde(deserialize_with = "soft")]
    pub id: String,
    #[serde(deserialize_with = "soft")]
    pub expiration_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "soft")]
    pub resource: String,
    #[serde(deserialize_with = "soft")]
    pub notification_url: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenAnswer {
    #[serde(deserialize_with = "some_secret")]
    pub access_token: SecretString,
    #[serde(deserialize_with = "secret")]
    pub refresh_token: Option<SecretString>,
    #[serde(deserialize_with = "secret")]
    pub id_token: Option<SecretString>,
    #[serde(deserialize_with = "soft")]
    pub expires_in: Option<i64>,
    #[serde(deserialize_with = "soft")]
    pub scope: Option<String>,
}

/// Graph's error, and the sign-in service's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorAnswer {
    pub error: Value,
    #[serde(deserialize_with = "soft")]
    pub error_description: String,
}

impl ErrorAnswer {
    /// The code, if it looks like one.
    pub fn code(&self) -> &str {
        let code = self.error.as_str().or_else(|| self.error["code"].as_str()).unwrap_or_default();
        let of_a_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if code.len() <= 64 && code.chars().all(of_a_code) { code } else { "" }
    }

    /// The sign-in service's number of what is wrong: `AADSTS50173`.
    pub fn number(&self) -> &str {
        let number = self.error_description.split(':').next().unwrap_or_default();
        match number.strip_prefix("AADSTS") {
            Some(digits) if digits.len() <= 12 && digits.bytes().all(|c| c.is_ascii_digit()) => {
                number
            }
            _ => "",
        }
    }

    /// What it wrote freely: to be understood, never to be kept.
    pub fn message(&self) -> &str {
        match self.error["message"].as_str() {
            Some(message) => message,
            // Entra appends trace ids on further lines.
            None => self.error_description.lines().next().unwrap_or_default(),
        }
    }
}

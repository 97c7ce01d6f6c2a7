//! What Webex sends, as types that take anything.

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use jiff::Timestamp;
pub(crate) use rialto_platform::wire::{Secret, Text};

rialto_platform::wire! {
    /// The body of a call to the webhook address.
    struct Call {
        resource: Text,
        event: Text,
        #[serde(rename = "orgId")]
        org_id: Text,
        data: Data,
    }

    /// What it is about: a message, a membership or a space, by ids.
    struct Data {
        id: Text,
        #[serde(rename = "roomId")]
        room_id: Text,
        #[serde(rename = "personId")]
        person_id: Text,
        #[serde(rename = "personEmail")]
        person_email: Text,
        #[serde(rename = "personDisplayName")]
        person_display_name: Text,
        #[serde(rename = "creatorId")]
        creator_id: Text,
        created: Option<Timestamp>,
        updated: Option<Timestamp>,
    }

    /// A message.
    struct Message {
        id: Text,
        #[serde(rename = "parentId")]
        parent_id: Text,
        #[serde(rename = "roomId")]
        room_id: Text,
        text: Text,
        markdown: Text,
        html: Text,
        files: Vec<String>,
        #[serde(rename = "mentionedPeople")]
        mentioned_people: Vec<String>,
        #[serde(rename = "personId")]
        person_id: Text,
        #[serde(rename = "personEmail")]
        person_email: Text,
        created: Option<Timestamp>,
        updated: Option<Timestamp>,
    }

    /// A space.
    struct Room {
        id: Text,
        title: Text,
        #[serde(rename = "type")]
        kind: Text,
        #[serde(rename = "creatorId")]
        creator_id: Text,
        created: Option<Timestamp>,
        #[serde(rename = "isLocked")]
        is_locked: bool,
        #[serde(rename = "isAnnouncementOnly")]
        is_announcement_only: bool,
        #[serde(rename = "isReadOnly")]
        is_read_only: bool,
        #[serde(rename = "isPublic")]
        is_public: bool,
        description: Text,
    }

    /// Somebody in a space.
    struct Membership {
        #[serde(rename = "isModerator")]
        is_moderator: bool,
    }

    /// A team.
    struct Team {
        id: Text,
        name: Text,
    }

    /// Somebody.
    struct Person {
        id: Text,
        emails: Vec<String>,
        #[serde(rename = "displayName")]
        display_name: Text,
        avatar: Text,
        #[serde(rename = "orgId")]
        org_id: Text,
        status: Text,
        #[serde(rename = "type")]
        kind: Text,
    }

    /// An organization.
    struct Organization {
        #[serde(rename = "displayName")]
        display_name: Text,
    }

    /// A webhook.
    struct Hook {
        id: Text,
        name: Text,
        #[serde(rename = "targetUrl")]
        target_url: Text,
        resource: Text,
        event: Text,
        filter: Text,
        secret: Option<Secret>,
        status: Text,
    }

    /// What was made.
    struct Made {
        id: Text,
    }

    /// A refusal.
    struct Refused {
        message: Text,
    }

    /// What the token endpoint gives.
    struct TokenAnswer {
        access_token: Option<Secret>,
        refresh_token: Option<Secret>,
        expires_in: Option<i64>,
        refresh_token_expires_in: Option<i64>,
        scope: Option<String>,
    }
}

/// A page of any list.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct List<T> {
    #[serde(default = "Vec::new")]
    pub items: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

/// The UUID in an id, which is base64 of `ciscospark://us/ROOM/…`; of an organization in a webhook, of
/// the UUID alone. What is no such id is itself.
pub(crate) fn uuid(id: &str) -> String {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoder = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let decoded = decoder.decode(id).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let inner = decoded.as_deref().and_then(|text| text.rsplit('/').next());
    inner.filter(|inner| !inner.is_empty()).unwrap_or(id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_has_one_name_however_it_is_written() {
        let bare = "96abc2aa-3dcc-11e5-a152-fe34819cdc9a";
        for id in [
            "OTZhYmMyYWEtM2RjYy0xMWU1LWExNTItZmUzNDgxOWNkYzlh",
            "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi85NmFiYzJhYS0zZGNjLTExZTUtYTE1Mi1mZTM0ODE5Y2RjOWE",
            "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi85NmFiYzJhYS0zZGNjLTExZTUtYTE1Mi1mZTM0ODE5Y2RjOWE=",
            bare,
        ] {
            assert_eq!(uuid(id), bare, "{id}");
        }
        assert_eq!((uuid("no id"), uuid("")), ("no id".into(), String::new()));
    }

    #[test]
    fn what_is_not_as_described_is_taken_as_missing() {
        let json =
            r#"{"resource": 7, "event": "", "data": {"id": null, "created": "soon"}, "x": 1}"#;
        let call: Call = serde_json::from_str(json).unwrap();
        assert_eq!((call.resource.get(), call.event.get()), (None, None));
        assert_eq!((call.data.id.get(), call.data.created), (None, None));
        let message: Message =
            serde_json::from_str(r#"{"files": {}, "created": "2015-10-18T14:26:16+00:00"}"#)
                .unwrap();
        assert!(message.files.is_empty());
        assert_eq!(message.created.unwrap().to_string(), "2015-10-18T14:26:16Z");
    }
}

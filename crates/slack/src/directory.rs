//! Who is there, and where: accounts and conversations.

use rialto_model::{Account, AccountKind, Conversation, ConversationKind, RemoteId};
use rialto_platform::{NewConversation, Page, ReadError, SendError, SetupError};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    api::{Api, ApiError, Identity, PAGE, next_page},
    wire::{Bot, Channel, User},
};

/// Kinds of conversations that can be kept in step.
pub(crate) const CHANNELS: &str = "public_channel,private_channel";
/// Characters of a channel's name and of its topic, at most.
const MAX_NAME: usize = 80;
const MAX_TOPIC: usize = 250;

/// An account, a user's or a bot's.
pub(crate) async fn account(api: &Api, id: &RemoteId) -> Result<Option<Account>, ReadError> {
    if id.as_str().starts_with('B') {
        let answer = api.get("bots.info", &vec![("bot", id.to_string())]).await;
        return Ok(known(answer, &["bot_not_found"])?.and_then(|answer| answer.bot).map(bot));
    }
    let answer = api.get("users.info", &vec![("user", id.to_string())]).await;
    let answer = known(answer, &["user_not_found", "user_not_visible", "users_not_found"])?;
    Ok(answer.and_then(|answer| user(&answer.user)))
}

/// The account of an e-mail address.
pub(crate) async fn account_by_email(api: &Api, email: &str) -> Result<Option<Account>, ReadError> {
    let answer = api.get("users.lookupByEmail", &vec![("email", email.to_owned())]).await;
    let answer = known(answer, &["users_not_found", "user_not_found"])?;
    Ok(answer.and_then(|answer| user(&answer.user)))
}

/// An answer, or `None` when the thing does not exist.
fn known<T>(answer: Result<T, ApiError>, missing: &[&str]) -> Result<Option<T>, ReadError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if missing.iter().any(|code| error.is(code)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn user(value: &Value) -> Option<Account> {
    let user = User::deserialize(value).ok()?;
    let profile = user.profile;
    let names = [profile.display_name, profile.real_name, user.real_name, user.name];
    let kind = match () {
        () if user.deleted => AccountKind::Deactivated,
        () if user.is_bot => AccountKind::Bot,
        () if user.is_restricted || user.is_ultra_restricted || user.is_stranger => {
            AccountKind::Guest
        }
        () => AccountKind::Person,
    };
    Some(Account {
        id: user.id.filter(|id| !id.is_empty())?.into(),
        name: names.into_iter().flatten().find(|name| !name.trim().is_empty()).unwrap_or_default(),
        // Where Slack says that the address was not confirmed, it is only claimed.
        email: profile
            .email
            .filter(|email| !email.is_empty() && user.is_email_confirmed != Some(false))
            .map(|email| email.to_lowercase()),
        avatar_url: profile.image_192.or(profile.image_72),
        kind,
    })
}

fn bot(bot: Bot) -> Account {
    Account {
        id: bot.id.unwrap_or_default().into(),
        name: bot.name.unwrap_or_default(),
        email: None,
        avatar_url: bot.icons.as_ref().and_then(crate::wire::Icons::url),
        kind: if bot.deleted { AccountKind::Deactivated } else { AccountKind::Bot },
    }
}

/// A page of channels.
pub(crate) async fn conversations(
    api: &Api,
    page: Option<&str>,
) -> Result<Page<Conversation>, ReadError> {
    let mut params = vec![
        ("types", CHANNELS.to_owned()),
        ("exclude_archived", "true".to_owned()),
        ("limit", PAGE.to_owned()),
    ];
    params.extend(page.map(|cursor| ("cursor", cursor.to_owned())));
    let answer = api.get("conversations.list", &params).await?;
    let next = next_page(&answer);
    Ok(Page { items: answer.channels.into_iter().filter_map(channel).collect(), next })
}

/// One conversation.
pub(crate) async fn conversation(
    api: &Api,
    id: &RemoteId,
) -> Result<Option<Conversation>, ReadError> {
    let answer = api.get("conversations.info", &vec![("channel", id.to_string())]).await;
    let answer = known(answer, &["channel_not_found"])?;
    Ok(answer.and_then(|answer| Channel::deserialize(&answer.channel).ok()).and_then(channel))
}

/// A conversation as Slack tells of it.
pub(crate) fn channel(channel: Channel) -> Option<Conversation> {
    let topic = [channel.topic.value, channel.purpose.value];
    Some(Conversation {
        id: channel.id.filter(|id| !id.is_empty())?.into(),
        name: channel.name_normalized.or(channel.name).unwrap_or_default(),
        kind: match () {
            () if channel.is_im => ConversationKind::Direct,
            () if channel.is_mpim => ConversationKind::Group,
            () => ConversationKind::Channel,
        },
        parent: None,
        private: channel.is_private,
        archived: channel.is_archived,
        joined: channel.is_member,
        topic: topic.into_iter().find(|text| !text.is_empty()),
    })
}

/// Makes a channel. Members that cannot be invited (deactivated, of another workspace) are left
/// out, and the log says how many: the channel is there by then.
pub(crate) async fn create(
    api: &Api,
    own: &Identity,
    new: &NewConversation,
) -> Result<Conversation, SetupError> {
    let name = fitting(&new.name);
    let params = vec![("name", name.clone()), ("is_private", new.private.to_string())];
    let answer = match api.form("conversations.create", &params).await {
        Err(error) if error.is("name_taken") => {
            return Err(SetupError::Refused(format!(
                "a channel named `{name}` exists already: connect that one, or choose another name"
            )));
        }
        result => result?,
    };
    let made = Channel::deserialize(&answer.channel).ok().and_then(channel).ok_or_else(|| {
        SetupError::Unreachable("Slack's answer does not name the new channel".into())
    })?;
    let members = new.members.iter().filter(|id| !own.is(id.as_str()));
    let members: Vec<&str> = members.map(RemoteId::as_str).collect();
    if !members.is_empty() && invite(api, &made.id, &members.join(",")).await.is_err() {
        // One who cannot be invited keeps the others out: one by one then.
        let mut left_out = 0;
        for member in &members {
            left_out += usize::from(invite(api, &made.id, member).await.is_err());
        }
        tracing::warn!(left_out, channel = %made.id, "could not be invited to a new Slack channel");
    }
    if let Some(topic) = new.topic.as_deref().filter(|topic| !topic.trim().is_empty()) {
        let topic: String = topic.chars().take(MAX_TOPIC).collect();
        let params = vec![("channel", made.id.to_string()), ("topic", topic)];
        if let Err(error) = api.form("conversations.setTopic", &params).await {
            tracing::warn!(?error, channel = %made.id, "a new Slack channel has no topic");
        }
    }
    Ok(Conversation { joined: true, topic: new.topic.clone(), ..made })
}

async fn invite(api: &Api, channel: &RemoteId, users: &str) -> Result<(), ApiError> {
    let params = vec![("channel", channel.to_string()), ("users", users.to_owned())];
    match api.form("conversations.invite", &params).await {
        Err(error) if error.is("already_in_channel") => Ok(()),
        result => result.map(drop),
    }
}

/// A name as Slack takes it: lower case letters, digits, `-` and `_`, 80 characters at most.
fn fitting(name: &str) -> String {
    let mut fit = String::new();
    for c in name.trim().trim_start_matches('#').to_lowercase().chars() {
        if c.is_alphanumeric() || c == '_' {
            fit.push(c);
        } else if !fit.ends_with('-') {
            fit.push('-');
        }
    }
    let fit: String = fit.trim_matches('-').chars().take(MAX_NAME).collect();
    let fit = fit.trim_end_matches('-');
    if fit.is_empty() { "channel".to_owned() } else { fit.to_owned() }
}

/// Becomes a member of a channel; an app can add itself to public ones only.
pub(crate) async fn join(api: &Api, id: &RemoteId) -> Result<(), SetupError> {
    let invite = || {
        SetupError::Refused(
            "the channel is private, or does not exist: somebody who is in it must type `/invite` \
             and this app's name there"
                .into(),
        )
    };
    let answer = match api.get("conversations.info", &vec![("channel", id.to_string())]).await {
        Err(error) if error.is("channel_not_found") => return Err(invite()),
        result => result?,
    };
    let channel = Channel::deserialize(&answer.channel).unwrap_or_default();
    if channel.is_archived {
        return Err(SetupError::Refused("the channel is archived: unarchive it first".into()));
    }
    if channel.is_member {
        return Ok(());
    }
    if channel.is_private {
        return Err(invite());
    }
    match api.form("conversations.join", &vec![("channel", id.to_string())]).await {
        Err(error) if error.is("method_not_supported_for_channel_type") => Err(invite()),
        result => Ok(result.map(drop)?),
    }
}

/// Opens the app's direct message with a person, or finds the one that is open.
pub(crate) async fn direct(api: &Api, account: &RemoteId) -> Result<RemoteId, SendError> {
    let params = vec![("users", account.to_string())];
    let answer = api.form("conversations.open", &params).await?;
    let opened = Channel::deserialize(&answer.channel).unwrap_or_default();
    opened
        .id
        .map(RemoteId::from)
        .ok_or_else(|| SendError::Transient("Slack's answer does not name the conversation".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_to_fit() {
        for (name, expected) in [
            ("General", "general"),
            ("#Sales & Marketing (EMEA)", "sales-marketing-emea"),
            ("Büro Köln", "büro-köln"),
            ("a_b-c", "a_b-c"),
            ("  ", "channel"),
            ("!!!", "channel"),
        ] {
            assert_eq!(fitting(name), expected, "{name:?}");
        }
        assert_eq!(fitting(&"x".repeat(200)).len(), 80);
    }

    #[test]
    fn what_an_account_is_follows_from_its_flags() {
        let read = |value: Value| user(&value).unwrap();
        let ada = read(serde_json::json!({
            "id": "U1", "name": "ada", "is_restricted": true,
            "profile": { "display_name": "", "real_name": "Ada L", "email": "Ada@Example.com" },
        }));
        assert_eq!((ada.name.as_str(), ada.kind), ("Ada L", AccountKind::Guest));
        assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
        let claimed = read(serde_json::json!({
            "id": "U2", "is_email_confirmed": false, "profile": { "email": "eve@example.com" },
        }));
        assert_eq!((claimed.email, claimed.kind), (None, AccountKind::Person));
        let gone = read(serde_json::json!({ "id": "U3", "deleted": true, "is_bot": true }));
        assert_eq!(gone.kind, AccountKind::Deactivated);
        assert_eq!(user(&Value::Null), None);
    }
}

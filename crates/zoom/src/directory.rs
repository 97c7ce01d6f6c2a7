//! Who is there, and where: accounts and channels.

use http::Method;
use rialto_model::{Account, AccountKind, Conversation, ConversationKind, RemoteId};
use rialto_platform::{NewConversation, Page, ReadError, SetupError};
use serde_json::{Value, json};

use crate::{
    api::{Api, ApiError, Identity, Query},
    people,
    wire::{Channel, List, User},
};

/// Channels of a page, as many as are given at most (*List user's channels*, *List account's public
/// channels*): to find one of our own, all are listed.
const OWN_PAGE: &str = "1000";
const PUBLIC_PAGE: &str = "20";
/// Characters of a channel's name.
const MAX_NAME: usize = 128;
/// Members that a channel can be made with, and those that can be invited at once.
const MADE_WITH: usize = 20;
const INVITED: usize = 5;

/// Pages of the list of public channels, which follow those of our own channels.
const PUBLIC: &str = "public:";

/// An account, by any of its ids or its e-mail address. Users of the account are known with picture
/// and state, where the app may see them; all others as contacts.
pub(crate) async fn account(api: &Api, id: &str) -> Result<Option<Account>, ReadError> {
    let known = match people::user(api, id).await? {
        None => people::contact(api, id).await?,
        known => known,
    };
    Ok(known.as_ref().and_then(account_of))
}

fn account_of(user: &User) -> Option<Account> {
    let names = [user.first_name.get(), user.last_name.get()].into_iter().flatten();
    let full = names.collect::<Vec<_>>().join(" ");
    let email = user.email.get().map(str::to_lowercase);
    let name =
        user.display_name.get().map(str::to_owned).or(Some(full).filter(|it| !it.is_empty()));
    Some(Account {
        id: user.id.get().or(user.member_id.get())?.into(),
        name: name.or_else(|| email.clone()).unwrap_or_default(),
        // 0: nobody has confirmed it.
        email: email.filter(|_| user.verified != Some(0)),
        avatar_url: user.pic_url.get().filter(|url| url.starts_with("http")).map(str::to_owned),
        kind: match user.status.get() {
            Some("inactive") => AccountKind::Deactivated,
            _ if user.id.get().is_none() => AccountKind::Guest,
            _ => AccountKind::Person,
        },
    })
}

/// A page of channels: those that we are in, then the public ones, if the app may see them.
pub(crate) async fn conversations(
    api: &Api,
    own: &Identity,
    page: Option<&str>,
) -> Result<Page<Conversation>, ReadError> {
    if let Some(token) = page.and_then(|page| page.strip_prefix(PUBLIC)) {
        let list = match list(api, &["chat", "channels"], PUBLIC_PAGE, token).await {
            Err(error) if error.is_forbidden() => List::default(),
            list => list?,
        };
        let next = list.next_page_token.get().map(|token| format!("{PUBLIC}{token}"));
        let joined = joined(api, own).await?;
        let items = list.channels.into_iter().filter_map(|it| conversation_of(it, false));
        let items = items.filter(|it| joined.iter().all(|known| known.id != it.id)).collect();
        return Ok(Page { items, next });
    }
    let path = ["chat", "users", own.path(), "channels"];
    let list = list(api, &path, OWN_PAGE, page.unwrap_or_default()).await?;
    let next = list.next_page_token.get().map_or_else(|| PUBLIC.to_owned(), str::to_owned);
    let items = list.channels.into_iter().filter_map(|it| conversation_of(it, true)).collect();
    Ok(Page { items, next: Some(next) })
}

/// The channels that we are in.
pub(crate) async fn joined(api: &Api, own: &Identity) -> Result<Vec<Conversation>, ApiError> {
    let mut joined = Vec::new();
    let mut token = String::new();
    loop {
        let path = ["chat", "users", own.path(), "channels"];
        let list = list(api, &path, OWN_PAGE, &token).await?;
        joined.extend(list.channels.into_iter().filter_map(|it| conversation_of(it, true)));
        match list.next_page_token.get() {
            // A page that names itself would never end.
            Some(next) if next != token => token = next.to_owned(),
            _ => return Ok(joined),
        }
    }
}

async fn list(api: &Api, path: &[&str], size: &str, token: &str) -> Result<List, ApiError> {
    let mut query: Query<'_> = vec![("page_size", size.to_owned())];
    if !token.is_empty() {
        query.push(("next_page_token", token.to_owned()));
    }
    api.get(path, &query).await
}

/// One channel; whether we are in it is in our list alone.
pub(crate) async fn conversation(
    api: &Api,
    own: &Identity,
    id: &RemoteId,
) -> Result<Option<Conversation>, ReadError> {
    if let Some(known) = joined(api, own).await?.into_iter().find(|known| known.id == *id) {
        return Ok(Some(known));
    }
    match api.get(&["chat", "channels", id.as_str()], &Vec::new()).await {
        Err(error) if error.is_gone() || error.is_forbidden() => Ok(None),
        channel => Ok(conversation_of(channel?, false)),
    }
}

/// A channel as Zoom tells of it. It does not tell who archived one: events do.
fn conversation_of(channel: Channel, joined: bool) -> Option<Conversation> {
    Some(Conversation {
        id: channel.id.get()?.into(),
        name: channel.name,
        // 1 and 2 are private channels, 3 and 5 public ones, 4 is a chat that has grown.
        kind: if channel.kind == 4 { ConversationKind::Group } else { ConversationKind::Channel },
        parent: None,
        private: !matches!(channel.kind, 3 | 5),
        archived: false,
        joined,
        topic: None,
    })
}

/// Makes a channel for people of this account. Members who cannot be invited are left out, and the
/// log says how many: the channel is there by then.
pub(crate) async fn create(
    api: &Api,
    own: &Identity,
    new: &NewConversation,
) -> Result<Conversation, SetupError> {
    let name: String = new.name.trim().trim_start_matches('#').chars().take(MAX_NAME).collect();
    let name = if name.trim().is_empty() { "channel".to_owned() } else { name };
    let mut members = Vec::new();
    for id in new.members.iter().filter(|id| !own.is(id.as_str())) {
        let found = account(api, id.as_str()).await.ok().flatten();
        members.extend(found.and_then(|found| found.email).map(|email| json!({ "email": email })));
    }
    let kind = if new.private { 2 } else { 3 };
    let first = members.len().min(MADE_WITH);
    let body = json!({ "name": name, "type": kind, "members": members[..first] });
    let made: Result<Channel, _> =
        api.send(Method::POST, &["chat", "users", own.path(), "channels"], &body).await;
    let made = match made {
        Err(error) if error.is_taken() => {
            return Err(SetupError::Refused(format!(
                "a channel named `{name}` exists already: connect that one, or choose another name"
            )));
        }
        made => conversation_of(made?, true),
    };
    let made = made.ok_or_else(|| {
        SetupError::Unreachable("Zoom's answer does not name the new channel".into())
    })?;
    let mut left_out = new.members.len().saturating_sub(members.len());
    for some in members[first..].chunks(INVITED) {
        if invite(api, &made.id, some).await.is_err() {
            left_out += some.len();
        }
    }
    if left_out > 0 {
        tracing::warn!(left_out, channel = %made.id, "not everybody is in a new Zoom channel");
    }
    Ok(Conversation { name, private: new.private, ..made })
}

async fn invite(api: &Api, channel: &RemoteId, members: &[Value]) -> Result<(), ApiError> {
    let path = ["chat", "channels", channel.as_str(), "members"];
    api.send::<Value>(Method::POST, &path, &json!({ "members": members })).await.map(drop)
}

/// Becomes a member of a channel: of public ones by oneself, of others by whoever is in it.
pub(crate) async fn join(api: &Api, own: &Identity, id: &RemoteId) -> Result<(), SetupError> {
    let Some(channel) = conversation(api, own, id).await? else {
        return Err(SetupError::Refused(to_be_added(own)));
    };
    if channel.joined {
        return Ok(());
    }
    let done = if own.acted_for {
        invite(api, id, &[json!({ "email": own.email })]).await
    } else {
        let path = ["chat", "channels", id.as_str(), "members", "me"];
        // It takes no body (*Join a channel*).
        api.call::<Value>(Method::POST, &path, &Vec::new(), None).await.map(drop)
    };
    match done {
        Err(ApiError::Refused { .. }) => Err(SetupError::Refused(to_be_added(own))),
        done => Ok(done?),
    }
}

/// What is to be done where we cannot come in by ourselves.
pub(crate) fn to_be_added(own: &Identity) -> String {
    let who = if own.email.is_empty() { &own.name } else { &own.email };
    format!(
        "the channel is private, or does not exist: somebody who is in it must add the service user \
         ({who}) to it"
    )
}

//! Who is there, and where: accounts, spaces, teams.

use http::{Method, StatusCode};
use rialto_model::{Account, AccountKind, Conversation, ConversationKind, RemoteId};
use rialto_platform::{NewConversation, Page, ReadError, SetupError};
use serde_json::{Value, json};

use crate::{
    api::{Api, ApiError, Identity, Query},
    wire::{self, List, Membership, Person, Room, Team},
};

/// Things of a page at most.
const PAGE: &str = "1000";
/// Characters of a space's name.
const MAX_NAME: usize = 128;
/// What a public space says of itself when nobody says more; it must say something.
const DESCRIPTION: &str = "Made by Rialto";

/// Pages of the list of public spaces, which follow those that we are in.
const PUBLIC: &str = "public:";

/// An account.
pub(crate) async fn account(
    api: &Api,
    own: &Identity,
    id: &RemoteId,
) -> Result<Option<Account>, ReadError> {
    match api.get::<Person>(&["people", id.as_str()], &Vec::new()).await {
        Err(error) if error.is_gone() || error.is_bad() => Ok(None),
        person => Ok(account_of(&person?, own)),
    }
}

/// Whoever signs in with an e-mail address. A bot is nobody's other account.
pub(crate) async fn account_by_email(
    api: &Api,
    own: &Identity,
    email: &str,
) -> Result<Option<Account>, ReadError> {
    let query: Query<'_> = vec![("email", email.to_owned())];
    let people: List<Person> = match api.get(&["people"], &query).await {
        // What is no address is nobody's.
        Err(error) if error.is_bad() => List::default(),
        people => people?,
    };
    let mut accounts = people.items.iter().filter_map(|person| account_of(person, own));
    Ok(accounts.find(|it| {
        it.kind != AccountKind::Bot
            && it.email.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(email))
    }))
}

fn account_of(person: &Person, own: &Identity) -> Option<Account> {
    let email = person.emails.first().map(|email| email.to_lowercase());
    let ours = person.org_id.get().is_some_and(|org| wire::uuid(org) == own.org);
    Some(Account {
        id: person.id.get()?.into(),
        name: person.display_name.get().or(email.as_deref()).unwrap_or_default().to_owned(),
        avatar_url: person.avatar.get().filter(|url| url.starts_with("https:")).map(str::to_owned),
        kind: match (person.kind.get(), person.status.get()) {
            (Some("bot"), _) => AccountKind::Bot,
            (_, Some("inactive")) => AccountKind::Deactivated,
            _ if ours => AccountKind::Person,
            _ => AccountKind::Guest,
        },
        email,
    })
}

/// A page of spaces: those that we are in, then the organization's public ones.
pub(crate) async fn conversations(
    api: &Api,
    page: Option<&str>,
) -> Result<Page<Conversation>, ReadError> {
    let first: Query<'_> = vec![("type", "group".to_owned()), ("max", PAGE.to_owned())];
    let Some(query) = page.and_then(|page| page.strip_prefix(PUBLIC)) else {
        let listed = match page {
            None => api.list(&["rooms"], &first).await?,
            Some(query) => api.list_on(&["rooms"], query).await?,
        };
        let next = listed.next.or_else(|| Some(PUBLIC.to_owned()));
        let items = listed.items.iter().filter_map(|room| conversation_of(room, true)).collect();
        return Ok(Page { items, next });
    };
    let public: Query<'_> = vec![("orgPublicSpaces", "true".to_owned()), ("max", PAGE.to_owned())];
    let listed = match query {
        "" => api.list(&["rooms"], &public).await,
        query => api.list_on(&["rooms"], query).await,
    };
    let listed = match listed {
        // Organizations may have no public spaces.
        Err(ApiError::Refused { .. }) => return Ok(Page { items: Vec::new(), next: None }),
        listed => listed?,
    };
    let joined: Vec<Room> = api.all(&["rooms"], &first).await?;
    let is_joined = |room: &Room| joined.iter().any(|known| known.id == room.id);
    let others = listed.items.iter().filter(|room| !is_joined(room));
    let items = others.filter_map(|room| conversation_of(room, false)).collect();
    Ok(Page { items, next: listed.next.map(|next| format!("{PUBLIC}{next}")) })
}

/// One space; `None` when it does not exist, or we cannot see it.
pub(crate) async fn room(api: &Api, id: &str) -> Result<Option<Room>, ApiError> {
    match api.get(&["rooms", id], &Vec::new()).await {
        Err(error) if error.is_gone() || error.is_bad() => Ok(None),
        Err(error) if error.status() == Some(StatusCode::FORBIDDEN) => Ok(None),
        room => room.map(Some),
    }
}

/// Our membership of a space; `None` when we are not in it.
pub(crate) async fn membership(
    api: &Api,
    own: &Identity,
    room: &str,
) -> Result<Option<Membership>, ApiError> {
    let query: Query<'_> = vec![("roomId", room.to_owned()), ("personId", own.person_id.clone())];
    match api.list(&["memberships"], &query).await {
        Err(ApiError::Refused { .. }) => Ok(None),
        listed => Ok(listed?.items.into_iter().next()),
    }
}

/// One space, and whether we are in it.
pub(crate) async fn conversation(
    api: &Api,
    own: &Identity,
    id: &RemoteId,
) -> Result<Option<Conversation>, ReadError> {
    let Some(room) = room(api, id.as_str()).await? else { return Ok(None) };
    let joined = membership(api, own, id.as_str()).await?.is_some();
    Ok(conversation_of(&room, joined))
}

/// A space as Webex tells of it.
pub(crate) fn conversation_of(room: &Room, joined: bool) -> Option<Conversation> {
    let direct = room.kind.get() == Some("direct");
    Some(Conversation {
        id: room.id.get()?.into(),
        name: room.title.get().unwrap_or_default().to_owned(),
        kind: if direct { ConversationKind::Direct } else { ConversationKind::Channel },
        parent: None,
        private: !room.is_public,
        archived: room.is_read_only,
        joined,
        topic: room.description.get().map(str::to_owned),
    })
}

/// The teams that the service user is in; none where the integration may not see them.
pub(crate) async fn teams(api: &Api) -> Result<Vec<(RemoteId, String)>, ReadError> {
    let query: Query<'_> = vec![("max", PAGE.to_owned())];
    let teams: Vec<Team> = match api.all(&["teams"], &query).await {
        Err(ApiError::Refused { .. }) => Vec::new(),
        teams => teams?,
    };
    let named = teams.iter().filter_map(|team| {
        let id = team.id.get()?;
        Some((id.into(), team.name.get().unwrap_or(id).to_owned()))
    });
    Ok(named.collect())
}

/// Makes a space. Members who cannot be invited are left out, and the log says how many: the space is
/// there by then.
pub(crate) async fn create(
    api: &Api,
    own: &Identity,
    new: &NewConversation,
) -> Result<Conversation, SetupError> {
    let name: String = new.name.trim().trim_start_matches('#').chars().take(MAX_NAME).collect();
    let name = if name.trim().is_empty() { "space".to_owned() } else { name };
    let mut body = json!({ "title": name });
    if let Some(team) = &new.parent {
        body["teamId"] = json!(team);
    }
    if !new.private {
        body["isPublic"] = json!(true);
        body["description"] = json!(new.topic.as_deref().unwrap_or(DESCRIPTION));
    }
    let made: Room = api.send(Method::POST, &["rooms"], &body).await?;
    let made = conversation_of(&made, true).ok_or_else(|| {
        SetupError::Unreachable("Webex's answer does not name the new space".into())
    })?;
    let mut left_out = 0;
    for member in new.members.iter().filter(|member| !own.is(member.as_str())) {
        let body = json!({ "roomId": made.id, "personId": member });
        match api.send::<Value>(Method::POST, &["memberships"], &body).await {
            Err(error) if !error.is_so_already() => left_out += 1,
            _ => {}
        }
    }
    if left_out > 0 {
        tracing::warn!(left_out, space = %made.id, "not everybody is in a new Webex space");
    }
    Ok(made)
}

/// Sees that we are in a space and may post there. Into a public one we may come by ourselves.
pub(crate) async fn join(api: &Api, own: &Identity, id: &RemoteId) -> Result<(), SetupError> {
    let Some(room) = room(api, id.as_str()).await? else {
        return Err(SetupError::Refused(to_be_added(own, false)));
    };
    let member = match membership(api, own, id.as_str()).await? {
        Some(member) => member,
        None => {
            let body = json!({ "roomId": id, "personId": own.person_id });
            match api.send(Method::POST, &["memberships"], &body).await {
                Err(ApiError::Refused { .. }) => {
                    return Err(SetupError::Refused(to_be_added(own, room.is_locked)));
                }
                member => member?,
            }
        }
    };
    match hindered(&room, &member, own) {
        Some(reason) => Err(SetupError::Refused(reason)),
        None => Ok(()),
    }
}

/// Why we may not post where we are, and the mend.
pub(crate) fn hindered(room: &Room, member: &Membership, own: &Identity) -> Option<String> {
    if room.is_read_only {
        return Some("the space, or its team, is archived: restore it in Webex".to_owned());
    }
    (room.is_announcement_only && !member.is_moderator).then(|| {
        format!(
            "only moderators may post in this announcement space: a moderator must make the service \
             user {} one too, or switch the announcement mode off",
            own.words()
        )
    })
}

/// What is to be done where we cannot come in by ourselves.
pub(crate) fn to_be_added(own: &Identity, moderated: bool) -> String {
    let who = own.words();
    if moderated {
        return format!(
            "the space is moderated: a moderator must add the service user {who} to it"
        );
    }
    format!(
        "the space does not exist, or somebody who is in it must add the service user {who} to it"
    )
}

//! Filling in what a webhook leaves out: names and pictures of those it names by id only.

use rialto_model::{
    Account, AccountKind, Author, ConnectionId, Event, EventKind, Inline, MentionTarget,
};
use rialto_platform::{Connection, ReadError};

use crate::people::People;

/// What somebody is called whom nobody knows. A raw id is never shown.
const NOBODY: &str = "Unknown person";
const NOWHERE: &str = "unknown-channel";

/// Completes an event.
pub(crate) async fn complete(
    event: &mut Event,
    connection: ConnectionId,
    live: &dyn Connection,
    people: &People,
) -> Result<(), ReadError> {
    match &mut event.kind {
        EventKind::Message(state) => {
            author(&mut state.author, connection, live, people).await?;
            let mut names = Vec::new();
            state.content.text.for_each_line(&mut |line| {
                for inline in line {
                    if let Inline::Mention(mention) = inline
                        && mention.name.is_empty()
                    {
                        names.push(mention.target.clone());
                    }
                }
            });
            if names.is_empty() {
                return Ok(());
            }
            let mut found = Vec::with_capacity(names.len());
            for target in names {
                found.push(name_of(&target, connection, live, people).await?);
            }
            let mut found = found.into_iter();
            state.content.text.for_each_line(&mut |line| {
                for inline in line {
                    if let Inline::Mention(mention) = inline
                        && mention.name.is_empty()
                    {
                        mention.name = found.next().unwrap_or_default();
                    }
                }
            });
            Ok(())
        }
        EventKind::Membership { author: who, .. } => author(who, connection, live, people).await,
        _ => Ok(()),
    }
}

async fn author(
    author: &mut Author,
    connection: ConnectionId,
    live: &dyn Connection,
    people: &People,
) -> Result<(), ReadError> {
    if let Some(id) = &author.account
        && (!is_named(author) || author.avatar_url.is_none())
    {
        match people.account(connection, live, id).await {
            Ok(Some(account)) => fill(author, &account),
            Ok(None) => {}
            // A picture is not worth waiting for.
            Err(_) if is_named(author) => {}
            Err(error) => return Err(error),
        }
    }
    if author.name.is_empty() {
        author.name = NOBODY.into();
    }
    Ok(())
}

/// Whether the event says what its author is called. An e-mail address is shown only where nobody says more.
fn is_named(author: &Author) -> bool {
    let (who, domain) = author.name.split_once('@').unwrap_or_default();
    let is_address = !who.is_empty() && domain.contains('.') && !author.name.contains(' ');
    !author.name.is_empty() && !is_address
}

fn fill(author: &mut Author, account: &Account) {
    if !is_named(author) && !account.name.is_empty() {
        author.name.clone_from(&account.name);
    }
    if author.avatar_url.is_none() {
        author.avatar_url.clone_from(&account.avatar_url);
    }
    author.bot |= account.kind == AccountKind::Bot;
}

async fn name_of(
    target: &MentionTarget,
    connection: ConnectionId,
    live: &dyn Connection,
    people: &People,
) -> Result<String, ReadError> {
    let known = |name: Option<String>, fallback: &str| name.unwrap_or_else(|| fallback.to_owned());
    match target {
        MentionTarget::Account(id) => {
            let account = people.account(connection, live, id).await?;
            Ok(known(account.map(|account| account.name.clone()), NOBODY))
        }
        MentionTarget::Conversation(id) => {
            let conversation = match live.conversation(id).await {
                // What can never be read is nothing; what may be read later is waited for.
                Err(ReadError::Permanent(_)) => None,
                conversation => conversation?,
            };
            Ok(known(conversation.map(|it| it.name), NOWHERE))
        }
        MentionTarget::Group(_) => Ok("group".to_owned()),
        MentionTarget::Everyone(_) => Ok("channel".to_owned()),
    }
}

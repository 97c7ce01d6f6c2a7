//! What follows from an event: pure, so that every rule can be read and tried by itself.

use jiff::{SignedDuration, Timestamp};
use rialto_model::{
    Author, Capabilities, ChannelSync, ConnectionId, Content, ConversationRef, DeliveryId, Emoji,
    Endpoint, Event, EventKind, Feature, Inline, MessageId, MessageState, ReactionState, RemoteId,
    Revision, RichText, Style, Support, Work,
};
use rialto_store::{Change, MessageView, NewDelivery, Plan, Reactor};
use uuid::Uuid;

/// How far a platform's clock may be behind ours when it is asked whether a message is older than
/// its channel sync.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(10);

/// What is known when an event is planned.
pub struct Scene<'a> {
    /// The channel sync of the conversation.
    pub sync: &'a ChannelSync,
    /// The conversation's endpoint in it.
    pub here: &'a Endpoint,
    /// What the message that the event is about is to us.
    pub known: Option<&'a MessageView>,
    /// Likewise, the message that began its thread.
    pub root: Option<&'a MessageView>,
    /// What the platform of a connection can do.
    pub capabilities: &'a dyn Fn(ConnectionId) -> Option<&'a Capabilities>,
    /// Now.
    pub now: Timestamp,
    /// Makes ids.
    pub ids: &'a dyn Fn() -> Uuid,
}

/// Decides about an event. Signals are not planned: the relay acts upon them.
pub fn plan(event: &Event, scene: &Scene<'_>) -> Plan {
    if !scene.here.direction.hears() {
        return dropped("this endpoint is only written to");
    }
    match &event.kind {
        EventKind::Message(state) => message(event, state, scene),
        EventKind::Deleted { message } => deleted(event, message, scene),
        EventKind::Reaction { message, account, emoji, present } => {
            let state = ReactionState { account: account.clone(), emoji: emoji.clone() };
            reactions(event, message, &[(state, *present)], scene)
        }
        EventKind::Reactions { message, reactions: now_there } => {
            let changes = difference(message, now_there, scene);
            reactions(event, message, &changes, scene)
        }
        EventKind::Membership { author, joined } => membership(event, author, *joined, scene),
        EventKind::Ignored { reason } => dropped(reason),
        EventKind::Signal(_) => Plan::default(),
    }
}

/// A plan that relays nothing.
pub(crate) fn dropped(reason: &str) -> Plan {
    Plan { drops: vec![reason.to_owned()], ..Plan::default() }
}

fn message(event: &Event, state: &MessageState, scene: &Scene<'_>) -> Plan {
    match scene.known {
        Some(known) if !is_original(known, &scene.here.at, &state.id) => dropped("own post"),
        Some(known) if known.deleted => dropped("already deleted"),
        Some(known) if state.revision <= known.revision => dropped("already known"),
        Some(known) => Plan {
            changes: vec![Change::Revised { message: known.id, revision: state.revision }],
            deliveries: to_others(event.at, known.id, scene, || Work::Edit {
                author: state.author.clone(),
                content: state.content.clone(),
                // Its copies stay where they were posted, whatever is known of the root by now.
                thread: known.thread,
                broadcast: state.broadcast,
                orphan: state.thread.is_some() && known.thread.is_none(),
                revision: state.revision,
            }),
            drops: Vec::new(),
        },
        None if is_older(state.posted_at, scene.here.since) => {
            dropped("older than the channel sync")
        }
        None => {
            let id = MessageId::new((scene.ids)());
            let old_root = old_root(state, scene);
            let thread = scene.root.map(|root| root.id).or(old_root.as_ref().map(|it| it.0));
            // What is first heard of as it was edited was said before.
            let deliveries = to_others(state.posted_at, id, scene, || Work::Post {
                author: state.author.clone(),
                content: state.content.clone(),
                thread,
                broadcast: state.broadcast,
                orphan: state.thread.is_some() && thread.is_none(),
            });
            let mut changes: Vec<_> = old_root.into_iter().map(|(_, change)| change).collect();
            changes.push(Change::NewMessage {
                id,
                origin: scene.here.at.clone(),
                remote: state.id.clone(),
                revision: state.revision,
                author: state.author.account.clone(),
                thread,
                posted_at: state.posted_at,
                deleted: false,
            });
            Plan { changes, deliveries, drops: Vec::new() }
        }
    }
}

/// The root of a thread that is older than the channel sync: it is never relayed, but what is said in
/// its thread must be found there.
fn old_root(state: &MessageState, scene: &Scene<'_>) -> Option<(MessageId, Change)> {
    let (None, Some(remote)) = (scene.root, &state.thread) else { return None };
    let posted_at = state.thread_began.filter(|began| is_older(*began, scene.here.since))?;
    let id = MessageId::new((scene.ids)());
    let change = Change::NewMessage {
        id,
        origin: scene.here.at.clone(),
        remote: remote.clone(),
        revision: Revision::LAST,
        author: None,
        thread: None,
        posted_at,
        deleted: false,
    };
    Some((id, change))
}

/// Whether a message is known only as the root of a thread.
fn is_only_a_root(known: &MessageView) -> bool {
    known.revision == Revision::LAST
}

fn deleted(event: &Event, remote: &RemoteId, scene: &Scene<'_>) -> Plan {
    match scene.known {
        None => Plan {
            // Its post may still come: then it is known to be gone.
            changes: vec![Change::NewMessage {
                id: MessageId::new((scene.ids)()),
                origin: scene.here.at.clone(),
                remote: remote.clone(),
                revision: Revision::default(),
                author: None,
                thread: None,
                posted_at: event.at,
                deleted: true,
            }],
            deliveries: Vec::new(),
            drops: vec!["deletion of a message that was not relayed".into()],
        },
        Some(known) if known.deleted => dropped("already deleted"),
        Some(known) if !is_original(known, &scene.here.at, remote) => {
            dropped("a copy was deleted, not the original")
        }
        Some(known) if is_only_a_root(known) => Plan {
            changes: vec![Change::Deleted { message: known.id }],
            deliveries: Vec::new(),
            drops: vec!["deletion of a message that was not relayed".into()],
        },
        Some(known) => Plan {
            changes: vec![Change::Deleted { message: known.id }],
            deliveries: to_others(event.at, known.id, scene, || Work::Delete),
            drops: Vec::new(),
        },
    }
}

/// What changed between the reactions that are known of this copy and those that are there now.
fn difference(
    remote: &RemoteId,
    now_there: &[ReactionState],
    scene: &Scene<'_>,
) -> Vec<(ReactionState, bool)> {
    let known: Vec<ReactionState> = scene
        .known
        .iter()
        .flat_map(|known| &known.reactors)
        .filter(|it| it.present && it.at == scene.here.at && it.remote == *remote)
        .map(|it| ReactionState { account: it.account.clone(), emoji: it.emoji.clone() })
        .collect();
    let gone = known.iter().filter(|it| !now_there.contains(it)).map(|it| (it.clone(), false));
    let new = now_there.iter().filter(|it| !known.contains(it)).map(|it| (it.clone(), true));
    gone.chain(new).collect()
}

fn reactions(
    event: &Event,
    remote: &RemoteId,
    changes: &[(ReactionState, bool)],
    scene: &Scene<'_>,
) -> Plan {
    let Some(known) = scene.known else {
        return if changes.is_empty() {
            Plan::default()
        } else {
            dropped("reaction on a message that was not relayed")
        };
    };
    if known.deleted {
        return if changes.is_empty() {
            Plan::default()
        } else {
            dropped("reaction on a deleted message")
        };
    }
    let mut plan = Plan::default();
    let mut reactors = known.reactors.clone();
    for (state, present) in changes {
        let same = |it: &&mut Reactor| {
            it.at == scene.here.at
                && it.remote == *remote
                && it.account == state.account
                && it.emoji == state.emoji
        };
        // One that crossed while they were on is taken back nevertheless.
        let crossed = reactors.iter_mut().any(|it| same(&it) && it.present);
        if !scene.sync.settings.reactions && (*present || !crossed) {
            plan.drops.push("reactions are switched off".into());
            continue;
        }
        let before = reactors.clone();
        match reactors.iter_mut().find(same) {
            Some(reactor) if reactor.changed_at > event.at => {
                plan.drops.push("reaction older than what is known".into());
                continue;
            }
            Some(reactor) if reactor.present == *present => {
                plan.drops.push("already known".into());
                continue;
            }
            Some(reactor) => {
                reactor.present = *present;
                reactor.changed_at = event.at;
            }
            None => reactors.push(Reactor {
                at: scene.here.at.clone(),
                remote: remote.clone(),
                account: state.account.clone(),
                emoji: state.emoji.clone(),
                present: *present,
                changed_at: event.at,
            }),
        }
        plan.changes.push(Change::Reaction {
            message: known.id,
            reactor: Reactor {
                at: scene.here.at.clone(),
                remote: remote.clone(),
                account: state.account.clone(),
                emoji: state.emoji.clone(),
                present: *present,
                changed_at: event.at,
            },
        });
        if is_only_a_root(known) {
            plan.drops.push("reaction on a message that was not relayed".into());
            continue;
        }
        for endpoint in others(scene) {
            let seen = shown(&before, &state.emoji, &endpoint.at);
            let shall_be_seen = shown(&reactors, &state.emoji, &endpoint.at);
            if seen == shall_be_seen {
                continue;
            }
            if let Some(reason) = refuses(&state.emoji, shall_be_seen, endpoint, scene) {
                plan.drops.push(reason);
                continue;
            }
            let emoji = state.emoji.clone();
            let work = if shall_be_seen { Work::React { emoji } } else { Work::Unreact { emoji } };
            plan.deliveries.push(delivery(event.at, known.id, endpoint, work, scene));
        }
    }
    plan
}

/// Whether our reaction with this emoji is shown at a conversation: while anybody elsewhere has one.
pub(crate) fn shown(reactors: &[Reactor], emoji: &Emoji, at: &ConversationRef) -> bool {
    reactors.iter().any(|reactor| reactor.present && reactor.emoji == *emoji && reactor.at != *at)
}

/// Why a reaction does not come to an endpoint, or does not go.
fn refuses(emoji: &Emoji, present: bool, endpoint: &Endpoint, scene: &Scene<'_>) -> Option<String> {
    let capabilities = (scene.capabilities)(endpoint.at.connection)?;
    // One that came while the setting was on goes nevertheless.
    if capabilities.reactions_in_replies && present && !scene.sync.settings.reaction_replies {
        return Some("reaction where there are none: replies for them are switched off".into());
    }
    let feature = match emoji {
        Emoji::Unicode(_) => Feature::Reaction,
        Emoji::Custom(_) => Feature::CustomReaction,
    };
    match capabilities.abilities.of(feature).shown {
        Support::None(reason) => Some(format!("reaction not possible there: {reason}")),
        Support::Native | Support::Emulated(_) => None,
    }
}

fn membership(event: &Event, author: &Author, joined: bool, scene: &Scene<'_>) -> Plan {
    if !scene.sync.settings.memberships {
        return dropped("joins and leaves are not relayed");
    }
    if scene.known.is_some() {
        return dropped("already known");
    }
    if is_older(event.at, scene.here.since) {
        return dropped("older than the channel sync");
    }
    let id = MessageId::new((scene.ids)());
    let words = if joined { "joined the channel" } else { "left the channel" };
    let italic = Style { italic: true, ..Style::PLAIN };
    let content = Content {
        text: RichText {
            blocks: vec![rialto_model::Block::Paragraph(vec![Inline::styled(words, italic)])],
        },
        attachments: Vec::new(),
    };
    Plan {
        changes: vec![Change::NewMessage {
            id,
            origin: scene.here.at.clone(),
            remote: membership_id(event, author, joined),
            revision: Revision::default(),
            author: author.account.clone(),
            thread: None,
            posted_at: event.at,
            deleted: false,
        }],
        deliveries: to_others(event.at, id, scene, || Work::Post {
            author: author.clone(),
            content: content.clone(),
            thread: None,
            broadcast: false,
            orphan: false,
        }),
        drops: Vec::new(),
    }
}

/// What a join or leave is known by, so that it is told once.
pub(crate) fn membership_id(event: &Event, author: &Author, joined: bool) -> RemoteId {
    let who = author.account.as_ref().map_or(author.name.as_str(), RemoteId::as_str);
    let what = if joined { "join" } else { "leave" };
    format!("{what}:{who}:{}", event.at.as_microsecond()).into()
}

fn is_original(known: &MessageView, at: &ConversationRef, remote: &RemoteId) -> bool {
    known.copies.iter().any(|copy| copy.origin && copy.at == *at && copy.remote == *remote)
}

/// Whether a message is older than its channel sync, and not relayed.
pub(crate) fn is_older(posted_at: Timestamp, since: Timestamp) -> bool {
    since.duration_since(posted_at) > CLOCKS_APART
}

fn others<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = &'a Endpoint> {
    scene
        .sync
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.id != scene.here.id && endpoint.direction.writes())
}

fn to_others(
    happened_at: Timestamp,
    message: MessageId,
    scene: &Scene<'_>,
    work: impl Fn() -> Work,
) -> Vec<NewDelivery> {
    others(scene).map(|endpoint| delivery(happened_at, message, endpoint, work(), scene)).collect()
}

fn delivery(
    happened_at: Timestamp,
    message: MessageId,
    endpoint: &Endpoint,
    work: Work,
    scene: &Scene<'_>,
) -> NewDelivery {
    NewDelivery {
        id: DeliveryId::new((scene.ids)()),
        message,
        from: scene.here.at.clone(),
        to: endpoint.at.clone(),
        happened_at,
        created_at: scene.now,
        work,
    }
}

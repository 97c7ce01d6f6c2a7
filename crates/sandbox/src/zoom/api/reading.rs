//! Messages read: listed by time, one by one, by thread; and which conversations there are.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use serde_json::{Value, json};

use super::{Answer, Call, Reply};
use crate::zoom::error::Fail;
use crate::zoom::json::{self, Links, Shape};
use crate::zoom::world::{Account, Message, Place};

/// How long ago messages may be asked for: "recent 6 months".
const PAST: SignedDuration = SignedDuration::from_hours(24 * 183);

/// Milliseconds since 1970, of a time as the reference writes them.
fn millis(text: &str) -> Option<u64> {
    let at: Timestamp = text.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

/// From when to when, in milliseconds, both included.
struct Span {
    from: u64,
    to: u64,
    /// What the answer repeats of the question.
    said: Vec<(&'static str, String)>,
}

impl Call<'_> {
    /// `from` and `to`, or the day that is `date`, today when nothing is given. Times in whole seconds mean all of that
    /// second.
    fn span(&self) -> Result<Span, Fail> {
        let now = self.stage.now();
        let read = |name: &'static str| {
            let given = self.query(name);
            given.map(|text| millis(text).ok_or_else(|| Fail::field(name))).transpose()
        };
        let to = read("to")?;
        let mut said = Vec::new();
        let (from, to) = match (self.query("date"), read("from")?) {
            (None, Some(from)) => {
                said.push(("from", json::seconds(from)));
                said.extend(to.map(|to| ("to", json::seconds(to))));
                (from, to.map_or(u64::MAX, |to| to + 999))
            }
            (date, _) => {
                let today = || now.to_zoned(TimeZone::UTC).date();
                let date: civil::Date = match date {
                    Some(date) => date.parse().map_err(|_| Fail::field("date"))?,
                    None => today(),
                };
                said.push(("date", date.to_string()));
                let start = date.to_zoned(TimeZone::UTC).map_err(|_| Fail::field("date"))?;
                let start = u64::try_from(start.timestamp().as_millisecond()).unwrap_or(0);
                (start, start + 86_399_999)
            }
        };
        let earliest = now.checked_sub(PAST).unwrap_or(Timestamp::MIN).as_millisecond();
        if i64::try_from(from).unwrap_or(i64::MAX) < earliest {
            return Err(Fail::new(400, 300, "Only provide past chat messages in recent 6 months."));
        }
        if from > to {
            return Err(Fail::field("from"));
        }
        Ok(Span { from, to, said })
    }

    fn links(&self) -> Links<'_> {
        Links { base: &self.stage.state.base, now: self.stage.millis() / 1000 }
    }

    /// All conversations that `user` is in.
    fn places(&self, user: &str) -> Result<Vec<Place>, Fail> {
        let account = self.account()?;
        let channels = account.channels.values().filter(|c| c.members.contains(user));
        let channels = channels.map(|channel| Place::Channel(channel.id.clone()));
        let directs = account.directs.keys().filter(|(one, other)| one == user || other == user);
        let directs = directs.map(|(one, other)| Place::Direct(one.clone(), other.clone()));
        Ok(channels.chain(directs).collect())
    }
}

/// What of a conversation is wanted.
struct Wanted {
    deleted: bool,
    children: bool,
    /// Text or file names that contain this, in small letters.
    search: Option<(bool, String)>,
}

impl Wanted {
    fn of(call: &Call<'_>) -> Result<Self, Fail> {
        let search = match (call.query("search_type"), call.query("search_key")) {
            (None, None) => None,
            (Some(kind @ ("message" | "file")), Some(key)) if key.chars().count() <= 256 => {
                Some((kind == "file", key.to_lowercase()))
            }
            _ => return Err(Fail::field("search_key")),
        };
        let deleted = call.flag("include_deleted_and_edited_message");
        if deleted && search.is_some() {
            return Err(Fail::field("include_deleted_and_edited_message"));
        }
        Ok(Self { deleted, children: !call.flag("exclude_child_message"), search })
    }

    fn fits(&self, account: &Account, message: &Message) -> bool {
        let found = match &self.search {
            None => true,
            Some((false, key)) => message.text.to_lowercase().contains(key),
            Some((true, key)) => message
                .files
                .iter()
                .filter_map(|id| account.files.get(id))
                .any(|file| file.name.to_lowercase().contains(key)),
        };
        found && (self.deleted || !message.deleted) && (self.children || message.root.is_none())
    }
}

/// *List a user's chat messages*: newest first.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let wanted = Wanted::of(call)?;
    let named = call.query("to_channel").is_some() || call.query("to_contact").is_some();
    let places = if wanted.search.is_some() && !named {
        call.places(&user)?
    } else {
        vec![call.place(&user)?]
    };
    let span = call.span()?;
    let size = call.page_size(10, 50);
    let asked: Vec<String> = ["to_channel", "to_contact", "date", "from", "to", "search_key"]
        .iter()
        .map(|name| call.query(name).unwrap_or("").to_owned())
        .collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let question = call.question(&asked);
    let before = call.stage.position(call.query("next_page_token").unwrap_or(""), question)?;
    let account = call.account()?;
    let mut found: Vec<(&Place, &Message)> = Vec::new();
    for place in &places {
        let Some(conversation) = account.conversation(place) else { continue };
        let end = before.map_or(span.to, |before| before.saturating_sub(1).min(span.to));
        if end >= span.from {
            let messages = conversation.messages.range(span.from..=end).rev();
            let fitting = messages.filter(|(_, message)| wanted.fits(account, message));
            found.extend(fitting.take(size + 1).map(|(_, message)| (place, message)));
        }
    }
    found.sort_by_key(|(_, message)| std::cmp::Reverse(message.ts));
    let more = found.len() > size;
    found.truncate(size);
    let last = found.last().map(|(_, message)| message.ts);
    let (shape, links) = (Shape::Listed { status: wanted.deleted }, call.links());
    let messages: Vec<Value> = found
        .iter()
        .map(|(place, found)| {
            json::message(&call.stage.state, account, place, found, shape, &links)
        })
        .collect();
    let next = match last {
        Some(last) if more => call.stage.next_page(question, last),
        _ => String::new(),
    };
    let mut answer = json!({"messages": messages, "next_page_token": next, "page_size": size});
    for (name, value) in span.said {
        answer[name] = value.into();
    }
    Ok(Reply::ok(answer))
}

/// *Get a message*.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let (user, id) = (call.user()?, call.named("messageId"));
    let place = call.place(&user)?;
    let message = call.stage.message(&call.who.account, &place, &id)?;
    let (account, links) = (call.account()?, call.links());
    let state = &call.stage.state;
    Ok(Reply::ok(json::message(state, account, &place, message, Shape::Single, &links)))
}

/// *Retrieve a thread*: a main message and its replies.
pub(super) fn thread(call: &mut Call<'_>) -> Answer {
    let (user, id) = (call.user()?, call.named("messageId"));
    if call.query("to_channel").is_none() && call.query("to_contact").is_none() {
        return Err(Fail::new(400, 4234, "The `to_channel` cannot be blank."));
    }
    let from = call.query("from");
    let from = from.ok_or_else(|| Fail::new(400, 4233, "The `from` cannot be blank."))?;
    let from = millis(from).ok_or_else(|| Fail::field("from"))?;
    let to = call.query("to").map(|to| millis(to).ok_or_else(|| Fail::field("to")));
    let to = to.transpose()?.map_or(u64::MAX, |to| to + 999);
    let limit = call.query("limit").map_or(Ok(10), str::parse);
    let limit: usize = limit.map_err(|_| Fail::field("limit"))?;
    if limit > 100 {
        return Err(Fail::new(400, 4231, "The 'limit' cannot exceed 100."));
    }
    let descending = match call.query("sort") {
        None | Some("desc") => true,
        Some("asc") => false,
        _ => return Err(Fail::new(400, 4232, "The `sort` can only be passed `asc` or `desc`.")),
    };
    let place = call.place(&user)?;
    let missing = |_| Fail::new(404, 4131, format!("Message does not exist: {id}."));
    let main = call.stage.message(&call.who.account, &place, &id).map_err(missing)?;
    let account = call.account()?;
    let conversation = account.conversation(&place);
    let mut replies: Vec<&Message> = conversation
        .into_iter()
        .flat_map(|conversation| conversation.messages.values())
        .filter(|message| message.root == Some(main.ts) && !message.deleted)
        .collect();
    let (total, last) = (replies.len(), replies.last().map_or(main.ts, |last| last.ts));
    replies.retain(|message| (from..=to).contains(&message.ts));
    if descending {
        replies.reverse();
    }
    replies.truncate(limit);
    let (needs, links) = (|name: &str| call.flag(name), call.links());
    let mut messages = Vec::new();
    if call.query("need_main_message") != Some("false") {
        let mut item = json::threaded(account, main, &user, &needs, &links);
        item["last_reply_time"] = last.into();
        item["is_followed"] = (main.sender == user).into();
        messages.push(item);
    }
    let threaded = |message: &&Message| json::threaded(account, message, &user, &needs, &links);
    messages.extend(replies.iter().map(threaded));
    Ok(Reply::ok(json!({"total": total, "messages": messages})))
}

/// *List a user's chat sessions*: conversations in which something was said in the time asked for, today by default.
pub(super) fn sessions(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let today = call.stage.now().to_zoned(TimeZone::UTC).start_of_day();
    let today = today.map_or(0, |day| day.timestamp().as_millisecond());
    let read = |name: &'static str, default: u64| {
        let given = call.query(name);
        given.map_or(Ok(default), |text| millis(text).ok_or_else(|| Fail::field(name)))
    };
    let start = u64::try_from(today).unwrap_or(0);
    let (from, to) = (read("from", start)?, read("to", start + 86_399_000)?);
    let groups = match call.query("type") {
        None => None,
        Some("groupchat") => Some(true),
        Some("1:1") => Some(false),
        _ => return Err(Fail::new(404, 1001, "Unknown session type.")),
    };
    let account = call.account()?;
    let mut all = Vec::new();
    for place in call.places(&user)? {
        let last = account.conversation(&place).and_then(|c| c.messages.keys().next_back());
        let Some(last) = last.filter(|last| (from..=to + 999).contains(*last)) else { continue };
        let mut item = json!({"last_message_sent_time": json::seconds(*last)});
        match &place {
            Place::Channel(id) => {
                let channel = call.stage.channel(&account.id, id)?;
                item["channel_id"] = id.clone().into();
                item["name"] = channel.name.clone().into();
                item["type"] = "groupchat".into();
            }
            Place::Direct(..) => {
                let other = place.other(&user).and_then(|other| account.users.get(other));
                let other = other.ok_or_else(|| Fail::no_user(&user))?;
                item["name"] = other.email.clone().into();
                item["type"] = "1:1".into();
                item["peer_contact_email"] = other.email.clone().into();
                item["peer_contact_user_id"] = other.id.clone().into();
                item["peer_contact_member_id"] = other.member_id.clone().into();
            }
        }
        if groups.is_none_or(|groups| groups == matches!(place, Place::Channel(_))) {
            all.push((*last, item));
        }
    }
    all.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
    let all = all.into_iter().map(|(_, item)| item).collect();
    let mut answer = call.listing("sessions", all, (10, 50))?;
    answer["from"] = json::seconds(from).into();
    answer["to"] = json::seconds(to).into();
    Ok(Reply::ok(answer))
}

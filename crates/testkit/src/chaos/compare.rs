//! What is seen on both sides in the end, against what was said.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Result;

use super::{
    acts::{EMOJI, SIDES, across},
    heard::Heard,
    truth::{Said, Truth},
    words::{Shape, mark, marks_in},
};
use crate::{Channels, Message, Side, World};

/// Something that is not as it should be.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// The message it is about, if it is about one.
    pub(super) message: Option<usize>,
    pub(super) what: String,
}

/// Both screens of a channel sync.
pub(super) struct Screens([Vec<Message>; 2]);

impl Screens {
    pub(super) async fn look(world: &World, channels: &Channels) -> Result<Self> {
        Ok(Self([
            world.read(Side::Slack, channels).await?,
            world.read(Side::Teams, channels).await?,
        ]))
    }

    fn on(&self, side: Side) -> &[Message] {
        &self.0[side as usize]
    }

    /// What of a message is on the other side than it was typed on, in the order of the screen.
    pub(super) fn copies(&self, truth: &Truth, said: &Said) -> Vec<&Message> {
        let there = across(said.side);
        let shows = |message: &&Message| {
            truth.original(said.sync, there, &message.id).is_none()
                && marks(message).contains(&said.number)
        };
        self.on(there).iter().filter(|message| !message.deleted).filter(shows).collect()
    }
}

/// The messages that one on a screen shows.
fn marks(message: &Message) -> HashSet<usize> {
    let names = message.files.iter().map(|file| file.name.as_str());
    [message.text.as_str()].into_iter().chain(names).flat_map(marks_in).collect()
}

/// The accounts of people on both sides: everybody else there is Rialto.
pub(super) async fn people(world: &World) -> Result<HashSet<String>> {
    let mut accounts = HashSet::new();
    for side in SIDES {
        for person in side.people() {
            accounts.insert(world.account(side, person).await?);
        }
    }
    Ok(accounts)
}

/// Looks at a channel sync.
pub(super) struct Comparison<'a> {
    pub(super) truth: &'a Truth,
    pub(super) sync: usize,
    pub(super) screens: &'a Screens,
    pub(super) people: &'a HashSet<String>,
    pub(super) heard: &'a Heard,
}

impl Comparison<'_> {
    /// All that is wrong.
    pub(super) fn all(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        // The first copy of each message, and its place on the screen.
        let mut first: HashMap<usize, &Message> = HashMap::new();
        let of_sync = || self.truth.all().iter().filter(|said| said.sync == self.sync);
        for said in of_sync() {
            let copies = self.screens.copies(self.truth, said);
            if let Some(copy) = copies.first() {
                first.insert(said.number, copy);
            }
            let mut say = |what: String| {
                let what = format!("{} {what}", said.place());
                wrong.push(Wrong { message: Some(said.number), what });
            };
            if said.deleted {
                if !copies.is_empty() {
                    say(format!("was deleted and is still on {}", across(said.side).name()));
                }
                continue;
            }
            match self.content(said, &copies) {
                Err(what) => say(what),
                Ok(()) => {
                    if let Some(what) = self.thread(said, copies[0]) {
                        say(what);
                    }
                    for what in self.reactions(said, copies[0]) {
                        say(what);
                    }
                }
            }
        }
        for side in SIDES {
            wrong.extend(self.strangers(side));
            wrong.extend(self.order(side));
        }
        wrong
    }

    /// Whether a message is there, once, as it reads now.
    fn content(&self, said: &Said, copies: &[&Message]) -> Result<(), String> {
        let there = across(said.side);
        if copies.is_empty() {
            return Err(format!("is missing on {}", there.name()));
        }
        let texts: Vec<_> = copies.iter().map(|copy| copy.text.replace('\u{a0}', " ")).collect();
        let text = texts.join("\n");
        let shape = said.words.shape();
        let file = matches!(shape, Shape::File { .. } | Shape::OnlyFile { .. });
        // On Slack a file is a message of its own.
        let apart = usize::from(file && there == Side::Slack && shape_has_text(shape));
        let most = if matches!(shape, Shape::Long { .. }) { usize::MAX } else { 1 + apart };
        if copies.len() > most {
            return Err(format!("is on {} {} times", there.name(), copies.len()));
        }
        let mut rest = text.as_str();
        for line in said.words.lines() {
            match text.matches(&line).count() {
                1 => {}
                0 => return Err(format!("does not read {line:?} there but {}", cut(&text))),
                n => return Err(format!("reads {line:?} {n} times")),
            }
            match rest.split_once(&line) {
                Some((_, behind)) => rest = behind,
                None => return Err(format!("has {line:?} in another place")),
            }
        }
        let mark = mark(said.number);
        let marks = text.matches(&mark).count();
        let lines = said.words.lines().iter().filter(|line| line.contains(&mark)).count();
        if marks != lines {
            return Err(format!("has {marks} lines and not {lines}: {}", cut(&text)));
        }
        let html: String = copies.iter().map(|copy| copy.html.as_str()).collect();
        if let Some(sign) = said.words.signs().iter().find(|sign| !html.contains(**sign)) {
            return Err(format!("lacks {sign} there: {}", cut(&html)));
        }
        self.author(said, copies[0])?;
        if file { self.file(said, copies) } else { Ok(()) }
    }

    fn author(&self, said: &Said, copy: &Message) -> Result<(), String> {
        let name = &copy.author.name;
        // Files are shared by the app, with the name in the text; on Teams all is said so.
        if name == said.person || copy.text.contains(said.person) {
            return Ok(());
        }
        Err(format!("is from {name} there, not from {}", said.person))
    }

    fn file(&self, said: &Said, copies: &[&Message]) -> Result<(), String> {
        let mark = mark(said.number);
        // SharePoint puts a number behind a name that is taken: by an upload whose answer was lost.
        let named = |message: &Message| {
            let of_it = |name: &str| name.starts_with(mark.trim_end_matches(';'));
            let files = message.files.iter().filter(|file| of_it(&file.name));
            files.map(|file| file.sha256.clone()).collect::<Vec<_>>()
        };
        let here = self.screens.on(said.side).iter().find(|message| message.id == said.id);
        let here = here.map(named).unwrap_or_default();
        let there: Vec<_> = copies.iter().flat_map(|copy| named(copy)).collect();
        if here == there {
            return Ok(());
        }
        Err(format!("has the files {here:?} here and {there:?} there"))
    }

    fn thread(&self, said: &Said, copy: &Message) -> Option<String> {
        let Some(root) = said.root else {
            return copy.thread.as_ref().map(|_| "is in a thread there".into());
        };
        let root = self.truth.get(root);
        // A root that is gone leaves a tombstone, or nothing: its replies stay where they can.
        if root.deleted {
            return None;
        }
        let there = across(said.side);
        let expected = if root.side == there {
            root.id.clone()
        } else {
            self.screens.copies(self.truth, root).first()?.id.clone()
        };
        (copy.thread.as_ref() != Some(&expected)).then(|| {
            format!("is below {:?} there, not below {} ({expected})", copy.thread, root.place())
        })
    }

    /// Rialto's reaction stands on a side while people of the other side have theirs.
    fn reactions(&self, said: &Said, copy: &Message) -> Vec<String> {
        let here = self.screens.on(said.side).iter().find(|message| message.id == said.id);
        let Some(here) = here else { return vec!["is gone where it was typed".into()] };
        let mut wrong = Vec::new();
        for (index, emoji) in EMOJI.iter().enumerate() {
            for (message, side) in [(here, said.side), (copy, across(said.side))] {
                let by = message.reactions.iter().filter(|it| it.emoji == *emoji);
                let ours = by.flat_map(|it| &it.by).any(|account| !self.people.contains(account));
                let should = said.is_reacted(across(side), index);
                if ours != should {
                    let what = if should { "lacks" } else { "still has" };
                    wrong.push(format!("{what} {emoji} of the other side on {}", side.name()));
                }
            }
        }
        wrong
    }

    /// What nobody said: of Rialto, and of no message of this channel sync.
    fn strangers(&self, side: Side) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
        for message in self.screens.on(side).iter().filter(|message| !message.deleted) {
            if self.truth.original(self.sync, side, &message.id).is_some() {
                continue;
            }
            let of_here = |number: &usize| {
                self.truth
                    .all()
                    .get(*number)
                    .is_some_and(|said| said.sync == self.sync && said.side != side)
            };
            let marks = marks(message);
            // The platform's own words about who came.
            if marks.is_empty() && message.text.ends_with("has joined the channel") {
                continue;
            }
            // Rialto's words before a file without text.
            if marks.is_empty() && message.text == "in reply to a message that is not here" {
                *notes.entry(message.author.name.as_str()).or_default() += 1;
                continue;
            }
            if marks.is_empty() || !marks.iter().all(of_here) {
                let message_number = marks.iter().next().copied();
                let what = format!("nobody said on the other side: {}", cut(&message.line()));
                wrong.push(Wrong { message: message_number, what });
            }
        }
        for (person, count) in notes {
            let files = self.truth.all().iter().filter(|said| {
                (said.sync, said.person) == (self.sync, person)
                    && !said.deleted
                    && matches!(said.words.shape(), Shape::OnlyFile { .. })
                    && said.root.is_some_and(|root| self.truth.get(root).deleted)
            });
            let most = files.count();
            if count > most {
                let what = format!("{count} files of {person} are said to be replies, not {most}");
                wrong.push(Wrong { message: None, what });
            }
        }
        wrong
    }

    /// Order per conversation. Of two messages of one place the first comes first there if it was
    /// accepted before the other was said; and of those that no webhook told of, which sweeps find,
    /// whichever was said first.
    fn order(&self, from: Side) -> Vec<Wrong> {
        let mut places: BTreeMap<Option<&str>, Vec<&Said>> = BTreeMap::new();
        let mut met = HashSet::new();
        for message in self.screens.on(across(from)).iter().filter(|message| !message.deleted) {
            if self.truth.original(self.sync, across(from), &message.id).is_some() {
                continue;
            }
            for number in marks(message) {
                let known = self.truth.all().get(number).filter(|said| said.side == from);
                if let Some(said) = known.filter(|_| met.insert(number)) {
                    places.entry(message.thread.as_deref()).or_default().push(said);
                }
            }
        }
        let mut wrong = Vec::new();
        for said in places.values() {
            for (place, later) in said.iter().enumerate() {
                for earlier in &said[place + 1..] {
                    // `earlier` stands behind `later` on the screen.
                    let heard = |said: &Said| self.heard.first(&(said.sync, from, said.id.clone()));
                    let reordered = match heard(earlier) {
                        Some(accepted) => accepted < later.at && earlier.at < later.at,
                        None => heard(later).is_none() && earlier.at < later.at,
                    };
                    if reordered {
                        let what = format!("stands behind {}", later.place());
                        let what = format!("{} {what}, which was said later", earlier.place());
                        wrong.push(Wrong { message: Some(earlier.number), what });
                    }
                }
            }
        }
        wrong
    }
}

fn shape_has_text(shape: Shape) -> bool {
    !matches!(shape, Shape::OnlyFile { .. })
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(160).collect();
    format!("{short:?}")
}

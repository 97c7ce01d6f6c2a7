//! What is seen on all sides in the end, against what was said, up to what the compatibility page says
//! that a platform cannot show.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;

use super::{
    acts::{EMOJI, most_edits, reacts},
    heard::Heard,
    replies,
    screens::{Screens, marks},
    truth::{Said, Truth},
    words::{Shape, TARGET, mark},
};
use crate::{
    Message, Side, World,
    story::cell::{Cell, Page},
};

/// What a reply begins with that says how a message reads now.
const READS: &str = "This is how it reads now, as Webex lets it be edited no more:";
/// What stands before a file without text whose root is gone.
const NOTE: &str = "in reply to a message that is not here";

/// Something that is not as it should be.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// The message it is about, if it is about one.
    pub(super) message: Option<usize>,
    pub(super) what: String,
}

/// The accounts of people on all sides: everybody else there is Rialto.
pub(super) async fn people(world: &World) -> Result<HashSet<String>> {
    let mut accounts = HashSet::new();
    for side in Side::ALL {
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
    pub(super) page: &'a Page,
    /// Whether reactions are told in replies where they cannot be made.
    pub(super) asks_for_replies: bool,
}

impl Comparison<'_> {
    /// All that is wrong.
    pub(super) fn all(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for said in self.truth.all().iter().filter(|said| said.sync == self.sync) {
            let mut say = |what: String| {
                let what = format!("{} {what}", said.place());
                wrong.push(Wrong { message: Some(said.number), what });
            };
            if !said.deleted {
                self.reactions_here(said).into_iter().for_each(&mut say);
            }
            for there in self.screens.sides().filter(|side| *side != said.side) {
                self.on(there, said).into_iter().for_each(&mut say);
            }
        }
        for side in self.screens.sides() {
            wrong.extend(self.strangers(side));
            for from in self.screens.sides().filter(|from| *from != side) {
                wrong.extend(self.order(from, side));
            }
        }
        wrong.extend(self.replies());
        wrong
    }

    /// What is wrong with a message on another side.
    fn on(&self, there: Side, said: &Said) -> Vec<String> {
        let copies = self.screens.copies(self.truth, said, there);
        if said.deleted {
            let still = (!copies.is_empty())
                .then(|| format!("was deleted and is still on {}", there.name()));
            return still.into_iter().collect();
        }
        let (readings, copies): (Vec<_>, Vec<_>) =
            copies.into_iter().partition(|copy| copy.text.starts_with(READS));
        let reads = match self.reading(said, there, &copies, &readings) {
            Ok(Some(reading)) => self.content(said, there, &[reading]),
            Ok(None) => self.content(said, there, &copies),
            Err(what) => Err(what),
        };
        let reads = reads.and_then(|()| self.author(said, there, copies[0]));
        if let Err(what) = reads.and_then(|()| self.file(said, there, &copies)) {
            return vec![what];
        }
        let mut wrong: Vec<_> = self.thread(said, there, copies[0]).into_iter().collect();
        let first = self.note(said, there, copies[0]).unwrap_or(copies[0]);
        wrong.extend(self.reactions(said, first, there));
        wrong
    }

    /// Whether something crosses as it is, as the page says.
    fn natively(&self, said: &Said, there: Side, feature: &str) -> bool {
        let edited = said.revision > 0;
        let crosses = |feature| self.page.cell(said.side, there, feature) == Cell::Native;
        crosses(feature) && (!edited || crosses("edit_formats"))
    }

    /// The one reply that says how a message reads now, where it was edited as often as it can be.
    fn reading<'m>(
        &self,
        said: &Said,
        there: Side,
        copies: &[&Message],
        readings: &[&'m Message],
    ) -> Result<Option<&'m Message>, String> {
        let Some(copy) = copies.first() else {
            return Err(format!("is missing on {}", there.name()));
        };
        let [reading] = readings else {
            let none = readings.is_empty();
            let often = || format!("reads anew in {} replies on {}", readings.len(), there.name());
            return if none { Ok(None) } else { Err(often()) };
        };
        // An edit whose answer was lost may count twice.
        let is_late = said.revision > most_edits(there) / 2;
        let is_below = reading.thread.as_ref() == Some(copy.thread.as_ref().unwrap_or(&copy.id));
        match is_late && is_below {
            true => Ok(Some(reading)),
            false => Err(format!("reads anew after {} edits: {reading:?}", said.revision)),
        }
    }

    /// Whether a message is there, once, as it reads now.
    fn content(&self, said: &Said, there: Side, copies: &[&Message]) -> Result<(), String> {
        let texts: Vec<_> = copies.iter().map(|copy| copy.text.replace('\u{a0}', " ")).collect();
        let mut text = texts.join("\n");
        let mut lines = said.words.lines();
        let signs = said.words.signs();
        if !signs.iter().all(|(feature, _)| self.natively(said, there, feature)) {
            // Other means are signs around the words.
            text = bare(&text);
            lines = lines.iter().map(|line| bare(line)).collect();
        }
        let shape = said.words.shape();
        let file = matches!(shape, Shape::File { .. } | Shape::OnlyFile { .. });
        // On Slack and on Webex a file is a message of its own, and everywhere one that an edit brought.
        let stands_apart = matches!(there, Side::Slack | Side::Webex);
        let is_apart =
            (stands_apart || said.words.changes_files(said.side)) && shape_has_text(shape);
        let apart = usize::from(file && is_apart);
        let most = if matches!(shape, Shape::Long { .. }) { usize::MAX } else { 1 + apart };
        if copies.len() > most {
            return Err(format!("is on {} {} times", there.name(), copies.len()));
        }
        let mut rest = text.as_str();
        for line in &lines {
            match text.matches(line).count() {
                1 => {}
                0 => {
                    let text = cut(&text);
                    return Err(format!("does not read {line:?} on {} but {text}", there.name()));
                }
                n => return Err(format!("reads {line:?} {n} times on {}", there.name())),
            }
            match rest.split_once(line) {
                Some((_, behind)) => rest = behind,
                None => return Err(format!("has {line:?} in another place on {}", there.name())),
            }
        }
        let mark = mark(said.number);
        let marks = text.matches(&mark).count();
        let lines = lines.iter().filter(|line| line.contains(&mark)).count();
        if marks != lines {
            let text = cut(&text);
            return Err(format!("has {marks} lines and not {lines} on {}: {text}", there.name()));
        }
        let html: String = copies.iter().map(|copy| copy.html.as_str()).collect();
        for (feature, sign) in signs {
            if self.natively(said, there, feature) && !html.contains(sign) {
                return Err(format!("lacks {sign} on {}: {}", there.name(), cut(&html)));
            }
        }
        Ok(())
    }

    fn author(&self, said: &Said, there: Side, copy: &Message) -> Result<(), String> {
        let name = &copy.author.name;
        // Files are shared by the app, with the name in the text; elsewhere than on Slack all is said so.
        if name == said.person || copy.text.contains(said.person) {
            return Ok(());
        }
        Err(format!("is from {name} on {}, not from {}", there.name(), said.person))
    }

    fn file(&self, said: &Said, there: Side, copies: &[&Message]) -> Result<(), String> {
        if said.words.file().is_none() {
            return Ok(());
        }
        let mark = mark(said.number);
        // SharePoint puts a number behind a name that is taken: by an upload whose answer was lost.
        let named = |message: &Message| {
            let of_it = |name: &str| name.starts_with(mark.trim_end_matches(';'));
            let files = message.files.iter().filter(|file| of_it(&file.name));
            files.map(|file| file.sha256.clone()).collect::<Vec<_>>()
        };
        let here = self.screens.on(said.side).iter().find(|message| message.id == said.id);
        let here = here.map(named).unwrap_or_default();
        let shown: Vec<_> = copies.iter().flat_map(|copy| named(copy)).collect();
        if here == shown {
            return Ok(());
        }
        Err(format!("has the files {here:?} here and {shown:?} on {}", there.name()))
    }

    /// Rialto's words before a file without text whose root is gone. On Slack, where a file is a message of its
    /// own, they are one too, made just before it, and the first part is what reactions go to.
    fn note(&self, said: &Said, there: Side, copy: &Message) -> Option<&Message> {
        let screen = self.screens.on(there);
        let before = &screen[..screen.iter().position(|it| it.id == copy.id)?];
        let is_post = |it: &&Message| {
            it.thread.is_none() && self.truth.original(self.sync, there, &it.id).is_none()
        };
        let last = before.iter().rev().find(is_post)?;
        let is_alone = matches!(said.words.shape(), Shape::OnlyFile { .. }) && said.root.is_some();
        (is_alone && last.text == NOTE && last.author.name == said.person).then_some(last)
    }

    fn thread(&self, said: &Said, there: Side, copy: &Message) -> Option<String> {
        let Some(root) = said.root else {
            return copy.thread.as_ref().map(|_| format!("is in a thread on {}", there.name()));
        };
        let root = self.truth.get(root);
        // A root that is gone leaves a tombstone, or nothing: its replies stay where they can.
        if root.deleted {
            return None;
        }
        let expected = if root.side == there {
            root.id.clone()
        } else {
            self.screens.copies(self.truth, root, there).first()?.id.clone()
        };
        (copy.thread.as_ref() != Some(&expected)).then(|| {
            let (name, below) = (there.name(), &copy.thread);
            format!("is below {below:?} on {name}, not below {} ({expected})", root.place())
        })
    }

    /// Rialto's reaction where the message was typed.
    fn reactions_here(&self, said: &Said) -> Vec<String> {
        let here = self.screens.on(said.side).iter().find(|message| message.id == said.id);
        let Some(here) = here else { return vec!["is gone where it was typed".into()] };
        self.reactions(said, here, said.side)
    }

    /// Rialto's reaction stands on a side, if it can, while people of other sides have theirs.
    fn reactions(&self, said: &Said, message: &Message, side: Side) -> Vec<String> {
        let mut wrong = Vec::new();
        for (index, emoji) in EMOJI.iter().enumerate() {
            let by = message.reactions.iter().filter(|it| it.emoji == *emoji);
            let ours = by.flat_map(|it| &it.by).any(|account| !self.people.contains(account));
            let should = said.is_reacted_beyond(side, index) && reacts(side);
            if ours != should {
                let what = if should { "lacks" } else { "still has" };
                wrong.push(format!("{what} {emoji} of other sides on {}", side.name()));
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
            if replies::emoji_of(message).is_some() {
                continue;
            }
            // The platform's own words about who came.
            if marks.is_empty() && message.text.ends_with("has joined the channel") {
                continue;
            }
            // Rialto's words before a file without text.
            if marks.is_empty() && message.text == NOTE {
                *notes.entry(message.author.name.as_str()).or_default() += 1;
                continue;
            }
            if marks.is_empty() || !marks.iter().all(of_here) {
                let message_number = marks.iter().next().copied();
                let what = format!(
                    "nobody said on another side of {}: {}",
                    side.name(),
                    cut(&message.line())
                );
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
    fn order(&self, from: Side, there: Side) -> Vec<Wrong> {
        let mut places: BTreeMap<Option<&str>, Vec<&Said>> = BTreeMap::new();
        let mut met = HashSet::new();
        for message in self.screens.on(there).iter().filter(|message| !message.deleted) {
            if self.truth.original(self.sync, there, &message.id).is_some() {
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
                    let place = |said: &Said| (said.sync, from, said.id.clone());
                    let reordered = match self.heard.first(&place(earlier)) {
                        Some(accepted) => accepted < later.at && earlier.at < later.at,
                        None => !self.heard.may_be_known(&place(later)) && earlier.at < later.at,
                    };
                    if reordered {
                        let what = format!("stands behind {}", later.place());
                        let name = there.name();
                        let what =
                            format!("{} {what} on {name}, which was said later", earlier.place());
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

/// Words without the signs that stand around and behind them where there are no formats.
fn bare(text: &str) -> String {
    text.replace(&format!(" ({TARGET})"), "").replace(['*', '_', '~', '`'], "")
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(160).collect();
    format!("{short:?}")
}

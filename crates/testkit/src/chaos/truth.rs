//! What was said, as a bystander would remember it: what must be seen in the end.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{
    acts::{EMOJI, most_edits},
    words::{Shape, Words, mark},
};
use crate::Side;

/// Slack dates edits to the second: where the webhook of an edit is lost, it can be told from the
/// one before it only if it came so much later.
const BETWEEN_EDITS: SignedDuration = SignedDuration::from_millis(1_100);

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) number: usize,
    pub(super) sync: usize,
    /// Where it was typed.
    pub(super) side: Side,
    pub(super) person: &'static str,
    /// The id there.
    pub(super) id: String,
    pub(super) at: Timestamp,
    /// The message whose thread it is in.
    pub(super) root: Option<usize>,
    /// As it reads now.
    pub(super) words: Words,
    pub(super) revision: usize,
    changed: Timestamp,
    pub(super) deleted: bool,
    /// Who has reacted with what, and on which side.
    pub(super) reactions: BTreeSet<(usize, &'static str, usize)>,
    /// All that was done with it, for its story.
    pub(super) deeds: Vec<(Timestamp, String)>,
}

impl Said {
    /// Whether people of other sides than this one reacted with an emoji.
    pub(super) fn is_reacted_beyond(&self, side: Side, emoji: usize) -> bool {
        self.reactions.iter().any(|(at, _, with)| *at != side as usize && *with == emoji)
    }

    /// Where people see it, in words.
    pub(super) fn place(&self) -> String {
        format!("{} in {}", mark(self.number).trim_end_matches(';'), self.side.name())
    }
}

/// A message where people see it: ids are unique in a channel only.
pub(super) type Place = (usize, Side, String);

/// All messages, in the order in which they were said.
#[derive(Debug, Default)]
pub(super) struct Truth {
    said: Vec<Said>,
    by_id: HashMap<Place, usize>,
}

impl Truth {
    pub(super) fn all(&self) -> &[Said] {
        &self.said
    }

    pub(super) fn get(&self, number: usize) -> &Said {
        &self.said[number]
    }

    pub(super) fn next(&self) -> usize {
        self.said.len()
    }

    /// What a person typed under an id in a channel sync.
    pub(super) fn original(&self, sync: usize, side: Side, id: &str) -> Option<usize> {
        self.by_id.get(&(sync, side, id.to_owned())).copied()
    }

    #[expect(clippy::too_many_arguments, reason = "a message has so many facts")]
    pub(super) fn say(
        &mut self,
        sync: usize,
        side: Side,
        person: &'static str,
        root: Option<usize>,
        words: Words,
        id: String,
        at: Timestamp,
    ) {
        let number = self.said.len();
        let mut what = format!("{person} said it as {id}: {:?}", words.shape());
        if let Some(root) = root {
            what.push_str(&format!(", in reply to {}", self.said[root].place()));
        }
        self.by_id.insert((sync, side, id.clone()), number);
        self.said.push(Said {
            number,
            sync,
            side,
            person,
            id,
            at,
            root,
            words,
            revision: 0,
            changed: at,
            deleted: false,
            reactions: BTreeSet::new(),
            deeds: vec![(at, what)],
        });
    }

    /// The words that an edit puts in the place of the old ones.
    pub(super) fn next_words(&self, number: usize) -> Words {
        let said = &self.said[number];
        let revision = said.revision + 1;
        let shape = match said.words.shape() {
            // Files stay; a long message becomes short and long again; else plain and styled.
            Shape::Long { lines } => Shape::Cut { from: lines },
            Shape::Cut { from } => Shape::Long { lines: from },
            Shape::Plain { .. } if revision.is_multiple_of(3) => Shape::Styled,
            Shape::Styled => Shape::Plain { words: 7 },
            shape => shape,
        };
        Words::new(number, revision, shape)
    }

    pub(super) fn edit(&mut self, number: usize, words: Words, at: Timestamp) {
        let said = &mut self.said[number];
        said.revision += 1;
        said.changed = at;
        said.deeds.push((at, format!("{} edited it: r{}", said.person, said.revision)));
        said.words = words;
    }

    pub(super) fn delete(&mut self, number: usize, at: Timestamp) {
        let said = &mut self.said[number];
        said.deleted = true;
        said.deeds.push((at, format!("{} deleted it", said.person)));
    }

    pub(super) fn has_reacted(
        &self,
        number: usize,
        side: Side,
        person: &'static str,
        emoji: usize,
    ) -> bool {
        self.said[number].reactions.contains(&(side as usize, person, emoji))
    }

    pub(super) fn react(
        &mut self,
        number: usize,
        side: Side,
        person: &'static str,
        emoji: usize,
        at: Timestamp,
    ) {
        let said = &mut self.said[number];
        let key = (side as usize, person, emoji);
        let added = !said.reactions.remove(&key);
        if added {
            said.reactions.insert(key);
        }
        let did = if added { "reacted with" } else { "took back" };
        let what = format!("{person} {did} {} on {}", EMOJI[emoji], side.name());
        said.deeds.push((at, what));
    }

    /// A message of a channel sync that can still be acted upon; mostly one of the latest.
    pub(super) fn pick(
        &self,
        pick: u32,
        sync: usize,
        fits: impl Fn(&Said) -> bool,
    ) -> Option<usize> {
        let fitting = |said: &&Said| said.sync == sync && !said.deleted && fits(said);
        let all: Vec<usize> = self.said.iter().filter(fitting).map(|said| said.number).collect();
        let pick = usize::try_from(pick).unwrap_or(0);
        // One in five may be of any age.
        let latest = if pick.is_multiple_of(5) { 0 } else { all.len().saturating_sub(15) };
        let among = &all[latest..];
        (!among.is_empty()).then(|| among[(pick / 5) % among.len()])
    }

    /// Whether its author may edit a message now, so that the edit can be found again.
    pub(super) fn may_edit(said: &Said, now: Timestamp) -> bool {
        let has_file = said.words.file().is_some();
        let has_words = !matches!(said.words.shape(), Shape::OnlyFile { .. });
        has_words
            && (!has_file || said.side.writing().edits_what_has_files())
            && said.revision < most_edits(said.side)
            && now.duration_since(said.changed) > BETWEEN_EDITS
    }
}

//! What crosses from one platform to another, and how: it follows from what either can do.
//!
//! The documentation's compatibility page is made of this, and the demo is held against it.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{Capabilities, Support};

/// Something that people do in a chat, and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Strikethrough.
    Strike,
    /// Underline.
    Underline,
    /// Inline code.
    InlineCode,
    /// Code block.
    CodeBlock,
    /// Language of a code block.
    CodeLanguage,
    /// Quote.
    Quote,
    /// Bulleted and numbered lists.
    Lists,
    /// Lists within lists.
    NestedLists,
    /// Heading.
    Heading,
    /// Horizontal rule.
    Rule,
    /// Link with words of its own.
    Link,
    /// Table.
    Table,
    /// Line breaks, blank lines.
    LineBreaks,
    /// Text that looks like markup.
    LiteralText,
    /// Longest message that can be written.
    LongMessage,
    /// Emoji, skin tones.
    Emoji,
    /// An emoji of the workspace's own.
    CustomEmoji,
    /// Author's name.
    AuthorName,
    /// Author's picture.
    AuthorPicture,
    /// Author's name with files.
    FileAuthor,
    /// Mention of somebody known there.
    MentionKnown,
    /// Mention of somebody unknown there.
    MentionUnknown,
    /// Mention of everybody, where the channel sync allows it.
    MentionEverybody,
    /// Mention of a group.
    MentionGroup,
    /// Mention of a channel that is in the same channel sync.
    MentionChannel,
    /// Reply in a thread.
    Thread,
    /// Reply shown in the channel too.
    Broadcast,
    /// Edit.
    Edit,
    /// Formats and mentions in an edit.
    EditFormats,
    /// Eleventh edit of a message, and later ones.
    ManyEdits,
    /// Edit of the text that came with a file.
    EditWithFile,
    /// Deletion.
    Deletion,
    /// Reaction: one of Rialto's for everybody's.
    Reaction,
    /// Reaction with an emoji of the workspace's own.
    CustomReaction,
    /// File, picture.
    File,
    /// Several files in one message.
    ManyFiles,
    /// File larger than is taken there.
    FileTooLarge,
    /// Subject, importance.
    Subject,
    /// Card, blocks of an app.
    Card,
    /// Joins and leaves, where the channel sync tells of them.
    Membership,
    /// Topic and name of a channel.
    Topic,
}

/// All features, under headings for people.
pub const FEATURES: &[(&str, &[Feature])] = &[
    (
        "Text",
        &[
            Feature::Bold,
            Feature::Italic,
            Feature::Strike,
            Feature::Underline,
            Feature::InlineCode,
            Feature::CodeBlock,
            Feature::CodeLanguage,
            Feature::Quote,
            Feature::Lists,
            Feature::NestedLists,
            Feature::Heading,
            Feature::Rule,
            Feature::Link,
            Feature::Table,
            Feature::LineBreaks,
            Feature::LiteralText,
            Feature::LongMessage,
            Feature::Emoji,
            Feature::CustomEmoji,
        ],
    ),
    (
        "People",
        &[
            Feature::AuthorName,
            Feature::AuthorPicture,
            Feature::FileAuthor,
            Feature::MentionKnown,
            Feature::MentionUnknown,
            Feature::MentionEverybody,
            Feature::MentionGroup,
            Feature::MentionChannel,
        ],
    ),
    (
        "Threads and changes",
        &[
            Feature::Thread,
            Feature::Broadcast,
            Feature::Edit,
            Feature::EditFormats,
            Feature::ManyEdits,
            Feature::EditWithFile,
            Feature::Deletion,
            Feature::Reaction,
            Feature::CustomReaction,
        ],
    ),
    (
        "Files and the rest",
        &[
            Feature::File,
            Feature::ManyFiles,
            Feature::FileTooLarge,
            Feature::Subject,
            Feature::Card,
            Feature::Membership,
            Feature::Topic,
        ],
    ),
];

impl Feature {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FEATURES.iter().flat_map(|(_, features)| features.iter().copied())
    }

    /// What it is, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Italic => "italic",
            Self::Strike => "strikethrough",
            Self::Underline => "underline",
            Self::InlineCode => "inline code",
            Self::CodeBlock => "code block",
            Self::CodeLanguage => "language of a code block",
            Self::Quote => "quote",
            Self::Lists => "bulleted and numbered lists",
            Self::NestedLists => "lists within lists",
            Self::Heading => "heading",
            Self::Rule => "horizontal rule",
            Self::Link => "link with words of its own",
            Self::Table => "table",
            Self::LineBreaks => "line breaks, blank lines",
            Self::LiteralText => "text that looks like markup",
            Self::LongMessage => "longest message that can be written",
            Self::Emoji => "emoji, skin tones",
            Self::CustomEmoji => "an emoji of the workspace's own",
            Self::AuthorName => "author's name",
            Self::AuthorPicture => "author's picture",
            Self::FileAuthor => "author's name with files",
            Self::MentionKnown => "mention of somebody known there",
            Self::MentionUnknown => "mention of somebody unknown there",
            Self::MentionEverybody => "mention of everybody, where the channel sync allows it",
            Self::MentionGroup => "mention of a group",
            Self::MentionChannel => "mention of a channel that is in the same channel sync",
            Self::Thread => "reply in a thread",
            Self::Broadcast => "reply shown in the channel too",
            Self::Edit => "edit",
            Self::EditFormats => "formats and mentions in an edit",
            Self::ManyEdits => "eleventh edit of a message, and later ones",
            Self::EditWithFile => "edit of the text that came with a file",
            Self::Deletion => "deletion",
            Self::Reaction => "reaction: one of Rialto's for everybody's",
            Self::CustomReaction => "reaction with an emoji of the workspace's own",
            Self::File => "file, picture",
            Self::ManyFiles => "several files in one message",
            Self::FileTooLarge => "file larger than is taken there",
            Self::Subject => "subject, importance",
            Self::Card => "card, blocks of an app",
            Self::Membership => "joins and leaves, where the channel sync tells of them",
            Self::Topic => "topic and name of a channel",
        }
    }
}

/// What a platform has of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ability {
    /// Whether people can do it there, and its connector hears of it.
    pub heard: Support,
    /// Whether its connector can show there what others did elsewhere.
    pub shown: Support,
}

impl Ability {
    /// Heard and shown as it is.
    pub const NATIVE: Self = Self { heard: Support::Native, shown: Support::Native };

    /// Heard as it is; shown otherwise, or not at all.
    pub const fn shown(shown: Support) -> Self {
        Self { heard: Support::Native, shown }
    }

    /// Shown as it is; heard otherwise, or not at all.
    pub const fn heard(heard: Support) -> Self {
        Self { heard, shown: Support::Native }
    }
}

/// What a platform has of every feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Abilities(BTreeMap<Feature, Ability>);

impl Abilities {
    /// A table, as a function: so that none is left out.
    pub fn new(of: impl Fn(Feature) -> Ability) -> Self {
        Self(Feature::all().map(|feature| (feature, of(feature))).collect())
    }

    /// What a platform has of a feature.
    pub fn of(&self, feature: Feature) -> Ability {
        self.0.get(&feature).copied().unwrap_or(Ability::NATIVE)
    }
}

/// What becomes of a feature on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// It arrives as the destination's own.
    Native,
    /// It arrives by other means: how.
    Emulated(String),
    /// It does not arrive: why.
    Impossible(String),
}

/// What an author's name, and the platform's, take of a message at most.
const HEADING: usize = 512;

/// What becomes of a feature on its way from one platform to another.
pub fn crossing(from: &Capabilities, to: &Capabilities, feature: Feature) -> Crossing {
    if feature == Feature::LongMessage && to.text.takes(from.longest, HEADING) {
        return Crossing::Native;
    }
    let (heard, shown) = (from.abilities.of(feature).heard, to.abilities.of(feature).shown);
    match (heard, shown) {
        (Support::None(why), _) | (_, Support::None(why)) => Crossing::Impossible(why.to_owned()),
        (Support::Emulated(one), Support::Emulated(other)) if one != other => {
            Crossing::Emulated(format!("{one}; {other}"))
        }
        (Support::Emulated(how), _) | (_, Support::Emulated(how)) => {
            Crossing::Emulated(how.to_owned())
        }
        (Support::Native, Support::Native) => Crossing::Native,
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native => f.write_str("native"),
            Self::Emulated(how) => write!(f, "emulated: {how}"),
            Self::Impossible(why) => write!(f, "impossible: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{FileLimits, LengthUnit, Pacing, TextLimit};

    fn platform(of: impl Fn(Feature) -> Ability) -> Capabilities {
        Capabilities {
            text: TextLimit { max: 1, unit: LengthUnit::Bytes },
            longest: TextLimit { max: 1, unit: LengthUnit::Bytes },
            max_edits: None,
            reactions_in_replies: false,
            files: FileLimits { max_bytes: 1, per_message: 1 },
            abilities: Abilities::new(of),
            pacing: Pacing::default(),
        }
    }

    #[test]
    fn a_feature_crosses_as_well_as_the_worse_of_both_sides() {
        use Support::{Emulated, Native, None};
        for (heard, shown, expected) in [
            (Native, Native, "native"),
            (Native, Emulated("as words"), "emulated: as words"),
            (Emulated("as lines"), Native, "emulated: as lines"),
            (Emulated("as lines"), Emulated("as words"), "emulated: as lines; as words"),
            (Emulated("as words"), Emulated("as words"), "emulated: as words"),
            (None("nobody has any"), Native, "impossible: nobody has any"),
            (Emulated("as lines"), None("no room"), "impossible: no room"),
            (None("nobody has any"), None("no room"), "impossible: nobody has any"),
        ] {
            let here = platform(|_| Ability { heard, shown: None("not asked") });
            let there = platform(|_| Ability { heard: None("not asked"), shown });
            assert_eq!(crossing(&here, &there, Feature::Table).to_string(), expected);
        }
    }

    #[test]
    fn the_longest_message_is_one_there_if_it_surely_fits() {
        use LengthUnit::{Bytes, Characters};
        for (longest, text, expected) in [
            ((1_024, Characters), (1_536, Characters), Crossing::Native),
            ((1_024, Characters), (1_535, Characters), Crossing::Emulated("split".into())),
            ((1_024, Characters), (3_584, Bytes), Crossing::Native),
            ((1_024, Characters), (3_583, Bytes), Crossing::Emulated("split".into())),
            ((7_439, Bytes), (4_000, Characters), Crossing::Emulated("split".into())),
        ] {
            let limit = |(max, unit)| TextLimit { max, unit };
            let split = Ability::shown(Support::Emulated("split"));
            let here = Capabilities { longest: limit(longest), ..platform(|_| split) };
            let there = Capabilities { text: limit(text), ..platform(|_| split) };
            assert_eq!(crossing(&here, &there, Feature::LongMessage), expected, "{longest:?}");
        }
    }

    #[test]
    fn features_are_told_apart() {
        let titles: BTreeSet<_> = Feature::all().map(Feature::title).collect();
        let all: BTreeSet<_> = Feature::all().collect();
        assert_eq!(titles.len(), Feature::all().count(), "a title stands for two");
        assert_eq!(all.len(), Feature::all().count(), "a feature is listed twice");
        assert!(all.contains(&Feature::Topic), "the last is listed");
    }
}

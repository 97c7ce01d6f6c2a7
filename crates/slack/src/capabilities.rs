//! What Slack can do, as data. The documentation's compatibility page is made of it.

use std::time::Duration;

use rialto_model::{
    Abilities, Ability, Capabilities, Feature, FileLimits, LengthUnit, Pacing, Support, TextLimit,
    Window,
};

use crate::{files, render};

/// Sources: the Web API reference of each method, and *Rate limits*: a message per second and
/// channel. For a workspace Slack promises no more than *several hundred a minute*, which is no
/// number.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        text: TextLimit { max: render::MAX_CHARACTERS, unit: LengthUnit::Characters },
        longest: TextLimit { max: 40_000, unit: LengthUnit::Characters },
        max_edits: None,
        reactions_in_replies: false,
        files: FileLimits { max_bytes: files::MAX_BYTES, per_message: render::MAX_FILES },
        abilities: Abilities::new(ability),
        pacing: Pacing {
            conversation: vec![Window { count: 1, per: Duration::from_secs(1) }],
            connection: Vec::new(),
            // `conversations.history` and `.replies` are of tier 3: 50 a minute. Some are left for
            // looking up what was sent.
            history: vec![Window { count: 40, per: Duration::from_secs(60) }],
        },
    }
}

/// What people on Slack can do that is heard, and how what others do elsewhere is shown to them.
fn ability(feature: Feature) -> Ability {
    use Feature::{
        AuthorName, AuthorPicture, Bold, Broadcast, Card, CodeBlock, CodeLanguage, CustomEmoji,
        CustomReaction, Deletion, Edit, EditFormats, EditWithFile, Emoji, File, FileAuthor,
        FileTooLarge, Heading, InlineCode, Italic, LineBreaks, Link, Lists, LiteralText,
        LongMessage, ManyEdits, ManyFiles, Membership, MentionChannel, MentionEverybody,
        MentionGroup, MentionKnown, MentionUnknown, NestedLists, Quote, Reaction, Rule, Strike,
        Subject, Table, Thread, Topic, Underline,
    };
    use Support::{Emulated, None};
    match feature {
        Heading => Ability::shown(Emulated("as a bold line")),
        Table => Ability::shown(Emulated("as lines in columns, in a code block")),
        LongMessage => {
            Ability::shown(Emulated("in several messages, split between paragraphs where possible"))
        }
        CustomEmoji => Ability::shown(Emulated("as its name between colons")),
        FileAuthor => {
            Ability::shown(Emulated("by name above the files: uploads are shown as the app's"))
        }
        MentionUnknown | MentionGroup => Ability::shown(Emulated("in words that call nobody")),
        CustomReaction => {
            Ability::shown(Emulated("by an emoji of the same name, where the workspace has one"))
        }
        FileTooLarge => {
            Ability::shown(Emulated("its name, its size and why it did not come, in words"))
        }
        Subject => Ability::heard(None("Slack has no subjects")),
        Card => Ability::heard(Emulated("what it says, as text with links")),
        Membership => Ability::shown(Emulated("in words")),
        Topic => Ability::heard(None("each side keeps its own")),
        Bold | Italic | Strike | Underline | InlineCode | CodeBlock | CodeLanguage | Quote
        | Lists | NestedLists | Rule | Link | LineBreaks | LiteralText | Emoji | AuthorName
        | AuthorPicture | MentionKnown | MentionEverybody | MentionChannel | Thread | Broadcast
        | Edit | EditFormats | ManyEdits | EditWithFile | Deletion | Reaction | File
        | ManyFiles => Ability::NATIVE,
    }
}

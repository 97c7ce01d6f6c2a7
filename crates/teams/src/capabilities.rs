//! What Teams can do, as data. The documentation's compatibility page is made of it.

use std::time::Duration;

use rialto_model::{
    Abilities, Ability, Capabilities, Feature, FileLimits, LengthUnit, Pacing, Support, TextLimit,
    Window,
};

/// Bytes of HTML and mentions of one message. The vendor says *approximately 28 KB* for the whole
/// post; what is left is room for attachments and for its own rewriting.
pub(crate) const MAX_BYTES: usize = 24_000;

/// The largest file that is tried. SharePoint takes 250 GB; what a chat message carries is smaller.
pub(crate) const MAX_FILE_BYTES: u64 = 2 << 30;

/// Attachments of one message: the vendor takes at least ten references.
pub(crate) const MAX_FILES: usize = 10;

pub(crate) fn capabilities() -> Capabilities {
    let second = Duration::from_secs(1);
    Capabilities {
        text: TextLimit { max: MAX_BYTES, unit: LengthUnit::Bytes },
        longest: TextLimit { max: 28 << 10, unit: LengthUnit::Bytes },
        max_edits: None,
        reactions_in_replies: false,
        files: FileLimits { max_bytes: MAX_FILE_BYTES, per_message: MAX_FILES },
        abilities: Abilities::new(ability),
        // Graph's throttling limits: 1 request per second to a channel, 50 posts per second for an
        // app in one tenant.
        pacing: Pacing {
            conversation: vec![Window { count: 1, per: second }],
            connection: vec![Window { count: 50, per: second }],
            // GET channel messages: 20 a second in one tenant.
            history: vec![Window { count: 10, per: second }],
        },
    }
}

/// What people on Teams can do that is heard, and how what others do elsewhere is shown to them.
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
        LongMessage => {
            Ability::shown(Emulated("in several messages, split between paragraphs where possible"))
        }
        CustomEmoji => Ability::shown(Emulated("as its name between colons")),
        AuthorName | FileAuthor => Ability::shown(Emulated("by name in the text")),
        AuthorPicture => {
            Ability::shown(None("Teams shows the picture of who posts, which is the service user"))
        }
        MentionUnknown | MentionGroup => Ability::shown(Emulated("in words that call nobody")),
        MentionChannel => Ability::shown(Emulated("as its name")),
        Broadcast => Ability {
            heard: None("Teams has no replies that are shown in the channel too"),
            shown: Emulated(
                "as a reply, and as a post of its own that says it was said in a thread",
            ),
        },
        CustomReaction => Ability::shown(None("Graph sets reactions by Unicode emoji alone")),
        FileTooLarge => {
            Ability::shown(Emulated("its name, its size and why it did not come, in words"))
        }
        Subject => Ability::heard(Emulated("as lines above the text")),
        Card => Ability::heard(Emulated("what it says, as text with links")),
        Membership => Ability::shown(Emulated("in words")),
        Topic => Ability::heard(None("each side keeps its own")),
        Bold | Italic | Strike | Underline | InlineCode | CodeBlock | CodeLanguage | Quote
        | Lists | NestedLists | Heading | Rule | Link | Table | LineBreaks | LiteralText
        | Emoji | MentionKnown | MentionEverybody | Thread | Edit | EditFormats | ManyEdits
        | EditWithFile | Deletion | Reaction | File | ManyFiles => Ability::NATIVE,
    }
}

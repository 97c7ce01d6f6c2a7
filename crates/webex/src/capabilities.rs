//! What Webex can do, as data. The documentation's compatibility page is made of it.

use std::time::Duration;

use rialto_model::{
    Abilities, Ability, Capabilities, Feature, FileLimits, LengthUnit, Pacing, Support, TextLimit,
    Window,
};

use crate::{files, render};

/// How often one message may be edited (*Edit a Message*).
const MAX_EDITS: u32 = 10;

/// Sources: the reference of *Messages* (length, edits, one file) and *REST API Basics* (files). How
/// many calls are allowed is not published: what is too much is told by 429 and `Retry-After`.
pub(crate) fn capabilities() -> Capabilities {
    let window = |count, seconds| Window { count, per: Duration::from_secs(seconds) };
    Capabilities {
        text: TextLimit { max: render::MAX_BYTES, unit: LengthUnit::Bytes },
        longest: TextLimit { max: render::MAX_BYTES, unit: LengthUnit::Bytes },
        max_edits: Some(MAX_EDITS),
        reactions_in_replies: true,
        files: FileLimits { max_bytes: files::MAX_BYTES, per_message: 1 },
        abilities: Abilities::new(ability),
        pacing: Pacing {
            conversation: Vec::new(),
            connection: vec![window(5, 1)],
            history: vec![window(2, 1)],
        },
    }
}

/// What people on Webex can do that is heard, and how what others do elsewhere is shown to them.
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
        Strike => Ability {
            heard: None("Webex has no strikethrough"),
            shown: Emulated("between the signs ~~"),
        },
        Underline => Ability {
            heard: None("Webex has no underline"),
            shown: None("Webex has no underline: the words come without it"),
        },
        Table => Ability {
            heard: None("Webex has no tables"),
            shown: Emulated("as lines in columns, in a code block"),
        },
        LongMessage => {
            Ability::shown(Emulated("in several messages, split between paragraphs where possible"))
        }
        CustomEmoji => Ability {
            heard: None("Webex has no emoji of an organization's own"),
            shown: Emulated("as its name between colons"),
        },
        AuthorName | FileAuthor => Ability::shown(Emulated("by name in the text")),
        AuthorPicture => {
            Ability::shown(None("Webex shows the picture of who posts, which is the service user"))
        }
        MentionUnknown => Ability::shown(Emulated("in words that call nobody")),
        MentionGroup => Ability {
            heard: None("Webex has no mentions of groups"),
            shown: Emulated("in words that call nobody"),
        },
        MentionChannel => Ability {
            heard: None("Webex has no mentions of spaces"),
            shown: Emulated("as its name"),
        },
        Broadcast => Ability {
            heard: None("Webex has no replies that are shown in the space too"),
            shown: Emulated(
                "as a reply, and as a post of its own that says it was said in a thread",
            ),
        },
        EditWithFile => Ability::heard(None("Webex lets no message with a file be edited")),
        ManyEdits => Ability {
            heard: None("Webex lets a message be edited ten times"),
            shown: Emulated(
                "in a reply that says how it reads now: Webex lets a message be edited ten times",
            ),
        },
        Reaction | CustomReaction => Ability {
            heard: None("Webex tells apps of no reactions"),
            shown: Emulated("in a short reply, where the channel sync asks for it"),
        },
        ManyFiles => Ability::shown(Emulated("each in a message of its own")),
        FileTooLarge => {
            Ability::shown(Emulated("its name, its size and why it did not come, in words"))
        }
        Subject => Ability::heard(None("Webex has no subjects")),
        Card => Ability::heard(Emulated("as words that say that there is something")),
        Membership => Ability::shown(Emulated("in words")),
        Topic => Ability::heard(None("each side keeps its own")),
        Bold | Italic | InlineCode | CodeBlock | CodeLanguage | Quote | Lists | NestedLists
        | Heading | Rule | Link | LineBreaks | LiteralText | Emoji | MentionKnown
        | MentionEverybody | Thread | Edit | EditFormats | Deletion | File => Ability::NATIVE,
    }
}

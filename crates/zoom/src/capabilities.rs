//! What Zoom can do, as data. The documentation's compatibility page is made of it.

use std::time::Duration;

use rialto_model::{
    Abilities, Ability, Capabilities, Feature, FileLimits, LengthUnit, Pacing, Support, TextLimit,
    Window,
};

use crate::{files, render};

/// Sources: the reference of *Send a chat message* (length, files, and the windows of a channel) and
/// *Rate limits* (labels of operations, by plan: medium ones 20 a second on Pro).
pub(crate) fn capabilities() -> Capabilities {
    // What leaves here a second apart may arrive there closer together.
    let window = |count, seconds| Window {
        count,
        per: Duration::from_secs(seconds) + Duration::from_millis(250),
    };
    Capabilities {
        text: TextLimit { max: render::MAX_UNITS, unit: LengthUnit::Characters },
        longest: TextLimit { max: render::MAX_UNITS, unit: LengthUnit::Characters },
        max_edits: None,
        reactions_in_replies: false,
        files: FileLimits { max_bytes: files::MAX_BYTES, per_message: render::MAX_FILES },
        abilities: Abilities::new(ability),
        pacing: Pacing {
            conversation: vec![window(10, 1), window(30, 10), window(60, 100), window(450, 1_000)],
            // Of the 20 of an account, which other apps share.
            connection: vec![window(12, 1)],
            history: vec![window(5, 1)],
        },
    }
}

/// What people on Zoom can do that is heard, and how what others do elsewhere is shown to them.
fn ability(feature: Feature) -> Ability {
    use Feature::{
        AuthorName, AuthorPicture, Bold, Broadcast, Card, CodeBlock, CodeLanguage, CustomEmoji,
        CustomReaction, Deletion, Edit, EditFormats, EditWithFile, Emoji, File, FileAuthor,
        FileTooLarge, Heading, InlineCode, Italic, LineBreaks, Link, Lists, LiteralText,
        LongMessage, ManyEdits, ManyFiles, Membership, MentionChannel, MentionEverybody,
        MentionGroup, MentionKnown, MentionUnknown, NestedLists, Quote, Reaction, Rule, Strike,
        Subject, Table, Thread, Topic, Underline,
    };
    use Support::{Emulated, Native, None};
    match feature {
        InlineCode => Ability {
            heard: None("Zoom tells apps of no code"),
            shown: Emulated("between backticks"),
        },
        CodeBlock => Ability {
            heard: None("Zoom tells apps of no code"),
            shown: Emulated("between lines of backticks"),
        },
        CodeLanguage => Ability {
            heard: None("Zoom tells apps of no code"),
            shown: Emulated("behind the first backticks"),
        },
        NestedLists => Ability {
            heard: Emulated("as one list: how deep its items are is not read"),
            shown: Emulated("written out, with signs and indents"),
        },
        Rule => {
            Ability { heard: None("Zoom has no rules"), shown: Emulated("as a line of dashes") }
        }
        Table => Ability {
            heard: None("Zoom has no tables"),
            shown: Emulated("as lines in columns, between lines of backticks"),
        },
        LongMessage => {
            Ability::shown(Emulated("in several messages, split between paragraphs where possible"))
        }
        CustomEmoji => Ability {
            heard: None("Zoom does not tell of them in messages"),
            shown: Emulated("as its name between colons"),
        },
        AuthorName | FileAuthor => Ability::shown(Emulated("by name in the text")),
        AuthorPicture => {
            Ability::shown(None("Zoom shows the picture of who posts, which is the service user"))
        }
        MentionUnknown => Ability::shown(Emulated("in words that call nobody")),
        MentionGroup => Ability {
            heard: None("Zoom tells of no mentions of groups"),
            shown: Emulated("in words that call nobody"),
        },
        MentionChannel => Ability {
            heard: None("Zoom tells of no mentions of channels"),
            shown: Emulated("as its name"),
        },
        Broadcast => Ability {
            heard: None("Zoom has no replies that are shown in the channel too"),
            shown: Emulated(
                "as a reply, and as a post of its own that says it was said in a thread",
            ),
        },
        EditFormats => Ability {
            heard: Native,
            shown: Emulated("as signs and words: an edit takes no formats"),
        },
        CustomReaction => {
            Ability::shown(Emulated("by an emoji of the same name, where the account has one"))
        }
        FileTooLarge => {
            Ability::shown(Emulated("its name, its size and why it did not come, in words"))
        }
        Subject => Ability::heard(None("Zoom has no subjects")),
        Card => Ability::heard(Emulated("as words that say that there is something")),
        Membership => Ability::shown(Emulated("in words")),
        Topic => Ability::heard(None("each side keeps its own")),
        Bold | Italic | Strike | Underline | Quote | Lists | Heading | Link | LineBreaks
        | LiteralText | Emoji | MentionKnown | MentionEverybody | Thread | Edit | ManyEdits
        | EditWithFile | Deletion | Reaction | File | ManyFiles => Ability::NATIVE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_keep_below_every_window_of_a_channel() {
        let windows = capabilities().pacing.conversation;
        for (published, seconds) in [(10, 1), (30, 10), (60, 100), (450, 1_000)] {
            let held = windows
                .iter()
                .any(|it| it.count <= published && it.per > Duration::from_secs(seconds));
            assert!(held, "{published} in {seconds} s");
        }
    }
}

//! Mentions where Webex's HTML shows plain addresses, as the examples in its API description have them: its
//! Markdown says which are mentions, and the ids of the people are listed beside it.

use rialto_model::{EventKind, Inline, Mention, MentionTarget, RichText};
use rialto_platform::{ReadError, links::push_text};

use crate::{
    api::{Api, Identity},
    directory,
    wire::{self, Message},
};

/// How a mention in Markdown that names an address begins (*Formatting Messages*).
const BY_EMAIL: &str = "<@personEmail:";

/// Makes mentions of the addresses in a message that are mentions.
pub(crate) async fn call(
    api: &Api,
    own: &Identity,
    message: &Message,
    kind: &mut EventKind,
) -> Result<(), ReadError> {
    let EventKind::Message(state) = kind else { return Ok(()) };
    let (Some(html), Some(markdown)) = (message.html.get(), message.markdown.get()) else {
        return Ok(());
    };
    if message.mentioned_people.is_empty() || html.contains("<spark-mention") {
        return Ok(());
    }
    for (address, shown) in addresses(markdown) {
        let found = match directory::account_by_email(api, own, address).await {
            // A mention is not worth a message.
            Err(ReadError::Permanent(_)) => None,
            found => found?,
        };
        if let Some(account) = found.filter(|it| is_listed(message, it.id.as_str())) {
            let target = MentionTarget::Account(account.id);
            let mention = Mention { target, name: account.name };
            put(&mut state.content.text, shown, &mention);
        }
    }
    Ok(())
}

/// Whether Webex says that somebody is mentioned. Its examples have several ids in one text.
fn is_listed(message: &Message, id: &str) -> bool {
    let mut listed = message.mentioned_people.iter().flat_map(|ids| ids.split(','));
    listed.any(|listed| wire::uuid(listed.trim()) == wire::uuid(id))
}

/// The addresses that Markdown mentions, and what is shown for each.
fn addresses(markdown: &str) -> Vec<(&str, &str)> {
    let begun = markdown.split(BY_EMAIL).skip(1);
    begun
        .filter_map(|rest| {
            let (inside, _) = rest.split_once('>')?;
            let (address, name) = inside.split_once('|').unwrap_or((inside, inside));
            let is_address = address.contains('@') && !address.contains(['<', ' ']);
            (is_address && !name.is_empty()).then_some((address, name))
        })
        .collect()
}

/// Puts a mention where a text is shown for the first time.
fn put(text: &mut RichText, shown: &str, mention: &Mention) {
    let mut is_put = false;
    text.for_each_line(&mut |line| {
        let mut called = Vec::with_capacity(line.len() + 2);
        for inline in line.drain(..) {
            match inline {
                Inline::Text { text, style } if !is_put && !style.code => {
                    match apart(&text, shown) {
                        Some((before, behind)) => {
                            is_put = true;
                            push_text(&mut called, before, style);
                            called.push(Inline::Mention(mention.clone()));
                            push_text(&mut called, behind, style);
                        }
                        None => called.push(Inline::Text { text, style }),
                    }
                }
                other => called.push(other),
            }
        }
        *line = called;
    });
}

/// What stands before and behind a word of a text.
fn apart<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let goes_on = |c: char| c.is_alphanumeric() || "@-_+%".contains(c);
    text.match_indices(word).find_map(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        let is_whole =
            !before.ends_with(|c| goes_on(c) || c == '.') && !behind.starts_with(goes_on);
        is_whole.then_some((before, behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_stands_where_its_address_is_shown_and_nowhere_else() {
        let mention = Mention { target: MentionTarget::Account("P1".into()), name: "Mike".into() };
        for (text, expected) in [
            ("The PM is m@a.example.", "The PM is @Mike."),
            ("m@a.example m@a.example", "@Mike m@a.example"),
            ("jim@a.example, m@a.example: hi", "jim@a.example, @Mike: hi"),
            ("x.m@a.example", "x.m@a.example"),
            ("m@a.examples", "m@a.examples"),
        ] {
            let mut shown = RichText::plain(text);
            put(&mut shown, "m@a.example", &mention);
            assert_eq!(shown.plain_text(), expected, "{text}");
        }
    }

    #[test]
    fn markdown_says_which_addresses_are_mentions() {
        let markdown = "<@personEmail:a@b.example> c@d.example <@personEmail:e@f.example|Eve> \
                        <@personId:x> <@personEmail:none <@all>";
        let expected = [("a@b.example", "a@b.example"), ("e@f.example", "Eve")];
        assert_eq!(addresses(markdown), expected);
    }

    #[test]
    fn who_is_mentioned_is_listed_one_by_one_or_in_one_text() {
        for (ids, expected) in
            [(vec!["P1", "P2"], true), (vec!["P1,P2"], true), (vec!["P1", "P3"], false)]
        {
            let message = Message {
                mentioned_people: ids.iter().map(|id| (*id).to_owned()).collect(),
                ..Message::default()
            };
            assert_eq!(is_listed(&message, "P2"), expected, "{ids:?}");
        }
    }
}

//! Teams' HTML as rich text: mentions, emoji, code and pictures are tags and addresses of Teams' own.

use std::collections::HashMap;

use rialto_model::{Emoji, Inline, MentionTarget, RichText};
use rialto_platform::html::{self, Builder, Dialect, Element, Meaning, language};

/// A picture of Graph's own that was shown in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub src: String,
    pub alt: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub text: RichText,
    pub pictures: Vec<Picture>,
}

/// Whom `<at id>` means.
pub(crate) type Mentions = HashMap<String, MentionTarget>;

/// Reads HTML.
pub(crate) fn parse(html: &str, mentions: &Mentions) -> Parsed {
    let mut dialect = Teams { mentions, pictures: Vec::new() };
    let text = html::read(html, &mut dialect);
    Parsed { text, pictures: dialect.pictures }
}

struct Teams<'a> {
    mentions: &'a Mentions,
    pictures: Vec<Picture>,
}

impl Dialect for Teams<'_> {
    fn start(&mut self, tag: &Element<'_>, builder: &mut Builder) -> Meaning {
        match tag.name() {
            "codeblock" => builder.open_code(language(tag.attribute("class")), false),
            "at" => {
                let id = tag.attribute("id").unwrap_or_default();
                return Meaning::Mention(self.mentions.get(id).cloned());
            }
            "emoji" => {
                if let Some(emoji) = tag.attribute("alt").filter(|alt| !alt.is_empty()) {
                    builder.inline(Inline::Emoji(Emoji::Unicode(emoji.to_owned())));
                }
            }
            "customemoji" => {
                let name = tag.attribute("alt").or_else(|| tag.attribute("title"));
                let name = name.unwrap_or_default().trim_matches(':');
                if !name.is_empty() {
                    builder.inline(Inline::Emoji(Emoji::Custom(name.to_owned())));
                }
            }
            "img" => return self.image(tag, builder),
            _ => return Meaning::Html,
        }
        Meaning::Done
    }

    fn end(&mut self, name: &str, builder: &mut Builder) -> bool {
        let is_code = name == "codeblock";
        if is_code {
            builder.close_code(false);
        }
        is_code
    }
}

impl Teams<'_> {
    fn image(&mut self, tag: &Element<'_>, builder: &mut Builder) -> Meaning {
        let src = tag.attribute("src").unwrap_or_default();
        let alt = tag.attribute("alt").unwrap_or_default();
        let kind = tag.attribute("itemtype").unwrap_or_default();
        if src.contains("/hostedContents/") {
            self.pictures.push(Picture { src: src.to_owned(), alt: alt.to_owned() });
        } else if kind.ends_with("/Emoji") && !alt.is_empty() {
            builder.inline(Inline::Emoji(Emoji::Unicode(alt.to_owned())));
        } else {
            return Meaning::Html;
        }
        Meaning::Done
    }
}

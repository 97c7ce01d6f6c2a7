//! Webex's HTML as rich text: mentions are tags of its own, the language of code is a class.

use rialto_model::{Audience, MentionTarget, RichText};
use rialto_platform::html::{self, Builder, Dialect, Element, Meaning, language};

/// Reads HTML.
pub(crate) fn parse(html: &str) -> RichText {
    html::read(html, &mut Webex::default())
}

#[derive(Default)]
struct Webex {
    /// Whether a paragraph has just ended: between two there is a blank line.
    after_paragraph: bool,
}

impl Dialect for Webex {
    fn start(&mut self, tag: &Element<'_>, builder: &mut Builder) -> Meaning {
        let after_paragraph = std::mem::take(&mut self.after_paragraph);
        match tag.name() {
            "p" if after_paragraph => builder.blank_line(),
            "code" => builder.name_code(language(tag.attribute("class"))),
            "spark-mention" => return Meaning::Mention(target(tag)),
            _ => {}
        }
        Meaning::Html
    }

    fn end(&mut self, name: &str, _builder: &mut Builder) -> bool {
        self.after_paragraph = name == "p";
        false
    }
}

fn target(tag: &Element<'_>) -> Option<MentionTarget> {
    match tag.attribute("data-object-type")? {
        "person" => {
            let id = tag.attribute("data-object-id").filter(|id| !id.is_empty())?;
            Some(MentionTarget::Account(id.into()))
        }
        "groupMention" => Some(MentionTarget::Everyone(Audience::Conversation)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rialto_model::{Block, Inline, Mention, Style};

    use super::*;

    #[test]
    fn paragraphs_have_a_blank_line_between_and_breaks_have_none() {
        for (html, expected) in [
            ("<p>a<br>b</p><p>c</p>", "a\nb\n\nc"),
            ("<p>a</p><ul><li>b</li></ul><p>c</p>", "a\nb\nc"),
            ("<h2>a</h2><p>b</p>", "a\nb"),
            ("<blockquote><p>a</p><p>b</p></blockquote>", "a\n\nb"),
            ("a &amp; <b>b</b> <x>c</x>", "a & b c"),
        ] {
            assert_eq!(parse(html).plain_text(), expected, "{html}");
        }
    }

    #[test]
    fn mentions_are_of_people_and_of_everybody() {
        let html = "<p><spark-mention data-object-type=\"person\" data-object-id=\"P1\">Ana \
                    Lima</spark-mention> <spark-mention data-object-type=\"groupMention\" \
                    data-group-type=\"all\">All</spark-mention> <spark-mention \
                    data-object-type=\"x\">y</spark-mention></p>";
        let [Block::Paragraph(line)] = &parse(html).blocks[..] else { panic!() };
        let call = |target, name: &str| Inline::Mention(Mention { target, name: name.into() });
        assert_eq!(line[0], call(MentionTarget::Account("P1".into()), "Ana Lima"));
        let everyone = MentionTarget::Everyone(Audience::Conversation);
        assert_eq!(line[2], call(everyone, "All"));
        assert_eq!(line[3], Inline::text(" y"));
    }

    #[test]
    fn code_knows_its_language() {
        let html = "<pre><code class=\"language-rust\">let a;\n</code></pre><p><code>x</code></p>";
        let blocks = parse(html).blocks;
        let code = Block::Code { language: Some("rust".into()), code: "let a;".into() };
        assert_eq!(blocks[0], code);
        let style = Style { code: true, ..Style::PLAIN };
        assert_eq!(blocks[1], Block::Paragraph(vec![Inline::styled("x", style)]));
    }
}

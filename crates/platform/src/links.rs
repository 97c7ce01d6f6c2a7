//! Addresses that people type, for platforms that tell of other links alone.

use rialto_model::{Inline, Style};
use url::Url;

/// Whether people elsewhere can follow the target. Parsing passes over line breaks; platforms do not.
pub fn is_followable(url: &str) -> bool {
    !url.contains(char::is_control)
        && Url::parse(url)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto" | "tel"))
}

/// Adds text in a style, addresses in it as links.
pub fn push_typed(out: &mut Vec<Inline>, text: &str, style: Style) {
    let mut rest = text;
    let mut seen = 0;
    while let Some(at) = rest[seen..].find("http").map(|at| at + seen) {
        let (before, from) = rest.split_at(at);
        let bound = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let url = address(from).filter(|_| bound);
        let Some(url) = url else {
            seen = at + "http".len();
            continue;
        };
        push_text(out, before, style);
        let content = vec![Inline::styled(url, style)];
        out.push(Inline::Link { url: url.to_owned(), content });
        rest = &from[url.len()..];
        seen = 0;
    }
    push_text(out, rest, style);
}

/// Adds text in a style, unless there is none.
pub fn push_text(out: &mut Vec<Inline>, text: &str, style: Style) {
    if !text.is_empty() {
        out.push(Inline::styled(text, style));
    }
}

/// The address that a text begins with. Signs behind it belong to the sentence.
fn address(text: &str) -> Option<&str> {
    let scheme = ["https://", "http://"].into_iter().find(|it| text.starts_with(it))?;
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c);
    let mut url = &text[..text.find(ends).unwrap_or(text.len())];
    let count = |sign| url.chars().filter(|c| *c == sign).count();
    let (opened, mut closed) = (count('('), count(')'));
    while let Some(last) = url.chars().next_back() {
        let closes = last == ')' && closed > opened;
        if !closes && !".,;:!?'*_~”’".contains(last) {
            break;
        }
        closed -= usize::from(last == ')');
        url = &url[..url.len() - last.len_utf8()];
    }
    (url.len() > scheme.len() && Url::parse(url).is_ok()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        for (text, expected) in [
            ("see https://a.example/x, ok", vec!["https://a.example/x"]),
            ("(https://a.example)", vec!["https://a.example"]),
            ("https://a.example/wiki/X_(y)!", vec!["https://a.example/wiki/X_(y)"]),
            ("http://a.example https://b.example", vec!["http://a.example", "https://b.example"]),
            ("xhttp://a.example", vec![]),
            ("http and https:// alone", vec![]),
        ] {
            let mut line = Vec::new();
            push_typed(&mut line, text, Style::PLAIN);
            let links: Vec<_> = line
                .iter()
                .filter_map(|it| match it {
                    Inline::Link { url, .. } => Some(url.as_str()),
                    _ => None,
                })
                .collect();
            assert_eq!(links, expected, "{text}");
            let all = rialto_model::Block::Paragraph(line);
            assert_eq!(rialto_model::RichText { blocks: vec![all] }.plain_text(), text);
        }
    }
}

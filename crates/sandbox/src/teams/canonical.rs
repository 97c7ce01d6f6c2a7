//! What a person reads in Teams, as the simple HTML and the plain text of the control API's view.

use super::markup::{Element, Node, escape, escape_attribute, flat_text, parse};

/// Whom an `<at id>` names, as the view shows it.
pub(crate) enum Mentioned {
    Account(String),
    Everyone(&'static str),
    Nobody,
}

/// What the view needs to know beside the body.
pub(crate) trait Surroundings {
    /// Who is meant by `<at id="…">`.
    fn mentioned(&self, id: &str) -> Mentioned;
    /// Canonical blocks for `<attachment id="…">`: cards and quotes; empty for files.
    fn attachment(&self, id: &str) -> String;
}

const BLOCKS: &[&str] = &[
    "p",
    "div",
    "ul",
    "ol",
    "pre",
    "codeblock",
    "blockquote",
    "table",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "attachment",
];

/// Canonical HTML of a stored HTML body.
pub(crate) fn from_html(html: &str, around: &dyn Surroundings) -> String {
    let mut out = String::new();
    blocks(&parse(html), around, &mut out);
    out
}

/// Canonical HTML of a plain text body.
pub(crate) fn from_text(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut out = String::from("<p>");
    let mut escaped = String::new();
    escape(text, &mut escaped);
    out.push_str(&escaped.replace('\n', "<br>"));
    out.push_str("</p>");
    out
}

fn is_block(node: &Node) -> bool {
    matches!(node, Node::Element(e) if BLOCKS.contains(&e.name.as_str()) || (wraps_blocks(e)))
}

fn wraps_blocks(element: &Element) -> bool {
    element.name == "span" && element.children.iter().any(is_block)
}

/// A run of blocks; loose inline content becomes a paragraph.
fn blocks(nodes: &[Node], around: &dyn Surroundings, out: &mut String) {
    let mut loose = String::new();
    for node in nodes {
        if is_block(node) {
            flush(&mut loose, out);
            if let Node::Element(element) = node {
                block(element, around, out);
            }
        } else {
            inline(std::slice::from_ref(node), around, &mut loose);
        }
    }
    flush(&mut loose, out);
}

fn flush(loose: &mut String, out: &mut String) {
    let text = loose.trim_matches(|c: char| c.is_ascii_whitespace());
    if !text.is_empty() {
        out.push_str("<p>");
        out.push_str(text);
        out.push_str("</p>");
    }
    loose.clear();
}

fn block(element: &Element, around: &dyn Surroundings, out: &mut String) {
    match element.name.as_str() {
        "hr" => out.push_str("<hr>"),
        "attachment" => out.push_str(&around.attachment(element.attribute("id").unwrap_or(""))),
        "pre" | "codeblock" => {
            out.push_str("<pre");
            let language = element.attribute("class").unwrap_or("").trim().to_lowercase();
            if !language.is_empty() && language != "plaintext" {
                out.push_str(" data-language=\"");
                escape_attribute(&language, out);
                out.push('"');
            }
            out.push('>');
            let mut code = String::new();
            flat_text(&element.children, &mut code);
            escape(&code.replace('\u{a0}', " "), out);
            out.push_str("</pre>");
        }
        "ul" | "ol" => {
            out.push_str(&format!("<{}>", element.name));
            for child in &element.children {
                match child {
                    Node::Element(item) if item.name == "li" => {
                        out.push_str("<li>");
                        item_content(&item.children, around, out);
                        out.push_str("</li>");
                    }
                    // A list directly inside a list belongs to the item before it.
                    Node::Element(list) if list.name == "ul" || list.name == "ol" => {
                        if out.ends_with("</li>") {
                            out.truncate(out.len() - "</li>".len());
                            block(list, around, out);
                            out.push_str("</li>");
                        } else {
                            out.push_str("<li>");
                            block(list, around, out);
                            out.push_str("</li>");
                        }
                    }
                    _ => {}
                }
            }
            out.push_str(&format!("</{}>", element.name));
        }
        "table" => {
            out.push_str("<table>");
            rows(&element.children, around, out);
            out.push_str("</table>");
        }
        "blockquote" => {
            out.push_str("<blockquote>");
            blocks(&element.children, around, out);
            out.push_str("</blockquote>");
        }
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            let mut text = String::new();
            inline(&element.children, around, &mut text);
            out.push_str(&format!("<{0}>{1}</{0}>", element.name, text.trim()));
        }
        "p" if !element.children.iter().any(is_block) => {
            let mut text = String::new();
            inline(&element.children, around, &mut text);
            // A paragraph of a no-break space is how Teams writes a blank line.
            if !text.is_empty() && text.trim().is_empty() {
                out.push_str("<p><br></p>");
            } else {
                flush(&mut text, out);
            }
        }
        _ => blocks(&element.children, around, out),
    }
}

/// A list item or cell: inline content bare, blocks as they are.
fn item_content(children: &[Node], around: &dyn Surroundings, out: &mut String) {
    let mut loose = String::new();
    for child in children {
        match child {
            Node::Element(e)
                if matches!(e.name.as_str(), "p" | "div") && !e.children.iter().any(is_block) =>
            {
                if !loose.trim().is_empty() {
                    loose.push_str("<br>");
                }
                inline(&e.children, around, &mut loose);
            }
            Node::Element(e) if is_block(child) => {
                out.push_str(loose.trim_matches(|c: char| c.is_ascii_whitespace()));
                loose.clear();
                block(e, around, out);
            }
            other => inline(std::slice::from_ref(other), around, &mut loose),
        }
    }
    out.push_str(loose.trim_matches(|c: char| c.is_ascii_whitespace()));
}

fn rows(children: &[Node], around: &dyn Surroundings, out: &mut String) {
    for child in children {
        let Node::Element(element) = child else { continue };
        match element.name.as_str() {
            "tr" => {
                out.push_str("<tr>");
                for cell in &element.children {
                    if let Node::Element(cell) = cell
                        && (cell.name == "td" || cell.name == "th")
                    {
                        out.push_str(&format!("<{}>", cell.name));
                        item_content(&cell.children, around, out);
                        out.push_str(&format!("</{}>", cell.name));
                    }
                }
                out.push_str("</tr>");
            }
            _ => rows(&element.children, around, out),
        }
    }
}

fn inline(nodes: &[Node], around: &dyn Surroundings, out: &mut String) {
    for node in nodes {
        let element = match node {
            Node::Text(text) => {
                let mut escaped = String::new();
                escape(&text.replace('\u{a0}', " ").replace(['\n', '\r'], " "), &mut escaped);
                out.push_str(&escaped);
                continue;
            }
            Node::Element(element) => element,
        };
        let tag = match element.name.as_str() {
            "b" | "strong" => Some("strong"),
            "i" | "em" => Some("em"),
            "s" | "strike" | "del" => Some("s"),
            "u" => Some("u"),
            "code" => Some("code"),
            _ => None,
        };
        match (element.name.as_str(), tag) {
            (_, Some(tag)) => {
                out.push_str(&format!("<{tag}>"));
                inline(&element.children, around, out);
                out.push_str(&format!("</{tag}>"));
            }
            ("br", _) => out.push_str("<br>"),
            ("a", _) => match element.attribute("href") {
                Some(href) => {
                    out.push_str("<a href=\"");
                    escape_attribute(href, out);
                    out.push_str("\">");
                    inline(&element.children, around, out);
                    out.push_str("</a>");
                }
                None => inline(&element.children, around, out),
            },
            ("emoji" | "customemoji", _) => escape(element.attribute("alt").unwrap_or(""), out),
            ("at", _) => {
                let mut name = String::new();
                flat_text(&element.children, &mut name);
                let account = match around.mentioned(element.attribute("id").unwrap_or("")) {
                    Mentioned::Account(account) => account,
                    Mentioned::Everyone(whom) => whom.to_owned(),
                    Mentioned::Nobody => {
                        escape(&name, out);
                        continue;
                    }
                };
                out.push_str("<span class=\"mention\" data-account=\"");
                escape_attribute(&account, out);
                out.push_str("\">");
                escape(&name, out);
                out.push_str("</span>");
            }
            ("img", _) => {}
            _ => inline(&element.children, around, out),
        }
    }
}

/// Canonical HTML as plain text: blocks on lines of their own, items with a bullet or number.
pub(crate) fn as_text(canonical: &str) -> String {
    let mut out = String::new();
    lines(&parse(canonical), "", &mut out);
    out.trim_end().to_owned()
}

fn lines(nodes: &[Node], bullet: &str, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Element(e) => match e.name.as_str() {
                "br" | "hr" => out.push('\n'),
                "ul" | "ol" => {
                    newline(out);
                    for (n, item) in e.children.iter().enumerate() {
                        newline(out);
                        let mark =
                            if e.name == "ol" { format!("{}. ", n + 1) } else { "• ".to_owned() };
                        out.push_str(bullet);
                        out.push_str(&mark);
                        lines(std::slice::from_ref(item), &format!("{bullet}  "), out);
                    }
                    newline(out);
                }
                "td" | "th" => {
                    lines(&e.children, bullet, out);
                    out.push('\t');
                }
                "p" | "pre" | "blockquote" | "table" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5"
                | "h6" => {
                    newline(out);
                    lines(&e.children, bullet, out);
                    while out.ends_with('\t') {
                        out.pop();
                    }
                    newline(out);
                }
                _ => lines(&e.children, bullet, out),
            },
        }
    }
}

fn newline(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ann;
    impl Surroundings for Ann {
        fn mentioned(&self, id: &str) -> Mentioned {
            match id {
                "0" => Mentioned::Account("ann".to_owned()),
                "1" => Mentioned::Everyone("channel"),
                _ => Mentioned::Nobody,
            }
        }
        fn attachment(&self, _: &str) -> String {
            "<p>card</p>".to_owned()
        }
    }

    #[test]
    fn a_body_is_seen_as_simple_html() {
        for (body, seen) in [
            ("plain", "<p>plain</p>"),
            (
                "<div><div>a <b>b</b> <strike>c</strike></div></div>",
                "<p>a <strong>b</strong> <s>c</s></p>",
            ),
            ("<p>one</p>\n<p>two</p>", "<p>one</p><p>two</p>"),
            (
                "<at id=\"0\">Ann Lee</at>&nbsp;x",
                "<p><span class=\"mention\" data-account=\"ann\">Ann Lee</span> x</p>",
            ),
            (
                "<at id=\"1\">General</at>",
                "<p><span class=\"mention\" data-account=\"channel\">General</span></p>",
            ),
            ("<emoji id=\"smile\" alt=\"😄\" title=\"Smile\"></emoji>", "<p>😄</p>"),
            (
                "<codeblock class=\"Rust\"><code>let a;<br>&lt;b&gt;</code></codeblock>",
                "<pre data-language=\"rust\">let a;\n&lt;b&gt;</pre>",
            ),
            ("<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
            ("<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
            (
                "<table><tbody><tr><td><p>x</p></td></tr></tbody></table>",
                "<table><tr><td>x</td></tr></table>",
            ),
            ("a<attachment id=\"7\"></attachment>", "<p>a</p><p>card</p>"),
        ] {
            assert_eq!(from_html(body, &Ann), seen, "{body}");
        }
    }

    #[test]
    fn plain_text_keeps_lines() {
        assert_eq!(as_text("<p>a<br>b</p><ul><li>c</li></ul><p>d &amp; e</p>"), "a\nb\n• c\nd & e");
    }
}

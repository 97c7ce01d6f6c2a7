//! What of a posted body Teams keeps: a known subset of HTML. Scripts, event handlers and styles are dropped, unknown
//! elements lose their tags and keep their text, all text is escaped again.

use super::markup::{Element, Node, escape, escape_attribute, parse};

/// An element that survives, and its attributes that do.
fn kept(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "p" | "div" | "span" | "b" | "strong" | "i" | "em" | "u" | "s" | "strike" | "del"
        | "sub" | "sup" | "pre" | "code" | "blockquote" | "ul" | "li" | "h1" | "h2" | "h3"
        | "h4" | "h5" | "h6" | "table" | "thead" | "tbody" | "tr" | "br" | "hr"
        | "systemeventmessage" => &[],
        "ol" => &["start"],
        "td" | "th" => &["colspan", "rowspan"],
        "a" => &["href", "title", "target", "rel"],
        "at" | "attachment" => &["id"],
        "img" => &["src", "alt", "width", "height", "itemid", "itemtype"],
        "emoji" => &["id", "alt", "title"],
        "customemoji" => &["id", "alt", "source"],
        "codeblock" => &["class"],
        _ => return None,
    })
}

fn safe_url(url: &str) -> bool {
    let lower = url.trim().to_ascii_lowercase();
    ["http://", "https://", "mailto:", "tel:", "msteams:", "../hostedcontents/"]
        .iter()
        .any(|p| lower.starts_with(p))
}

/// The body as Teams stores it, and gives it back.
pub fn sanitize(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    write_nodes(&parse(html), &mut out);
    out
}

/// A tree as HTML, only what survives.
pub(crate) fn write_nodes(nodes: &[Node], out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => escape(text, out),
            Node::Element(element) => write_element(element, out),
        }
    }
}

fn write_element(element: &Element, out: &mut String) {
    let Some(attributes) = kept(&element.name) else {
        write_nodes(&element.children, out);
        return;
    };
    let source = element.attribute("src").or_else(|| element.attribute("href"));
    if element.name == "img" && !source.is_some_and(safe_url) {
        return;
    }
    let name = if element.name == "systemeventmessage" {
        "systemEventMessage"
    } else {
        element.name.as_str()
    };
    out.push('<');
    out.push_str(name);
    for (attribute, value) in &element.attributes {
        let unsafe_link = attribute == "href" && !safe_url(value);
        if attributes.contains(&attribute.as_str()) && !unsafe_link {
            out.push(' ');
            out.push_str(attribute);
            out.push_str("=\"");
            escape_attribute(value, out);
            out.push('"');
        }
    }
    out.push('>');
    if matches!(element.name.as_str(), "br" | "hr" | "img") {
        return;
    }
    write_nodes(&element.children, out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::sanitize;

    #[test]
    fn only_the_known_subset_survives() {
        for (posted, stored) in [
            ("<p style=\"color:red\" onclick=\"x()\">a</p>", "<p>a</p>"),
            ("<script>alert(1)</script>b", "b"),
            ("<marquee>c</marquee>", "c"),
            ("<b>d</b><strong>e</strong>", "<b>d</b><strong>e</strong>"),
            ("<a href=\"javascript:x\">f</a>", "<a>f</a>"),
            (
                "<a href=\"https://e.example/?a=1&b=2\">f</a>",
                "<a href=\"https://e.example/?a=1&amp;b=2\">f</a>",
            ),
            ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
            ("<at id=\"0\">Ann</at>&nbsp;hi", "<at id=\"0\">Ann</at>&nbsp;hi"),
            ("<img src=\"data:image/png;base64,AA\">g", "g"),
            (
                "<codeblock class=\"Rust\"><code>x<br>y</code></codeblock>",
                "<codeblock class=\"Rust\"><code>x<br>y</code></codeblock>",
            ),
            ("<ol start=\"3\"><li>a<li>b</ol>", "<ol start=\"3\"><li>a</li><li>b</li></ol>"),
        ] {
            assert_eq!(sanitize(posted), stored, "{posted}");
        }
    }
}

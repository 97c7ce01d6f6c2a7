//! A small, forgiving HTML reader: text in, a tree of elements and text out. Never fails, never nests deeper than
//! [`DEPTH`]; the sanitiser and the view both walk the tree.

/// Elements deeper than this are flattened into their parent.
const DEPTH: usize = 64;

const VOID: &[&str] = &["br", "hr", "img", "input", "meta", "link", "col", "wbr"];
/// Their content is no text: gone with the element.
const RAW: &[&str] =
    &["script", "style", "iframe", "object", "noscript", "template", "title", "textarea"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Element(Element),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// Lower-cased.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Reads HTML into a tree.
pub(crate) fn parse(html: &str) -> Vec<Node> {
    let mut open: Vec<Element> = vec![Element::default()];
    let mut rest = html;
    while !rest.is_empty() {
        let Some(at) = rest.find('<') else {
            text(&mut open, rest);
            break;
        };
        if at > 0 {
            text(&mut open, &rest[..at]);
            rest = &rest[at..];
            continue;
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        } else if let Some(after) = rest.strip_prefix("</") {
            let end = after.find('>').unwrap_or(after.len());
            close(&mut open, &after[..end].trim().to_ascii_lowercase());
            rest = after.get(end + 1..).unwrap_or("");
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            rest = start(&mut open, &rest[1..]);
        } else {
            text(&mut open, "<");
            rest = &rest[1..];
        }
    }
    while open.len() > 1 {
        pop(&mut open);
    }
    open.pop().map(|root| root.children).unwrap_or_default()
}

fn text(open: &mut [Element], raw: &str) {
    let decoded = unescape(raw);
    let Some(parent) = open.last_mut() else { return };
    if let Some(Node::Text(last)) = parent.children.last_mut() {
        last.push_str(&decoded);
    } else {
        parent.children.push(Node::Text(decoded));
    }
}

fn pop(open: &mut Vec<Element>) {
    if let Some(done) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(Node::Element(done));
    }
}

fn close(open: &mut Vec<Element>, name: &str) {
    if let Some(at) = open.iter().skip(1).rposition(|e| e.name == name) {
        while open.len() > at + 1 {
            pop(open);
        }
    }
}

/// Elements that end when a sibling of theirs starts.
fn ends_before(open: &str, new: &str) -> bool {
    match open {
        "li" => new == "li",
        "p" => matches!(
            new,
            "p" | "div"
                | "ul"
                | "ol"
                | "table"
                | "pre"
                | "blockquote"
                | "hr"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
        ),
        "td" | "th" => matches!(new, "td" | "th" | "tr"),
        "tr" => new == "tr",
        _ => false,
    }
}

/// Reads a start tag after its `<`; gives what follows it.
fn start<'a>(open: &mut Vec<Element>, after: &'a str) -> &'a str {
    let name_end =
        after.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(after.len());
    let name = after[..name_end].to_ascii_lowercase();
    let (attributes, closed, rest) = attributes(&after[name_end..]);
    if RAW.contains(&name.as_str()) {
        let end = format!("</{name}");
        let lower = rest.to_ascii_lowercase();
        return match lower.find(&end) {
            Some(at) => rest[at..].find('>').map_or("", |gt| &rest[at + gt + 1..]),
            None => "",
        };
    }
    while open.len() > 1 && open.last().is_some_and(|top| ends_before(&top.name, &name)) {
        pop(open);
    }
    let leaf = closed || VOID.contains(&name.as_str());
    let element = Element { name, attributes, children: Vec::new() };
    if leaf {
        if let Some(parent) = open.last_mut() {
            parent.children.push(Node::Element(element));
        }
    } else if open.len() < DEPTH {
        open.push(element);
    }
    rest
}

fn attributes(mut rest: &str) -> (Vec<(String, String)>, bool, &str) {
    let mut out = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return (out, false, after);
        }
        if let Some(after) = rest.strip_prefix("/>") {
            return (out, true, after);
        }
        if rest.is_empty() {
            return (out, false, rest);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        if end == 0 {
            rest = rest.get(1..).unwrap_or("");
            continue;
        }
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            rest = after.trim_start();
            let quote = rest.chars().next().filter(|c| *c == '"' || *c == '\'');
            let (raw, next) = match quote {
                Some(q) => match rest[1..].find(q) {
                    Some(at) => (&rest[1..=at], &rest[at + 2..]),
                    None => (&rest[1..], ""),
                },
                None => {
                    let at =
                        rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(rest.len());
                    rest.split_at(at)
                }
            };
            value = unescape(raw);
            rest = next;
        }
        out.push((name, value));
    }
}

/// Entities back to characters; what is no entity stays as it is.
pub(crate) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let decoded = rest
            .char_indices()
            .take(12)
            .find(|(_, c)| *c == ';')
            .and_then(|(end, _)| entity(&rest[1..end]).map(|c| (c, end + 1)));
        match decoded {
            Some((c, used)) => {
                out.push(c);
                rest = &rest[used..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "euro" => '€',
        "bull" => '•',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        _ => return None,
    })
}

/// Text as HTML, the way Teams writes it: a no-break space stays an entity.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
}

/// An attribute's value, quotes escaped too.
pub(crate) fn escape_attribute(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// The first element of this name with this attribute value, anywhere in the tree.
pub(crate) fn visit<'a>(nodes: &'a [Node], seen: &mut impl FnMut(&'a Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            seen(element);
            visit(&element.children, seen);
        }
    }
}

/// The plain text of a tree, without any layout.
pub(crate) fn flat_text(nodes: &[Node], out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Element(e) if e.name == "br" => out.push('\n'),
            Node::Element(e) => flat_text(&e.children, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_is_read_without_panic_or_runaway_depth() {
        for html in [
            "<",
            "<a",
            "<a href=",
            "<a href='x",
            "</",
            "<!--",
            "&#x110000;",
            "&",
            "<p><p></b>",
            "é<é>",
        ] {
            parse(html);
        }
        let deep = "<b>".repeat(20_000);
        assert!(parse(&deep).len() == 1);
    }

    #[test]
    fn text_attributes_and_entities_are_read() {
        let tree = parse(r#"a &amp; <a HREF="x?a=1&amp;b">b</a><br/>"#);
        assert_eq!(tree.len(), 3);
        let Node::Element(link) = &tree[1] else { panic!("no link") };
        assert_eq!(link.attribute("href"), Some("x?a=1&b"));
    }
}

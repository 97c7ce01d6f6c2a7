//! Blocks and mrkdwn as a person sees them: canonical simple HTML, plain text, who is mentioned.

use serde_json::{Value, json};

use super::mrkdwn;

/// Looks names up in the workspace.
pub(crate) trait Names {
    fn user(&self, id: &str) -> String;
    fn channel(&self, id: &str) -> String;
    fn group(&self, id: &str) -> String;
    fn is_custom_emoji(&self, name: &str) -> bool;
}

/// What is seen.
#[derive(Default)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) text: String,
    pub(crate) mentions: Vec<Value>,
}

/// Renders a message: its blocks if it has any, otherwise its text; then its attachments.
pub(crate) fn message(
    text: &str,
    blocks: Option<&Value>,
    attachments: Option<&Value>,
    names: &dyn Names,
) -> Rendered {
    let mut page = Page { out: Rendered::default(), names };
    match blocks.and_then(Value::as_array).filter(|blocks| !blocks.is_empty()) {
        Some(blocks) => blocks.iter().for_each(|block| page.block(block)),
        None => page.mrkdwn(text),
    }
    for attachment in attachments.and_then(Value::as_array).into_iter().flatten() {
        page.attachment(attachment);
    }
    page.out.text = page.out.text.trim_matches('\n').to_owned();
    page.out
}

struct Page<'a> {
    out: Rendered,
    names: &'a dyn Names,
}

impl Page<'_> {
    fn block(&mut self, block: &Value) {
        match kind(block) {
            "rich_text" => self.rich(array(block, "elements")),
            "section" => {
                self.text_object(&block["text"]);
                for field in array(block, "fields") {
                    self.text_object(field);
                }
            }
            "markdown" => {
                let text = block["text"].as_str().unwrap_or("");
                self.mrkdwn(&super::markdown::to_mrkdwn(text));
            }
            "header" => {
                self.newline();
                self.out.html.push_str("<h3>");
                self.push(block["text"]["text"].as_str().unwrap_or(""));
                self.out.html.push_str("</h3>");
                self.newline();
            }
            "divider" => self.out.html.push_str("<hr>"),
            "image" => self.image(block),
            "context" => {
                for element in array(block, "elements") {
                    if kind(element) == "image" {
                        continue;
                    }
                    self.text_object(element);
                }
            }
            "actions" => {
                let labels: Vec<String> = array(block, "elements")
                    .iter()
                    .filter_map(|e| e["text"]["text"].as_str())
                    .map(|label| format!("[{label}]"))
                    .collect();
                self.plain(&labels.join(" "));
            }
            _ => {}
        }
    }

    fn image(&mut self, block: &Value) {
        let title = block["title"]["text"].as_str().or(block["alt_text"].as_str()).unwrap_or("");
        if let Some(url) = block["image_url"].as_str() {
            self.rich(&[json!({"type": "rich_text_section",
                "elements": [{"type": "link", "url": url, "text": title}]})]);
        } else {
            self.plain(title);
        }
    }

    fn attachment(&mut self, attachment: &Value) {
        let field = |name: &str| attachment[name].as_str().filter(|text| !text.is_empty());
        if let Some(pretext) = field("pretext") {
            self.mrkdwn(pretext);
        }
        let begin = self.out.html.len();
        if let Some(author) = field("author_name") {
            self.plain(author);
        }
        match (field("title"), field("title_link")) {
            (Some(title), Some(link)) => self
                .rich(&[json!({"type": "rich_text_section", "elements":
                [{"type": "link", "url": link, "text": title, "style": {"bold": true}}]})]),
            (Some(title), None) => self.rich(&[json!({"type": "rich_text_section", "elements":
                [{"type": "text", "text": title, "style": {"bold": true}}]})]),
            (None, _) => {}
        }
        if let Some(text) = field("text") {
            self.mrkdwn(text);
        }
        for block in array(attachment, "blocks") {
            self.block(block);
        }
        for entry in array(attachment, "fields") {
            self.mrkdwn(&format!(
                "*{}*\n{}",
                entry["title"].as_str().unwrap_or(""),
                entry["value"].as_str().unwrap_or("")
            ));
        }
        if let Some(footer) = field("footer") {
            self.plain(footer);
        }
        if self.out.html.len() == begin
            && let Some(fallback) = field("fallback")
        {
            self.plain(fallback);
        }
        let inside = self.out.html.split_off(begin);
        if !inside.is_empty() {
            self.out.html.push_str(&format!("<blockquote>{inside}</blockquote>"));
        }
    }

    fn text_object(&mut self, object: &Value) {
        let Some(text) = object["text"].as_str() else { return };
        if kind(object) == "mrkdwn" { self.mrkdwn(text) } else { self.plain(text) }
    }

    fn mrkdwn(&mut self, text: &str) {
        let elements = mrkdwn::elements(text, &|name| self.names.is_custom_emoji(name));
        self.rich(&elements);
    }

    fn plain(&mut self, text: &str) {
        if !text.is_empty() {
            self.rich(&[
                json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}),
            ]);
        }
    }

    fn rich(&mut self, elements: &[Value]) {
        let mut at = 0;
        while let Some(element) = elements.get(at) {
            at += 1;
            match kind(element) {
                "rich_text_list" => {
                    let lists = elements[at..].iter().take_while(|e| kind(e) == "rich_text_list");
                    let end = at + lists.count();
                    self.lists(&elements[at - 1..end]);
                    at = end;
                }
                "rich_text_preformatted" => {
                    self.newline();
                    let open = match element["language"].as_str() {
                        Some(language) => format!("<pre data-language=\"{}\">", escape(language)),
                        None => "<pre>".to_owned(),
                    };
                    self.out.html.push_str(&open);
                    for child in array(element, "elements") {
                        let text = child["text"].as_str().or(child["url"].as_str()).unwrap_or("");
                        self.push(text);
                    }
                    self.out.html.push_str("</pre>");
                    self.newline();
                }
                "rich_text_quote" => {
                    self.out.html.push_str("<blockquote>");
                    self.paragraphs(array(element, "elements"));
                    self.out.html.push_str("</blockquote>");
                }
                "rich_text_section" => self.paragraphs(array(element, "elements")),
                _ => {}
            }
        }
    }

    /// Consecutive lists are one tree, told apart by `indent`.
    fn lists(&mut self, lists: &[Value]) {
        let mut open: Vec<&str> = Vec::new();
        self.newline();
        for list in lists {
            let tag = if list["style"].as_str() == Some("ordered") { "ol" } else { "ul" };
            let depth =
                usize::try_from(list["indent"].as_u64().unwrap_or(0)).unwrap_or(0).min(8) + 1;
            let offset = list["offset"].as_u64().unwrap_or(0);
            for (item, n) in array(list, "elements").iter().zip(offset + 1..) {
                while open.len() > depth || (open.len() == depth && open.last() != Some(&tag)) {
                    let tag = open.pop().unwrap_or("ul");
                    self.out.html.push_str(&format!("</li></{tag}>"));
                }
                if open.len() == depth {
                    self.out.html.push_str("</li>");
                }
                while open.len() < depth {
                    if !open.is_empty() && self.out.html.ends_with(&format!("<{tag}>")) {
                        self.out.html.push_str("<li>");
                    }
                    self.out.html.push_str(&format!("<{tag}>"));
                    open.push(tag);
                }
                self.out.html.push_str("<li>");
                self.out.text.push_str(&"  ".repeat(depth - 1));
                let bullet = if tag == "ol" { format!("{n}. ") } else { "• ".to_owned() };
                self.out.text.push_str(&bullet);
                let mut styles = Vec::new();
                self.inline(array(item, "elements"), &mut styles, false);
                self.newline();
            }
        }
        while let Some(tag) = open.pop() {
            self.out.html.push_str(&format!("</li></{tag}>"));
        }
    }

    fn paragraphs(&mut self, elements: &[Value]) {
        self.newline();
        let begin = self.out.html.len();
        self.out.html.push_str("<p>");
        let content = self.out.html.len();
        let mut styles = Vec::new();
        self.inline(elements, &mut styles, true);
        while self.out.html[content..].ends_with("<br>") {
            let end = self.out.html.len() - "<br>".len();
            self.out.html.truncate(end);
        }
        if let Some(rest) = self.out.html[content..].strip_suffix("</p><p>") {
            let end = content + rest.len();
            self.out.html.truncate(end);
        }
        if self.out.html.len() == content {
            self.out.html.truncate(begin);
        } else {
            self.out.html.push_str("</p>");
        }
        self.newline();
    }

    /// `breaks`: an empty line begins a new paragraph.
    fn inline(&mut self, elements: &[Value], open: &mut Vec<&'static str>, breaks: bool) {
        for element in elements {
            let mut wanted: Vec<&'static str> = Vec::new();
            for (style, tag) in [
                ("bold", "strong"),
                ("italic", "em"),
                ("strike", "s"),
                ("underline", "u"),
                ("code", "code"),
            ] {
                if element["style"][style].as_bool() == Some(true) {
                    wanted.push(tag);
                }
            }
            while open.iter().any(|tag| !wanted.contains(tag)) {
                self.close(open);
            }
            for tag in wanted {
                if !open.contains(&tag) {
                    self.out.html.push_str(&format!("<{tag}>"));
                    open.push(tag);
                }
            }
            self.element(element, breaks && open.is_empty());
        }
        while !open.is_empty() {
            self.close(open);
        }
    }

    fn close(&mut self, open: &mut Vec<&'static str>) {
        if let Some(tag) = open.pop() {
            self.out.html.push_str(&format!("</{tag}>"));
        }
    }

    fn element(&mut self, element: &Value, breaks: bool) {
        let field = |name: &str| element[name].as_str().unwrap_or("");
        match kind(element) {
            "text" => self.lines(field("text"), breaks),
            "link" => {
                self.out.html.push_str(&format!("<a href=\"{}\">", escape(field("url"))));
                self.push(element["text"].as_str().unwrap_or(field("url")));
                self.out.html.push_str("</a>");
            }
            "user" => {
                let (id, name) = (field("user_id"), self.names.user(field("user_id")));
                self.mention(id, &name, json!({"account": id, "name": name}));
            }
            "usergroup" => {
                let id = field("usergroup_id");
                let name = self.names.group(id);
                self.mention(id, &name, json!({"account": id, "name": name}));
            }
            "broadcast" => {
                let range = field("range");
                let whom = if range == "everyone" { "team" } else { range };
                self.mention(whom, range, json!({"everyone": whom}));
            }
            "channel" => {
                let name = format!("#{}", self.names.channel(field("channel_id")));
                self.push(&name);
            }
            "emoji" => {
                let name = field("name");
                let toned = element["skin_tone"].as_u64().map(|t| format!("{name}::skin-tone-{t}"));
                let seen = crate::slack::emoji::unicode(toned.as_deref().unwrap_or(name));
                self.push(&seen.unwrap_or_else(|| format!(":{name}:")));
            }
            "date" => self.push(field("fallback")),
            "color" => self.push(field("value")),
            _ => {}
        }
    }

    fn lines(&mut self, text: &str, breaks: bool) {
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            self.push(line);
            if lines.peek().is_none() {
                break;
            }
            self.out.text.push('\n');
            if breaks && self.out.html.ends_with("<br>") {
                let end = self.out.html.len() - "<br>".len();
                self.out.html.truncate(end);
                self.out.html.push_str("</p><p>");
            } else if !self.out.html.ends_with("<p>") {
                self.out.html.push_str("<br>");
            }
        }
    }

    fn mention(&mut self, account: &str, name: &str, mention: Value) {
        self.out
            .html
            .push_str(&format!("<span class=\"mention\" data-account=\"{}\">", escape(account)));
        self.push(&format!("@{name}"));
        self.out.html.push_str("</span>");
        if !self.out.mentions.contains(&mention) {
            self.out.mentions.push(mention);
        }
    }

    fn push(&mut self, text: &str) {
        self.out.html.push_str(&escape(text));
        self.out.text.push_str(text);
    }

    fn newline(&mut self) {
        if !self.out.text.is_empty() && !self.out.text.ends_with('\n') {
            self.out.text.push('\n');
        }
    }
}

fn kind(value: &Value) -> &str {
    value["type"].as_str().unwrap_or("")
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// For HTML text and attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Directory;
    impl Names for Directory {
        fn user(&self, id: &str) -> String {
            format!("name of {id}")
        }
        fn channel(&self, id: &str) -> String {
            id.to_lowercase()
        }
        fn group(&self, id: &str) -> String {
            id.to_lowercase()
        }
        fn is_custom_emoji(&self, name: &str) -> bool {
            name == "shipit"
        }
    }

    #[test]
    fn text_is_seen_as_simple_html() {
        for (text, html) in [
            ("a &lt; b\nc", "<p>a &lt; b<br>c</p>"),
            ("a\n\nb", "<p>a</p><p>b</p>"),
            ("*b _bi_* ~s~ `c`", "<p><strong>b <em>bi</em></strong> <s>s</s> <code>c</code></p>"),
            (
                "<@U1> in <#C1|x>",
                "<p><span class=\"mention\" data-account=\"U1\">@name of U1</span> in #c1</p>",
            ),
            ("<https://a.b/?x&amp;y|t>", "<p><a href=\"https://a.b/?x&amp;y\">t</a></p>"),
            ("x\n```\na &lt;\n  b\n```\ny", "<p>x</p><pre>a &lt;\n  b</pre><p>y</p>"),
            ("&gt; q\n&gt; r\nz", "<blockquote><p>q<br>r</p></blockquote><p>z</p>"),
            ("• a\n    ◦ b\n• c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
            ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
            (":tada: :shipit:", "<p>🎉 :shipit:</p>"),
        ] {
            assert_eq!(message(text, None, None, &Directory).html, html, "{text}");
        }
    }

    #[test]
    fn blocks_are_seen_instead_of_the_text() {
        let blocks = json!([
            {"type": "header", "text": {"type": "plain_text", "text": "H"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*b* <!here>"}},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "plain_text", "text": "small *x*"}]},
            {"type": "image", "image_url": "https://i", "alt_text": "alt"},
        ]);
        let attachments = json!([{"title": "T", "text": "in"}]);
        let seen = message("other", Some(&blocks), Some(&attachments), &Directory);
        assert_eq!(
            seen.html,
            "<h3>H</h3><p><strong>b</strong> <span class=\"mention\" data-account=\"here\">@here</span></p><hr>\
             <p>small *x*</p><p><a href=\"https://i\">alt</a></p>\
             <blockquote><p><strong>T</strong></p><p>in</p></blockquote>"
        );
        assert_eq!(seen.text, "H\nb @here\nsmall *x*\nalt\nT\nin");
        assert_eq!(seen.mentions, [json!({"everyone": "here"})]);
    }
}

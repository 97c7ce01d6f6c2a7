//! Slack's `mrkdwn`, as it comes in `text`: what there is when a message has no blocks.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text. A style begins where no word goes on
//! and ends where none begins; nothing but `&amp; &lt; &gt;` is escaped; `<…>` is a reference.
//! Lists are text with bullets in it and stay text.

use rialto_model::{Block, Inline, MentionTarget, RichText, Style};
use rialto_platform::links::is_followable;

use super::{
    rich_text::audience,
    text::{emoji_named, mention, paragraphs, push_link, push_text},
};

/// Parses a whole text.
pub(crate) fn mrkdwn(text: &str) -> RichText {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = fence(rest) {
        lines(&mut blocks, before.strip_suffix('\n').unwrap_or(before), before.is_empty());
        blocks.push(Block::Code { language: None, code: plain(code.trim_matches('\n')) });
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    lines(&mut blocks, rest, rest.is_empty());
    RichText { blocks }.normalized()
}

/// What is before, within and after the next code block.
fn fence(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("```")?;
    let (code, after) = rest.split_once("```")?;
    (!code.trim().is_empty()).then_some((before, code, after))
}

/// Quotes and paragraphs.
fn lines(blocks: &mut Vec<Block>, text: &str, nothing: bool) {
    if nothing {
        return;
    }
    let mut run: Vec<Inline> = Vec::new();
    let mut quoting = false;
    let mut all_quoted = false;
    let mut first = true;
    for line in text.split('\n') {
        let quoted = if all_quoted {
            Some(line)
        } else if let Some(line) = quote_mark(line, 3) {
            all_quoted = true;
            Some(line)
        } else {
            quote_mark(line, 1)
        };
        if !first && quoting != quoted.is_some() {
            flush(blocks, &mut run, quoting);
        } else if !first {
            run.push(Inline::LineBreak);
        }
        (quoting, first) = (quoted.is_some(), false);
        parse(&mut run, quoted.unwrap_or(line), Style::PLAIN);
    }
    flush(blocks, &mut run, quoting);
}

fn flush(blocks: &mut Vec<Block>, run: &mut Vec<Inline>, quoting: bool) {
    let inner = paragraphs(std::mem::take(run));
    if quoting { blocks.push(Block::Quote(inner)) } else { blocks.extend(inner) }
}

fn quote_mark(mut line: &str, marks: usize) -> Option<&str> {
    for _ in 0..marks {
        line = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>'))?;
    }
    Some(line.strip_prefix(' ').unwrap_or(line))
}

/// Something other than plain characters, found in a line.
enum Piece<'a> {
    Reference(&'a str),
    Code(&'a str),
    Styled(&'a str, Style),
    Emoji(&'a str),
}

/// Parses one line, or a piece of one, into `out`.
fn parse(out: &mut Vec<Inline>, text: &str, style: Style) {
    // What is known to have no end from here on is not looked for again: hostile text stays cheap.
    let mut endless = Vec::new();
    let (mut at, mut from) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        let (before, rest) = (&text[..at], &text[at + c.len_utf8()..]);
        let piece = if endless.contains(&c) {
            None
        } else {
            match c {
                '<' => end(rest, rest.find('>'), &mut endless, c).map(Piece::Reference),
                '`' if rest.starts_with('`') => None,
                '`' => end(rest, rest.find('`'), &mut endless, c).map(Piece::Code),
                '*' | '_' | '~' if opens(before, rest, c) => added(style, c).and_then(|style| {
                    let inner = end(rest, closing(rest, c), &mut endless, c)?;
                    Some(Piece::Styled(inner, style))
                }),
                ':' => emoji_at(before, rest).map(Piece::Emoji),
                _ => None,
            }
        };
        let Some(piece) = piece else {
            at += c.len_utf8();
            continue;
        };
        push_text(out, &unescape(&text[from..at]), style);
        let (Piece::Reference(inner)
        | Piece::Code(inner)
        | Piece::Styled(inner, _)
        | Piece::Emoji(inner)) = piece;
        // One character at each side marks it.
        at += inner.len() + 2;
        from = at;
        match piece {
            Piece::Reference(inner) => reference(out, inner, style),
            Piece::Code(inner) => push_text(out, &plain(inner), Style { code: true, ..style }),
            Piece::Styled(inner, style) => parse(out, inner, style),
            Piece::Emoji(name) => out.push(Inline::Emoji(emoji_named(name))),
        }
    }
    push_text(out, &unescape(&text[from..]), style);
}

/// The text up to an end that was found; what has none is noted.
fn end<'a>(
    text: &'a str,
    found: Option<usize>,
    endless: &mut Vec<char>,
    mark: char,
) -> Option<&'a str> {
    if found.is_none() {
        endless.push(mark);
    }
    found.map(|end| &text[..end])
}

/// The style with one more mark; `None` when it has it already.
fn added(style: Style, mark: char) -> Option<Style> {
    match mark {
        '*' if !style.bold => Some(Style { bold: true, ..style }),
        '_' if !style.italic => Some(Style { italic: true, ..style }),
        '~' if !style.strike => Some(Style { strike: true, ..style }),
        _ => None,
    }
}

/// Whether a mark between these begins a style: no word before it, no space or same mark after it.
fn opens(before: &str, after: &str, mark: char) -> bool {
    !before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == mark)
        && after.chars().next().is_some_and(|c| !c.is_whitespace() && c != mark)
}

/// Where the style ends: a mark with no space before it and no word after it, outside references
/// and code.
fn closing(text: &str, mark: char) -> Option<usize> {
    let mut skip_to = 0;
    let mut endless = Vec::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        if at >= skip_to {
            if c == mark
                && before.is_some_and(|c: char| !c.is_whitespace() && c != mark)
                && !text[at + c.len_utf8()..]
                    .chars()
                    .next()
                    .is_some_and(|next| next.is_alphanumeric() || next == mark)
            {
                return Some(at);
            }
            if matches!(c, '<' | '`') && !endless.contains(&c) {
                match text[at + 1..].find(if c == '<' { '>' } else { '`' }) {
                    Some(length) => skip_to = at + 1 + length + 1,
                    None => endless.push(c),
                }
            }
        }
        before = Some(c);
    }
    None
}

/// The name before the next colon, with its skin tone, if it is an emoji's.
fn emoji_at<'a>(before: &str, after: &'a str) -> Option<&'a str> {
    let longest = 100;
    let name_char = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'');
    let word = after.find(|c: char| !name_char(c)).filter(|end| (1..=longest).contains(end))?;
    let (name, rest) = after.split_at(word);
    let length = match rest.strip_prefix("::skin-tone-") {
        Some(tone) => {
            let digits = tone.find(':').filter(|end| (1..=3).contains(end))?;
            word + "::skin-tone-".len() + digits
        }
        None => word,
    };
    let end = after[length..].strip_prefix(':')?;
    let left = before.chars().next_back().is_some_and(char::is_alphanumeric);
    let right = end.chars().next().is_some_and(char::is_alphanumeric);
    // `nice:+1:` is an emoji; `a:b:c` is not, nor is the time `10:30:20`.
    let known = !(left && right) && matches!(emoji_named(name), rialto_model::Emoji::Unicode(_));
    let custom = !left
        && !right
        && name.chars().any(|c| c.is_ascii_lowercase())
        && !name.chars().any(char::is_uppercase);
    (known || custom).then_some(&after[..length])
}

/// What stands between `<` and `>`.
fn reference(out: &mut Vec<Inline>, inner: &str, style: Style) {
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(unescape(label))),
        None => (inner, None),
    };
    let label_or = |other: &str| label.clone().unwrap_or_else(|| other.to_owned());
    if let Some(id) = target.strip_prefix('@').filter(|id| is_id(id)) {
        out.push(mention(MentionTarget::Account(id.into()), &label_or("")));
    } else if let Some(id) = target.strip_prefix('#').filter(|id| is_id(id)) {
        out.push(mention(MentionTarget::Conversation(id.into()), &label_or("")));
    } else if let Some(command) = target.strip_prefix('!') {
        match command.split_once('^') {
            None if matches!(command, "here" | "channel" | "everyone") => {
                out.push(mention(MentionTarget::Everyone(audience(command)), command));
            }
            Some(("subteam", id)) if is_id(id) => {
                out.push(mention(MentionTarget::Group(id.into()), &label_or("")));
            }
            _ => push_text(out, &label_or(&format!("<!{}>", unescape(command))), style),
        }
    } else {
        let url = unescape(target);
        let shown = label.filter(|label| !label.is_empty());
        if is_followable(&url) {
            let mut content = Vec::new();
            push_text(&mut content, shown.as_deref().unwrap_or(&url), style);
            push_link(out, &url, content);
        } else if let Some(shown) = shown {
            push_text(out, &shown, style);
        } else if target.contains(':') {
            push_text(out, &url, style);
        } else {
            push_text(out, &format!("<{url}>"), style);
        }
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Code, where only references and escapes mean something.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (inner, after))) =
        rest.split_once('<').and_then(|(before, rest)| Some((before, rest.split_once('>')?)))
    {
        out.push_str(&unescape(before));
        let mut inlines = Vec::new();
        reference(&mut inlines, inner, Style::PLAIN);
        out.push_str(&RichText { blocks: vec![Block::Paragraph(inlines)] }.plain_text());
        rest = after;
    }
    out + &unescape(rest)
}

/// Slack escapes these three and nothing else.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::{super::sketch::sketch, mrkdwn};

    #[test]
    fn marks_mean_what_they_mean_in_slack() {
        for (text, expected) in [
            // Styles, and where words keep them from being one.
            ("*bold* _italic_ ~struck~ `code`", "b{bold} i{italic} s{struck} c{code}"),
            ("*_~all~_*", "bis{all}"),
            ("*a _b_ c*", "b{a }bi{b}b{ c}"),
            ("snake_case_name 2*3*4 a~b~c", "snake_case_name 2*3*4 a~b~c"),
            ("* not* *not * ** __ *", "* not* *not * ** __ *"),
            ("(*b*), \"_i_\"!", "(b{b}), \"i{i}\"!"),
            ("*one\ntwo*", "*one ⏎ two*"),
            ("`*x* &lt;y&gt; <http://a.example|a>`", "c{*x* <y> a}"),
            ("``x``", "`c{x}`"),
            // Escapes: three, once.
            ("&lt;b&gt; &amp;amp; &quot;", "<b> &amp; &quot;"),
            // References.
            (
                "<https://a.example/x?a=1&amp;b=2>",
                "[https://a.example/x?a=1&b=2](https://a.example/x?a=1&b=2)",
            ),
            ("<https://a.example|see *this*>", "[see *this*](https://a.example)"),
            ("*<https://a.example|bold>*", "[b{bold}](https://a.example)"),
            ("<mailto:a@b.example|a@b.example>", "[a@b.example](mailto:a@b.example)"),
            ("<javascript:alert(1)|x> <slack://open>", "x slack://open"),
            ("<@U012AB3CD> <@W1|ada>", "@{U012AB3CD } @{W1 ada}"),
            ("<#C1|general> <#C2>", "#{C1 general} #{C2 }"),
            (
                "<!here> <!channel> <!everyone|x>",
                "all{Present here} all{Conversation channel} all{Team everyone}",
            ),
            ("<!subteam^S1|@devs>", "group{S1 devs}"),
            ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
            ("<!unknown> <what> 1 < 2", "<!unknown> <what> 1 < 2"),
            // Emoji.
            (":wave: :wave::skin-tone-3: :partyparrot:", "emoji{👋} emoji{👋🏼} custom{partyparrot}"),
            ("nice:+1:", "niceemoji{👍}"),
            ("10:30:20 a:b:c ::", "10:30:20 a:b:c ::"),
            // Blocks.
            ("&gt; a\n&gt;b\nc", "quote(a ⏎ b) / c"),
            ("a\n&gt;&gt;&gt; b\nc", "a / quote(b ⏎ c)"),
            ("a\n```\nx *y*\n\nz\n```\nb", "a / code(\"x *y*\\n\\nz\") / b"),
            ("a ```x``` b", "a  / code(\"x\") /  b"),
            ("```never ends", "```never ends"),
            ("a\n\nb\nc", "a /  / b ⏎ c"),
            ("• one\n1. two", "• one ⏎ 1. two"),
            ("", ""),
        ] {
            assert_eq!(sketch(&mrkdwn(text)), expected, "{text:?}");
        }
    }
}

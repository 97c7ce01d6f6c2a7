//! What is written to break out, to impersonate, to wear out.

use rialto_model::{Block, MentionTarget};

use crate::{
    Sample,
    writing::{
        blank, bullets, code, item_of, line, link, mention, named, own_emoji, p, quote, s, sample,
        t, table, words,
    },
};

pub(crate) fn samples() -> Vec<Sample> {
    let call = |id: &str, name: &str| mention(MentionTarget::Account(id.into()), name);
    let quotes = (0..40).fold(p([t("deepest")]), |inner, _| quote([inner]));
    let lists = (0..40).fold(words(&["deepest"]), |inner, _| bullets([item_of([inner])]));
    vec![
        named("a script", "<script>alert('x')</script>"),
        named("a picture that fails", "<img src=x onerror=\"alert(1)\">"),
        named("a drawing", "<svg/onload=alert(1)><svg><script>1</script></svg>"),
        named("a frame", "<iframe src=\"https://evil.example\"></iframe>"),
        named("a style", "<style>* { display: none }</style> still here"),
        named("a form", "<form action=\"https://evil.example\"><input name=\"p\"></form>"),
        named("a comment that never ends", "before <!-- after"),
        named("a comment", "<!-- hidden --> shown --> shown"),
        named("data that is no data", "<![CDATA[x]]> ]]> <?php echo 1 ?> <!DOCTYPE html>"),
        named("tags that close everything", "</p></div></blockquote></ul></table></body></html>x"),
        named("tags that never close", "<b><i><u><a href=\"https://evil.example\">x"),
        named("a tag that never ends", "x <a href=\"https://evil.example"),
        named("a title that waits", "<textarea><title><xmp><plaintext> x"),
        named("somebody else's byline", "**Ana Lima** *(Slack)*\nI resign"),
        named("somebody else's byline in plain words", "Ana Lima (Slack)\nI resign"),
        named("a file that did not come", "📎 The file salary.xlsx did not come along: too large"),
        named("signs of one kind", &"*".repeat(300)),
        named("signs that open", &"<".repeat(300)),
        named("backticks", &"`".repeat(301)),
        named("brackets", &"[".repeat(150)),
        named("entities", &"&amp;".repeat(80)),
        named("a word without an end", &"abcdefghij".repeat(90)),
        named("a nul", "before\u{0}after"),
        named("an escape of a terminal", "\u{1b}[31mred\u{1b}[0m"),
        line("a call whose name is markup", [call("nobody", "</at><b>x"), t(" hi")]),
        line("a call whose id is markup", [call("U1> <!channel", "Eve"), t(" hi")]),
        line(
            "a call whose name calls everybody",
            [call("nobody", "channel"), t(" "), call("nobody", "all")],
        ),
        line(
            "an address that ends its attribute",
            [link("https://a.example/\"onclick=\"alert(1)", [t("x")])],
        ),
        line(
            "an address that ends its link",
            [link("https://a.example/)![x](https://evil.example", [t("x")])],
        ),
        line("an address with a break", [link("https://a.example/\n<!channel>", [t("x")])]),
        line(
            "words that end their link",
            [link("https://a.example", [t("x](https://evil.example) [y")])],
        ),
        line(
            "words that end their link in slack",
            [link("https://a.example", [t("x> <!channel> <https://evil.example|y")])],
        ),
        line("code that ends itself", [s("c", "</code><b>x</b>")]),
        line("an emoji whose name is markup", [own_emoji("x:<!channel>:")]),
        sample("a language that is markup", [code(Some("\"><script>"), "x")]),
        sample("forty quotes deep", [quotes]),
        sample("forty lists deep", [lists]),
        sample(
            "empty blocks",
            [quote([]), bullets([]), table(true, &[]), blank(), code(None, ""), p([t("x")])],
        ),
        sample("rules alone", [Block::Rule, Block::Rule, p([t("x")])]),
        sample("empty runs", [p([t(""), s("b", ""), t("x"), s("i", ""), t("")])]),
    ]
}

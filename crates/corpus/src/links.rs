//! Links, and addresses of every shape.

use crate::{
    Sample,
    writing::{BR, bare, bullets, heading, item, line, link, p, quote, s, sample, t},
};

pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = vec![
        line(
            "words that lead somewhere",
            [t("see "), link("https://a.example/plan", [t("the plan")]), t(" today")],
        ),
        line("an address alone", [bare("https://a.example/x")]),
        line(
            "an address in a sentence",
            [t("see "), bare("https://a.example/x"), t(", or "), bare("https://b.example"), t(".")],
        ),
        line("an address in brackets", [t("(see "), bare("https://a.example/x"), t(")")]),
        line(
            "words that are another address",
            [link("https://evil.example/", [t("https://a.example/")])],
        ),
        line(
            "words that are the address without its scheme",
            [link("https://a.example/x", [t("a.example/x")])],
        ),
        line("brackets in the words", [link("https://a.example", [t("[draft] plan (v2)")])]),
        line("a pipe in the words", [link("https://a.example", [t("a | b > c")])]),
        line("markup in the words", [link("https://a.example", [t("*a* _b_ `c` <d>")])]),
        line("a bold link", [t("see "), link("https://a.example", [s("b", "the plan")])]),
        line(
            "a link of several styles",
            [link("https://a.example", [t("the "), s("b", "new "), s("bi", "plan")])],
        ),
        line("a link of code", [link("https://docs.example/vec", [s("c", "Vec<T>")])]),
        line(
            "a link in bold words",
            [s("b", "read "), link("https://a.example", [s("b", "this")]), s("b", " now")],
        ),
        line(
            "two links beside each other",
            [link("https://a.example", [t("one")]), link("https://b.example", [t("two")])],
        ),
        line(
            "two links to one place",
            [link("https://a.example", [t("one")]), t(" "), link("https://a.example", [t("two")])],
        ),
        line("a link over a break", [link("https://a.example", [t("one"), BR, t("two")])]),
        line(
            "a link behind an exclamation mark",
            [t("look!"), link("https://a.example", [t("here")])],
        ),
        line("a link without room", [t("the"), link("https://a.example", [t("plan")]), t("s")]),
        line("a link of a space", [t("a"), link("https://a.example", [t(" ")]), t("b")]),
        line("a link that shows nothing", [t("see "), link("https://a.example/x", [])]),
        line("a mail address", [t("ask "), link("mailto:ana@a.example", [t("ana@a.example")])]),
        line(
            "a mail address behind words",
            [link("mailto:ana@a.example?subject=Hi%20there", [t("write to Ana")])],
        ),
        line("a telephone", [t("call "), link("tel:+49-30-1234", [t("+49-30-1234")])]),
        line(
            "a link right to left",
            [t("ראו את "), link("https://a.example/he", [t("התוכנית החדשה")]), t(" היום")],
        ),
        line(
            "a link of chinese words",
            [t("请看"), link("https://a.example/zh", [t("新计划")]), t("。")],
        ),
        line("a link that nobody should follow", [link("javascript:alert(1)", [t("click me")])]),
        line("a link to data", [link("data:text/html,<script>x</script>", [t("page")])]),
        line("a link to a file", [link("file:///etc/passwd", [t("the file")])]),
        sample(
            "links in a list",
            [bullets([
                item([link("https://a.example", [t("one")])]),
                item([bare("https://b.example")]),
            ])],
        ),
        sample(
            "a link in a quote",
            [quote([p([t("see "), link("https://a.example", [t("this")])])])],
        ),
        sample("a link in a heading", [heading(2, [link("https://a.example", [t("The plan")])])]),
    ];
    // Each as an address alone and behind words.
    for url in [
        "https://en.example/wiki/Rust_(programming_language)",
        "https://a.example/a|b",
        "https://a.example/?a=1&b=2&amp;c=3&copy=4",
        "https://a.example/#top*bold*_it_~s~",
        "https://a.example/\"quoted\"'x'",
        "https://a.example/<b>",
        "https://a.example/a%20b%7C%28%29%C3%A9",
        "https://bücher.example/straße?q=ü",
        "https://例え.example/道",
        "https://user:pass@a.example:8443/x",
        "http://127.0.0.1:3000/a;b=c,d",
        "https://a.example/[x]{y}^`z`\\",
        "https://a.example/x.",
    ] {
        samples.push(line(
            &format!("address {url}"),
            [t("at "), bare(url), t(" or "), link(url, [t("here")]), t(".")],
        ));
    }
    samples
}

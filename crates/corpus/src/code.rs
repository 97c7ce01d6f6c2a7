//! Code, in lines and in blocks, with what could end it.

use crate::{
    Sample,
    writing::{bullets, code, heading, item, item_of, line, p, quote, s, sample, t},
};

const RUST: &str = "fn main() {\n    let x = vec![1, 2];\n\n    println!(\"{x:?}\");\n}";

pub(crate) fn samples() -> Vec<Sample> {
    vec![
        line("code with a backtick", [t("type "), s("c", "a`b"), t(" here")]),
        line("code with two backticks", [t("type "), s("c", "a``b"), t(" here")]),
        line("code that begins and ends with backticks", [s("c", "`x`")]),
        line("code of nothing but backticks", [s("c", "```"), t(" begins a block")]),
        line("code with spaces at its ends", [t("a"), s("c", " x "), t("b")]),
        line("code with two spaces in it", [s("c", "a  b")]),
        line("two codes in a row", [s("c", "a"), t(" "), s("c", "b"), t("/"), s("c", "c")]),
        line("code beside code", [s("c", "a"), s("bc", "b"), s("c", "c")]),
        line("code with markup", [s("c", "*x* _y_ ~z~ <b> &amp; \\* [a](b)")]),
        line("code with calls", [s("c", "<@U123> <!channel> <@all> @Ana Lima")]),
        line("code with an address", [s("c", "https://a.example/?a=1&b=2")]),
        line("code with a backslash", [s("c", "C:\\dir\\"), t(" and "), s("c", "\\n")]),
        line("code in another script", [s("c", "变量 = 'שלום' # 🎉")]),
        sample("a block", [code(None, "let x = 1;")]),
        sample("a block of rust", [code(Some("rust"), RUST)]),
        sample(
            "a block between lines",
            [p([t("before")]), code(Some("js"), "x => `${x}`"), p([t("after")])],
        ),
        sample(
            "a block with a fence in it",
            [code(Some("markdown"), "```rust\nlet x;\n```\nafter")],
        ),
        sample("a block with long fences in it", [code(None, "````\n`````\n~~~")]),
        sample("a block that begins and ends with backticks", [code(None, "`a\nb`")]),
        sample("a block with blank lines", [code(None, "\na\n\n\nb\n\nc")]),
        sample("a block with spaces", [code(None, "  a\n\tb\n    c  \n a   b")]),
        sample(
            "a block of html",
            [code(Some("html"), "<p class=\"x\">a &amp; b</p>\n<!-- c -->\n</code></pre>")],
        ),
        sample(
            "a block with calls",
            [code(None, "<@U123> <!here> <@all>\n@Ana Lima @channel\n:wave:")],
        ),
        sample("a block of one letter", [code(None, "x")]),
        sample("an empty block", [p([t("nothing:")]), code(None, ""), p([t("indeed")])]),
        sample(
            "a block of a language with signs",
            [code(Some("c++"), "auto x{1};"), code(Some("c#"), "var x = 1;")],
        ),
        sample("a block of an unknown language", [code(Some("my lang"), "x = 1")]),
        sample(
            "two blocks in a row",
            [code(Some("json"), "{\"a\": [1, 2]}"), code(Some("json"), "null")],
        ),
        sample(
            "a block of a long line",
            [code(
                Some("bash"),
                &format!("curl {}", "-H 'X-Header: value' ".repeat(30).trim_end()),
            )],
        ),
        sample(
            "a block of a diff",
            [code(Some("diff"), "- old line\n+ new line\n  same\n@@ -1 +1 @@")],
        ),
        sample("a block that is no table", [code(None, "a | b\n--+--\n1 | 2")]),
        sample(
            "a block in another script",
            [code(Some("python"), "名前 = '世界' # שלום\nprint(f'{名前} 👋🏽')")],
        ),
        sample(
            "a block in a list",
            [bullets([
                item_of([p([t("run")]), code(Some("bash"), "make\nmake test")]),
                item([t("done")]),
            ])],
        ),
        sample("a block in a quote", [quote([p([t("said")]), code(None, "a\nb"), p([t("then")])])]),
        sample(
            "a block after a heading",
            [heading(2, [t("Usage")]), code(Some("bash"), "rialto serve")],
        ),
        sample(
            "a block of a stack",
            [code(
                None,
                "thread 'main' panicked at src/main.rs:1:2:\nindex out of bounds: the len is 0 but the index is 1\n   0: <core::panic>",
            )],
        ),
    ]
}

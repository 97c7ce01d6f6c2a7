use super::*;

fn rendered(source: &str) -> Rendered {
    with(source, Newline::Soft)
}

fn with(source: &str, newline: Newline) -> Rendered {
    render(source, newline, |who, name| match who {
        "all" => Some(Mention::Everyone),
        "personEmail:ann@acme.example" => {
            Some(Mention::Person("ANN".into(), name.unwrap_or("Ann Lee").into()))
        }
        _ => None,
    })
}

#[test]
fn markdown_becomes_webex_html_and_text() {
    for (source, html, text) in [
        ("**b** *i* _i_", "<p><strong>b</strong> <em>i</em> <em>i</em></p>", "b i i"),
        ("a\nb", "<p>a\nb</p>", "a\nb"),
        ("a  \nb", "<p>a<br>b</p>", "a\nb"),
        ("a<br/>b", "<p>a<br>b</p>", "a\nb"),
        ("a\n\nb", "<p>a</p><p>b</p>", "a\nb"),
        ("~~s~~ & <b>x</b>", "<p>~~s~~ &amp; &lt;b&gt;x&lt;/b&gt;</p>", "~~s~~ & <b>x</b>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>", "•\ta\n•\tb"),
        ("3. a\n4. b", "<ol><li>a</li><li>b</li></ol>", "3.\ta\n4.\tb"),
        ("> q", "<blockquote><p>q</p></blockquote>", "q"),
        ("# H\n---", "<h1>H</h1><hr>", "H"),
        ("`<@all>`", "<p><code>&lt;@all&gt;</code></p>", "<@all>"),
        (
            "```rust\nlet a;\n```",
            "<pre><code class=\"language-rust\">let a;\n</code></pre>",
            "let a;",
        ),
        (
            "[l](https://x.example)",
            "<p><a href=\"https://x.example\" rel=\"nofollow\">l</a></p>",
            "l",
        ),
        (
            "<@personEmail:ann@acme.example|Ann> <@all>",
            "<p><spark-mention data-object-type=\"person\" data-object-id=\"ANN\">Ann</spark-mention> \
             <spark-mention data-object-type=\"groupMention\" data-group-type=\"all\">All</spark-mention></p>",
            "Ann All",
        ),
        (
            "<@personEmail:nobody@x.example> <@",
            "<p>&lt;@personEmail:nobody@x.example&gt; &lt;@</p>",
            "<@personEmail:nobody@x.example> <@",
        ),
    ] {
        let out = rendered(source);
        assert_eq!((out.html.as_str(), out.text.as_str()), (html, text), "{source:?}");
    }
}

#[test]
fn the_view_has_simple_html() {
    let out = rendered("hi <@personEmail:ann@acme.example>,\nall <@all>\n```\nx\n```");
    assert_eq!(
        out.seen,
        "<p>hi <span class=\"mention\" data-account=\"ANN\">@Ann Lee</span>, all \
         <span class=\"mention\" data-account=\"channel\">@All</span></p><pre>x</pre>"
    );
    assert_eq!(out.mentions, [Mention::Person("ANN".into(), "Ann Lee".into()), Mention::Everyone]);
}

#[test]
fn where_people_type_lines_break() {
    let out = with("a\nb", Newline::Breaks);
    assert_eq!(
        (out.html.as_str(), out.seen.as_str(), out.text.as_str()),
        ("<p>a<br>b</p>", "<p>a<br>b</p>", "a\nb")
    );
}

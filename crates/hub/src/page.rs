//! Small pages for people: plain HTML that needs no script and reads well aloud.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

const STYLE: &str = "body{font:1.125rem/1.6 system-ui,sans-serif;max-width:38rem;margin:15vh auto;\
                     padding:0 1.5rem;color:#1b1b1f;background:#fff}h1{font-size:1.6rem}\
                     code{background:#eee;padding:.1em .3em;border-radius:.2em}\
                     @media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#16161a}\
                     a{color:#9db8ff}code{background:#2c2c33}}";

/// A page: what happened, and lists of what to know and do.
pub(crate) struct Page<'a> {
    pub(crate) status: StatusCode,
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    pub(crate) sections: &'a [(&'a str, &'a [String])],
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let mut body = format!("<h1>{}</h1><p>{}</p>", escape(self.title), linked(self.text));
        for (heading, items) in self.sections.iter().filter(|(_, items)| !items.is_empty()) {
            body.push_str(&format!("<h2>{}</h2><ul>", escape(heading)));
            for item in *items {
                body.push_str(&format!("<li>{}</li>", linked(item)));
            }
            body.push_str("</ul>");
        }
        let title = escape(self.title);
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title} · Rialto</title><style>{STYLE}</style>\
             </head><body><main>{body}</main></body></html>"
        );
        let mut response = (self.status, Html(html)).into_response();
        let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-store"),
            // The address carries the vendor's code.
            (HeaderName::from_static("referrer-policy"), "no-referrer"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Escapes, makes https addresses links and `words` code.
fn linked(text: &str) -> String {
    let mut html = String::new();
    for (index, piece) in text.split('`').enumerate() {
        if index % 2 == 1 {
            html.push_str(&format!("<code>{}</code>", escape(piece)));
            continue;
        }
        for (index, word) in piece.split(' ').enumerate() {
            if index > 0 {
                html.push(' ');
            }
            let address = word.trim_end_matches(['.', ',', ')', ';', ':']);
            if address.starts_with("https://") {
                let (shown, rest) = (escape(address), escape(&word[address.len()..]));
                html.push_str(&format!("<a href=\"{shown}\">{shown}</a>{rest}"));
            } else {
                html.push_str(&escape(word));
            }
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_vendor_stay_words() {
        for (text, html) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("run `rialto <x>`", "run <code>rialto &lt;x&gt;</code>"),
            (
                "see https://a.test/?x=1&y=\"2\".",
                "see <a href=\"https://a.test/?x=1&amp;y=&quot;2&quot;\">https://a.test/?x=1&amp;y=&quot;2&quot;</a>.",
            ),
            ("javascript:alert(1)", "javascript:alert(1)"),
        ] {
            assert_eq!(linked(text), html, "{text}");
        }
    }
}

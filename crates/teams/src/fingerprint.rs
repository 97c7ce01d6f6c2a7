//! What a message reads like, alike for what is sent and for what Graph gives back after its own
//! rewriting of the markup.
//!
//! Only letters count: no markup, no white space, no variation selectors. Files do not: they are
//! renamed on conflict, and one that fails is said in words, on a line that does not count either.

use aws_lc_rs::digest;
use rialto_model::{Fingerprint, RichText};

use crate::{html, wire::Body};

/// Lines that tell of files begin so.
pub(crate) const FILE_SIGN: char = '📎';

/// Of HTML.
pub(crate) fn of_html(html: &str) -> Fingerprint {
    of_text(&html::parse(html, &html::Mentions::new()).text)
}

/// Of a message's body as Graph gives it.
pub(crate) fn of_body(body: &Body) -> Fingerprint {
    if body.content_type.eq_ignore_ascii_case("text") {
        of_text(&RichText::plain(&body.content))
    } else {
        of_html(&body.content)
    }
}

fn of_text(text: &RichText) -> Fingerprint {
    let counts = |c: &char| {
        !c.is_whitespace() && !c.is_control() && !"\u{fe0e}\u{fe0f}\u{200b}\u{feff}".contains(*c)
    };
    let letters: String = text
        .plain_text()
        .lines()
        .filter(|line| !line.trim_start().starts_with(FILE_SIGN))
        .flat_map(str::chars)
        .filter(counts)
        .collect();
    Fingerprint(hex::encode(digest::digest(&digest::SHA256, letters.as_bytes())))
}

//! What a message reads like, alike for what is sent and for what Webex gives back.
//!
//! Only what is said counts: letters, digits and signs beyond ASCII. Punctuation is markup as often as
//! not, and everybody is called by Webex's own word. A file that fails is said in words, on a line that
//! does not count either.

use aws_lc_rs::digest;
use rialto_model::{Fingerprint, Inline, MentionTarget, RichText};
use rialto_platform::failed_files::FILE_SIGN;

/// Of a message's text.
pub(crate) fn of(text: &RichText) -> Fingerprint {
    let mut text = text.clone();
    text.for_each_line(&mut |line| {
        for inline in line {
            if let Inline::Mention(mention) = inline
                && matches!(mention.target, MentionTarget::Everyone(_))
            {
                *inline = Inline::text("All");
            }
        }
    });
    let counts = |c: &char| {
        !c.is_whitespace()
            && !c.is_control()
            && !c.is_ascii_punctuation()
            && !"\u{200b}\u{2060}\u{fe0e}\u{fe0f}\u{feff}".contains(*c)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::parse;

    #[test]
    fn only_what_is_said_counts() {
        let same = of(&parse("<p><strong>Ana</strong> <em>(Slack)</em><br>hello ❤ 3</p>"));
        for (text, expected) in [
            ("Ana (Slack)\n\nhello ❤\u{fe0f}  ~3~", true),
            ("Ana (Slack)\nhello ❤ 3\n📎 The file a did not come along", true),
            ("Ana (Slack)\nhello ❤ 4", false),
            ("Ana (Slack)\nhello 3", false),
        ] {
            assert_eq!(of(&RichText::plain(text)) == same, expected, "{text}");
        }
    }
}

//! What a message reads like, alike for what is sent and for what Zoom gives back.
//!
//! Only letters count: no white space, no variation selectors. Files do not: one that fails is said
//! in words, on a line that does not count either.

use aws_lc_rs::digest;
use rialto_model::Fingerprint;
use rialto_platform::failed_files::FILE_SIGN;

/// Of a message's text.
pub(crate) fn of(text: &str) -> Fingerprint {
    let counts = |c: &char| {
        !c.is_whitespace() && !c.is_control() && !"\u{fe0e}\u{fe0f}\u{200b}\u{feff}".contains(*c)
    };
    let letters: String = text
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

    #[test]
    fn only_letters_count() {
        let same = of("Ana (Slack)\nhello ❤\u{fe0f}");
        assert_eq!(of("Ana (Slack)\n\nhello  ❤ \n📎 The file a did not come along"), same);
        assert_ne!(of("Ana (Slack)\nhello"), same);
    }
}

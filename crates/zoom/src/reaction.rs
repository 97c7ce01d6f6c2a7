//! Emoji of reactions: code points (`U+1F44D U+1F3FD`), or the name of an account's own.

use rialto_model::Emoji;
use rialto_platform::emoji;

/// Reads an emoji. How several code points are written is not in the reference: they are taken with
/// anything but letters and digits between them, or nothing.
pub(crate) fn read(text: &str) -> Emoji {
    match characters(text) {
        // Fully qualified, however it was sent.
        Some(found) => Emoji::Unicode(
            emoji::name_of(&found)
                .and_then(|name| emoji::by_name(&name))
                .map_or(found, ToOwned::to_owned),
        ),
        None => Emoji::Custom(text.trim_matches(':').to_owned()),
    }
}

fn characters(text: &str) -> Option<String> {
    let mut parts = text.split("U+");
    if !parts.next()?.is_empty() {
        return None;
    }
    let characters: Option<String> = parts
        .map(|part| {
            let digits = part.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
        })
        .collect();
    characters.filter(|text| !text.is_empty() && !text.is_ascii())
}

/// Writes a Unicode emoji.
pub(crate) fn written(emoji: &str) -> String {
    let points: Vec<String> =
        emoji.chars().map(|character| format!("U+{:X}", u32::from(character))).collect();
    points.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_code_points_or_names() {
        let unicode = |text: &str| Emoji::Unicode(text.to_owned());
        for (text, expected) in [
            ("U+1F600", unicode("😀")),
            ("U+1f44c", unicode("👌")),
            ("U+1F44D U+1F3FD", unicode("👍🏽")),
            ("U+1F44DU+1F3FD", unicode("👍🏽")),
            ("U+2764", unicode("❤️")),
            ("test", Emoji::Custom("test".into())),
            ("U+zz", Emoji::Custom("U+zz".into())),
            ("U+41", Emoji::Custom("U+41".into())),
            ("U+D800", Emoji::Custom("U+D800".into())),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(written("👍🏽"), "U+1F44D U+1F3FD");
    }
}

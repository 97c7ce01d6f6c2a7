//! Emoji as Zoom names them: `U+1F600`, the code point in UTF-32; custom ones by their name.

use std::fmt;

/// What somebody reacted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Emoji {
    /// As written in Unicode.
    Unicode(String),
    /// An account's own, by name.
    Custom(String),
}

impl Emoji {
    /// Reads `U+1F600`. How more than one code point are written is not in the reference; they are taken with or without
    /// anything in between: `U+1F44D U+1F3FD`, `U+1F44DU+1F3FD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split("U+");
        if !parts.next()?.is_empty() {
            return None;
        }
        let characters: Option<String> = parts
            .map(|part| {
                let digits = part.trim_matches(|c: char| !c.is_ascii_hexdigit());
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
            })
            .collect();
        characters.filter(|text| !text.is_empty() && !text.is_ascii()).map(Self::Unicode)
    }

    /// As events tell of it, where the example has small letters.
    pub(crate) fn told(&self) -> String {
        self.to_string().replace("U+", "\u{0}").to_lowercase().replace('\u{0}', "U+")
    }

    /// As a person sees it.
    pub(crate) fn seen(&self) -> String {
        match self {
            Self::Unicode(text) => text.clone(),
            Self::Custom(name) => format!(":{name}:"),
        }
    }
}

impl fmt::Display for Emoji {
    /// As the API writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(name) => f.write_str(name),
            Self::Unicode(text) => {
                for (at, character) in text.chars().enumerate() {
                    let space = if at == 0 { "" } else { " " };
                    write!(f, "{space}U+{:X}", u32::from(character))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_code_points() {
        for (text, seen, told) in [
            ("U+1F600", "😀", "U+1f600"),
            ("U+1f44c", "👌", "U+1f44c"),
            ("U+2764 U+FE0F", "❤️", "U+2764 U+fe0f"),
            ("U+1F44DU+1F3FD", "👍🏽", "U+1f44d U+1f3fd"),
        ] {
            let emoji = Emoji::parse(text).unwrap();
            assert_eq!((emoji.seen().as_str(), emoji.told().as_str()), (seen, told));
        }
        for text in ["", "👍", "U+", "U+ZZ", "U+41", "thumbsup", "x U+1F600", "U+110000"] {
            assert_eq!(Emoji::parse(text), None, "{text}");
        }
    }
}

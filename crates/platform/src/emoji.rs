//! Emoji by the names that Slack (and those who follow it) use, and back.
//!
//! The table is `emoji.txt`; `xtask/emoji.mjs` makes it and says how.

use std::{collections::HashMap, sync::LazyLock};

const TABLE: &str = include_str!("emoji.txt");
const TONE: &str = "::skin-tone-";

/// Forms of an emoji by skin tone: `3`, or `2-5` for two people.
type Toned = Vec<(&'static str, &'static str)>;

struct Emojis {
    /// By name, without a skin tone.
    by_name: HashMap<&'static str, (&'static str, Toned)>,
    /// By emoji without variation selectors.
    names: HashMap<String, (&'static str, Option<&'static str>)>,
}

static EMOJIS: LazyLock<Emojis> = LazyLock::new(|| {
    let mut emojis = Emojis { by_name: HashMap::new(), names: HashMap::new() };
    for line in TABLE.lines().filter(|line| !line.starts_with("# ")) {
        let mut fields = line.split('\t');
        let (Some(emoji), Some(names)) = (fields.next(), fields.next()) else { continue };
        let tones: Toned = fields.filter_map(|field| field.split_once('=')).collect();
        let Some(name) = names.split(' ').next() else { continue };
        emojis.names.insert(bare(emoji), (name, None));
        for (tone, toned) in &tones {
            emojis.names.insert(bare(toned), (name, Some(tone)));
        }
        for name in names.split(' ') {
            emojis.by_name.insert(name, (emoji, tones.clone()));
        }
    }
    emojis
});

/// The emoji of a name without colons, perhaps with a skin tone: `wave::skin-tone-3`. A tone that
/// the emoji does not have is left out. Fully qualified; `None` for names of a workspace's own.
pub fn by_name(name: &str) -> Option<&'static str> {
    let (name, tone) = match name.split_once(TONE) {
        Some((name, tone)) => (name, Some(tone)),
        None => (name, None),
    };
    let (plain, tones) = EMOJIS.by_name.get(name)?;
    let toned = tone.and_then(|tone| tones.iter().find(|(known, _)| *known == tone));
    Some(toned.map_or(plain, |(_, toned)| toned))
}

/// The first name of an emoji, with its skin tone: `wave::skin-tone-3`. Variation selectors may be
/// missing or superfluous. `None` for what is no single emoji, and for those without a name.
pub fn name_of(emoji: &str) -> Option<String> {
    let (name, tone) = EMOJIS.names.get(&bare(emoji))?;
    Some(match tone {
        Some(tone) => format!("{name}{TONE}{tone}"),
        None => (*name).to_owned(),
    })
}

/// Without the marks that say *as a picture* or *as text*.
fn bare(emoji: &str) -> String {
    emoji.chars().filter(|c| !matches!(c, '\u{FE0E}' | '\u{FE0F}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_emoji_belong_together() {
        for (name, emoji) in [
            ("+1", "👍"),
            ("heart", "❤️"),
            ("wave", "👋"),
            ("wave::skin-tone-3", "👋🏼"),
            ("male-technologist::skin-tone-6", "👨🏿‍💻"),
            ("people_holding_hands::skin-tone-2-5", "🧑🏻‍🤝‍🧑🏾"),
            ("hash", "#️⃣"),
            ("eye-in-speech-bubble", "👁️‍🗨️"),
            ("skin-tone-2", "🏻"),
        ] {
            assert_eq!(by_name(name), Some(emoji), "{name}");
            assert_eq!(name_of(emoji).as_deref(), Some(name), "{emoji}");
        }
    }

    #[test]
    fn aliases_mean_the_same_emoji() {
        for (alias, emoji) in [("thumbsup", "👍"), ("flag-de", "🇩🇪"), ("de", "🇩🇪")] {
            assert_eq!(by_name(alias), Some(emoji), "{alias}");
        }
    }

    #[test]
    fn variation_selectors_do_not_matter() {
        for emoji in ["❤", "❤️", "❤\u{FE0E}"] {
            assert_eq!(name_of(emoji).as_deref(), Some("heart"));
        }
        assert_eq!(name_of("👍\u{FE0F}").as_deref(), Some("+1"));
    }

    #[test]
    fn a_tone_that_an_emoji_lacks_is_left_out() {
        assert_eq!(by_name("heart::skin-tone-3"), Some("❤️"));
        assert_eq!(by_name("wave::skin-tone-9"), Some("👋"));
    }

    #[test]
    fn what_is_no_emoji_has_no_name() {
        for text in ["", "x", "👍👍", "a👍", "\u{FE0F}"] {
            assert_eq!(name_of(text), None, "{text:?}");
        }
        for name in ["", "partyparrot", "wave:", "::skin-tone-3"] {
            assert_eq!(by_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn every_emoji_of_the_table_comes_back() {
        for (emoji, tones) in EMOJIS.by_name.values() {
            for emoji in tones.iter().map(|(_, toned)| toned).chain([emoji]) {
                let name = name_of(emoji).unwrap();
                assert_eq!(by_name(&name), Some(*emoji), "{name}");
            }
        }
        assert!(EMOJIS.by_name.len() > 1_900);
    }
}

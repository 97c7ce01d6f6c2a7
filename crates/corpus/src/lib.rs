//! What people write that is hard to carry: messages for tests of every platform.
//!
//! Guarantees: each message has a name of its own and is the same each time. Most are canonical, as a
//! connector would have read them; those of [`native`] are as people, and other apps, write them on
//! one platform.
//!
//! Deliberately absent: any platform's code. This is for tests alone.

mod code;
mod emoji;
mod formatting;
mod hostile;
mod links;
mod lists;
mod long;
mod look_alikes;
mod mentions;
mod native;
mod scripts;
mod spaces;
mod structure;
mod writing;

use rialto_model::RichText;
use serde_json::Value;

/// A message.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What is hard about it.
    pub name: String,
    /// What it says.
    pub said: Said,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Said {
    /// As a connector reads it. People are called by [`PEOPLE`], conversations by [`CONVERSATION`].
    Text(RichText),
    /// As a platform has it: its name, and what its people's apps send, as the sandbox's `act` takes
    /// it. People's ids are written `{Ana Lima}`.
    Native(&'static str, Value),
}

/// Who has an account everywhere: the id that mentions name is their name.
pub const PEOPLE: [&str; 3] = ["Ana Lima", "Bo O'Brien", "Zoë *Star* Łuk"];

/// The conversation that is the same one everywhere.
pub const CONVERSATION: &str = "launch";

/// Messages with one difficulty in common.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Its name, which is a file's too.
    pub name: &'static str,
    /// The messages.
    pub samples: Vec<Sample>,
}

/// All of them.
pub fn themes() -> Vec<Theme> {
    let theme = |name, samples| Theme { name, samples };
    vec![
        theme("scripts", scripts::samples()),
        theme("emoji", emoji::samples()),
        theme("spaces", spaces::samples()),
        theme("formatting", formatting::samples()),
        theme("look_alikes", look_alikes::samples()),
        theme("code", code::samples()),
        theme("links", links::samples()),
        theme("mentions", mentions::samples()),
        theme("lists", lists::samples()),
        theme("structure", structure::samples()),
        theme("hostile", hostile::samples()),
        theme("long", long::samples()),
        theme("native", native::samples()),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_more_than_two_hundred_and_each_has_a_name_of_its_own() {
        let names: Vec<String> = themes()
            .into_iter()
            .flat_map(|theme| theme.samples)
            .map(|sample| sample.name)
            .collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert!(distinct.len() >= 200, "{}", distinct.len());
        assert_eq!(distinct.len(), names.len());
    }
}

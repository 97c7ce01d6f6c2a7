//! Inputs: what platforms really send, put together anew, cut, doubled and spoiled.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::Choices;

/// Inputs grow no longer than this, so that many can be tried.
const LONGEST: usize = 16 << 10;
/// The folder of the vendors' descriptions, and where it is when nothing is said.
const CONTRACTS: (&str, &str) = ("RIALTO_CONTRACTS", "../shared/contracts");

/// What inputs are made of.
#[derive(Debug, Default)]
pub struct Corpus {
    /// Pieces of markup, names of fields: what means something to the parser.
    words: Vec<String>,
    /// Whole inputs.
    seeds: Vec<Vec<u8>>,
    /// Those that are JSON.
    values: Vec<Value>,
}

impl Corpus {
    /// A corpus of words.
    pub fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self { words: words.into_iter().map(str::to_owned).collect(), ..Self::default() }
    }

    /// Adds a whole input.
    #[must_use]
    pub fn and(mut self, seed: impl Into<Vec<u8>>) -> Self {
        let seed = seed.into();
        if let Ok(value) = serde_json::from_slice(&seed) {
            names(&value, &mut self.words);
            self.values.push(value);
        }
        self.seeds.push(seed);
        self
    }

    /// Adds the JSON payloads in a vendor's folder of the contracts, such as `slack/fixtures`. Says so
    /// where there are none.
    #[expect(clippy::print_stderr, reason = "what was left out must be said")]
    #[must_use]
    pub fn and_payloads(mut self, folder: &str) -> Self {
        let contracts = std::env::var_os(CONTRACTS.0).unwrap_or(CONTRACTS.1.into());
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let folder = root.join(contracts).join(folder);
        let Ok(entries) = fs::read_dir(&folder) else {
            eprintln!("SKIPPED: no payloads at {} (set {})", folder.display(), CONTRACTS.0);
            return self;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
            if let Ok(seed) = fs::read(path) {
                self = self.and(seed);
            }
        }
        self
    }

    /// Bytes.
    pub fn bytes(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        while !choices.is_over() && out.len() < LONGEST {
            match choices.below(8) {
                0..=3 => out.extend_from_slice(self.word(choices).as_bytes()),
                4 => {
                    let count = choices.below(9);
                    out.extend_from_slice(choices.take(count));
                }
                5 if !self.seeds.is_empty() => {
                    let seed = choices.one_of(&self.seeds);
                    let (from, length) = (choices.below(seed.len()), choices.below(4096));
                    out.extend_from_slice(&seed[from..][..length.min(seed.len() - from)]);
                }
                6 => {
                    let (back, times) = (choices.below(64).min(out.len()), choices.below(256));
                    let again = out[out.len() - back..].repeat(times);
                    out.extend_from_slice(&again);
                }
                _ if out.is_empty() => {}
                _ => {
                    let at = choices.below(out.len());
                    match choices.below(3) {
                        0 => out.truncate(at),
                        1 => out[at] = choices.byte(),
                        _ => {
                            out.remove(at);
                        }
                    }
                }
            }
        }
        out.truncate(LONGEST);
        out
    }

    /// Text.
    pub fn text(&self, choices: &mut Choices<'_>) -> String {
        String::from_utf8_lossy(&self.bytes(choices)).into_owned()
    }

    /// JSON: one of the inputs with some of its values changed for others.
    pub fn json(&self, choices: &mut Choices<'_>) -> Value {
        let mut value = if self.values.is_empty() {
            self.value(choices, 0)
        } else {
            choices.one_of(&self.values).clone()
        };
        for _ in 0..choices.below(6) {
            let mut at = choices.below(count(&value));
            let new = self.value(choices, 0);
            if let Some(place) = nth(&mut value, &mut at) {
                *place = new;
            }
        }
        value
    }

    /// Any value.
    fn value(&self, choices: &mut Choices<'_>, depth: usize) -> Value {
        match choices.below(if depth < 4 { 12 } else { 7 }) {
            0 => Value::Null,
            1 => choices.yes().into(),
            2 => i64::from_le_bytes(std::array::from_fn(|_| choices.byte())).into(),
            3 | 4 => self.word(choices).into(),
            5 => {
                let count = choices.below(64);
                String::from_utf8_lossy(&self.bytes(&mut Choices::new(choices.take(count)))).into()
            }
            6 if !self.values.is_empty() => {
                let mut value = choices.one_of(&self.values).clone();
                let mut at = choices.below(count(&value));
                nth(&mut value, &mut at).map(Value::take).unwrap_or_default()
            }
            6 | 7 => {
                let inner = self.value(choices, depth + 1);
                // Lists of lists of many would fill the machine's memory.
                let many = choices.below(64).min(LONGEST / weight(&inner));
                vec![inner; many].into()
            }
            8 => (0..choices.below(6)).map(|_| self.value(choices, depth + 1)).collect(),
            9 => {
                let (mut value, name) = (self.value(choices, depth + 1), self.word(choices));
                for _ in 0..choices.below(50) {
                    value = if choices.yes() { vec![value].into() } else { object(name, value) };
                }
                value
            }
            _ => (0..choices.below(8))
                .map(|_| (self.word(choices).to_owned(), self.value(choices, depth + 1)))
                .collect(),
        }
    }

    fn word(&self, choices: &mut Choices<'_>) -> &str {
        if self.words.is_empty() { "" } else { &self.words[choices.below(self.words.len())] }
    }
}

fn object(name: &str, value: Value) -> Value {
    std::iter::once((name.to_owned(), value)).collect()
}

/// The names of all fields.
fn names(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if !out.contains(name) {
                    out.push(name.clone());
                }
                names(value, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, out)),
        _ => {}
    }
}

/// How many values there are, the outermost included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// About how many bytes it is as JSON: never more, and never none.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + weight(value)).sum()
        }
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::String(text) => text.len(),
        _ => 0,
    }
}

/// One of them, from the outermost on; `at` is what is left to count.
fn nth<'v>(value: &'v mut Value, at: &mut usize) -> Option<&'v mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Object(fields) => fields.values_mut().find_map(|inner| nth(inner, at)),
        Value::Array(items) => items.iter_mut().find_map(|inner| nth(inner, at)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_weighs_at_most_what_it_takes_to_write_it() {
        let value = json!({"a": [null, 1, "text", [], {}], "é": {"b": "\n"}});
        assert!(weight(&value) <= value.to_string().len());
        assert!(weight(&value) >= 10);
    }

    #[test]
    fn lists_of_lists_stay_small_enough_to_try_many() {
        let corpus = Corpus::of(["word"]);
        // The same choice all the way: some of these are lists in lists, as long as they can be.
        let longest = (0..=255_u8)
            .map(|byte| corpus.json(&mut Choices::new(&[byte; 512])).to_string().len())
            .max();
        assert!(longest < Some(1 << 20), "{longest:?}");
    }
}

//! Looking for markers in whatever can be read, in memory that does not grow with it.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use aho_corasick::AhoCorasick;

use super::forms::{Form, forms};
use crate::failure::Failure;

/// Fewer letters would be found by chance, above all in Base64.
const SHORTEST: usize = 10;

/// What is looked for.
#[derive(Debug)]
pub struct Search {
    automaton: AhoCorasick,
    /// The marker's place in the list and the form of each pattern.
    patterns: Vec<(usize, Form)>,
    markers: Vec<String>,
}

/// What was found in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Bytes that were read.
    pub bytes: u64,
    /// How often each marker was found in each form.
    pub found: BTreeMap<(String, &'static str), u64>,
}

impl Search {
    /// A search for these markers that has proved that it finds each of their forms.
    ///
    /// # Errors
    /// When a marker is too short, or the search does not find what it should.
    pub fn new(markers: &[String]) -> Result<Self, Failure> {
        if let Some(short) = markers.iter().find(|marker| marker.chars().count() < SHORTEST) {
            return Err(Failure::usage(format!(
                "the marker `{short}` is too short: take at least {SHORTEST} letters that stand \
                 nowhere else, or let `rialto doctor retention --propose` make one"
            )));
        }
        let patterns: Vec<_> = markers
            .iter()
            .enumerate()
            .flat_map(|(at, marker)| forms(marker).into_iter().map(move |form| (at, form)))
            .collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(patterns.iter().map(|(_, form)| &form.bytes))
            .map_err(|error| {
                Failure::failed(format!("the markers cannot be looked for: {error}"))
            })?;
        let search = Self { automaton, patterns, markers: markers.to_vec() };
        search.prove()?;
        Ok(search)
    }

    /// How many forms are looked for.
    pub fn forms(&self) -> usize {
        self.patterns.len()
    }

    /// Plants each form between other bytes and looks for it: a search that cannot find proves
    /// nothing.
    fn prove(&self) -> Result<(), Failure> {
        for (at, form) in &self.patterns {
            let planted = [&[0, b'"'][..], &form.bytes, b"\"\n"].concat();
            let found = self.scan(&planted[..]).map(|scanned| scanned.found);
            let marker = &self.markers[*at];
            if !found.is_ok_and(|found| found.keys().any(|(name, _)| name == marker)) {
                return Err(Failure::failed(format!(
                    "the search does not find a marker that was planted for it ({}): nothing that \
                     it says could be trusted",
                    form.name
                )));
            }
        }
        Ok(())
    }

    /// Reads to the end and counts what is found on the way.
    ///
    /// # Errors
    /// When reading fails.
    pub fn scan(&self, from: impl Read) -> io::Result<Scanned> {
        let mut from = Counted { from, bytes: 0 };
        let mut found = BTreeMap::new();
        for hit in self.automaton.try_stream_find_iter(&mut from).map_err(io::Error::other)? {
            let (marker, form) = &self.patterns[hit?.pattern().as_usize()];
            *found.entry((self.markers[*marker].clone(), form.name)).or_default() += 1;
        }
        Ok(Scanned { bytes: from.bytes, found })
    }
}

struct Counted<R> {
    from: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;

    const MARKER: &str = "marker7f3a9c01";

    fn search() -> Search {
        Search::new(&["another-one-zz".into(), MARKER.into()]).unwrap()
    }

    /// A file that is read a few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn each_form_is_found_by_its_name_in_the_middle_of_anything() {
        let utf16: Vec<u8> = MARKER.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (form, planted) in [
            ("plain", MARKER.as_bytes().to_vec()),
            ("plain", MARKER.to_uppercase().into_bytes()),
            ("UTF-16, big endian", utf16),
            (
                "JSON escapes",
                MARKER.bytes().flat_map(|b| format!("\\u00{b:02X}").into_bytes()).collect(),
            ),
            (
                "percent encoding",
                MARKER.bytes().flat_map(|b| format!("%{b:02X}").into_bytes()).collect(),
            ),
            ("hexadecimal", hex::encode_upper(MARKER).into_bytes()),
            ("Base64", BASE64_STANDARD.encode(format!("{{\"text\":\"{MARKER}\"}}")).into_bytes()),
        ] {
            let around = [vec![0xff; 999], planted, vec![0; 70_000]].concat();
            let scanned = search().scan(&around[..]).unwrap();
            assert_eq!(scanned.bytes, around.len() as u64);
            assert_eq!(scanned.found, [((MARKER.to_owned(), form), 1)].into(), "{form}");
        }
    }

    #[test]
    fn a_marker_that_is_read_in_pieces_is_found() {
        let text = format!("{}{MARKER}{}", "x".repeat(131_065), "y".repeat(9));
        for at_a_time in [1, 7, 65_536, 1 << 20] {
            let scanned = search().scan(Drops(text.as_bytes(), at_a_time)).unwrap();
            assert_eq!(scanned.found.values().sum::<u64>(), 1, "{at_a_time} bytes at a time");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let text = format!("{} {}", &MARKER[1..], BASE64_STANDARD.encode(&MARKER[2..])).repeat(999);
        assert_eq!(search().scan(text.as_bytes()).unwrap().found, BTreeMap::new());
    }

    #[test]
    fn short_markers_are_refused() {
        let refused = Search::new(&["short".into()]).unwrap_err();
        assert!(refused.to_string().contains("at least 10 letters"), "{refused}");
    }
}

//! The forms in which a text can be written down.

use std::fmt::Write as _;

use base64::{Engine, prelude::*};

/// A form of a marker: how it is written, and the bytes to look for. Case does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// For people.
    pub name: &'static str,
    /// What to look for.
    pub bytes: Vec<u8>,
}

/// All forms of a marker, each of them once.
pub fn forms(marker: &str) -> Vec<Form> {
    let utf16 = || marker.encode_utf16();
    let escaped = |wanted: fn(char) -> bool| {
        marker.chars().fold(String::new(), |mut out, c| {
            if wanted(c) {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                    let _ = write!(out, "\\u{unit:04x}");
                });
            } else {
                out.push(c);
            }
            out
        })
    };
    let percent = |wanted: fn(u8) -> bool| {
        marker.bytes().fold(String::new(), |mut out, byte| {
            let _ = if wanted(byte) {
                write!(out, "%{byte:02x}")
            } else {
                write!(out, "{}", byte as char)
            };
            out
        })
    };
    let mut all: Vec<(&'static str, Vec<u8>)> = vec![
        ("plain", marker.into()),
        ("UTF-16, little endian", utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16, big endian", utf16().flat_map(u16::to_be_bytes).collect()),
        ("JSON escapes", escaped(|_| true).into()),
        ("JSON escapes of what is not ASCII", escaped(|c| !c.is_ascii()).into()),
        ("percent encoding", percent(|_| true).into()),
        (
            "percent encoding of what a URL must not hold",
            percent(|byte| !is_unreserved(byte)).into(),
        ),
        ("hexadecimal", hex::encode(marker).into()),
    ];
    for offset in 0..3 {
        all.push(("Base64", aligned(&BASE64_STANDARD_NO_PAD, marker, offset)));
        all.push(("Base64 for URLs", aligned(&BASE64_URL_SAFE_NO_PAD, marker, offset)));
    }
    let mut forms: Vec<Form> = Vec::new();
    for (name, bytes) in all {
        if forms.iter().all(|known| known.bytes != bytes) {
            forms.push(Form { name, bytes });
        }
    }
    forms
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The letters that a text has in Base64, whatever stands around it, when it begins so many bytes
/// after a multiple of three.
fn aligned(base64: &impl Engine, text: &str, offset: usize) -> Vec<u8> {
    let bytes = [&[0; 2][..offset], text.as_bytes()].concat();
    let letters = base64.encode(&bytes).into_bytes();
    // A letter is six bits: those that it shares with a neighbour are not known.
    let (first, last) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
    letters[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_base64_wherever_it_stands() {
        let marker = "marker7f3a9c01";
        for before in 0..9 {
            for after in 0..4 {
                let text = format!("{}{marker}{}", "x".repeat(before), "?".repeat(after));
                let encoded = BASE64_STANDARD.encode(&text);
                let found = forms(marker)
                    .iter()
                    .any(|form| encoded.contains(&*String::from_utf8_lossy(&form.bytes)));
                assert!(found, "{text}");
            }
        }
    }

    #[test]
    fn forms_are_as_others_write_them() {
        let written = |name: &str| {
            let form = forms("Zoë:1").into_iter().find(|form| form.name == name).unwrap();
            String::from_utf8_lossy(&form.bytes).into_owned()
        };
        for (name, expected) in [
            ("plain", "Zoë:1"),
            ("UTF-16, little endian", "Z\0o\0\u{fffd}\0:\u{0}1\0"),
            ("JSON escapes", "\\u005a\\u006f\\u00eb\\u003a\\u0031"),
            ("JSON escapes of what is not ASCII", "Zo\\u00eb:1"),
            ("percent encoding", "%5a%6f%c3%ab%3a%31"),
            ("percent encoding of what a URL must not hold", "Zo%c3%ab%3a1"),
            ("hexadecimal", "5a6fc3ab3a31"),
        ] {
            assert_eq!(written(name), expected);
        }
    }
}

//! *Did you mean*: the known word that a mistyped one is closest to.

/// The candidate closest to `word`, if any is close enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word: Vec<char> = plain(word).chars().take(64).collect();
    let allowed = (word.len() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's: letters to add, drop or change.
fn distance(one: &[char], other: &str) -> usize {
    let mut row: Vec<usize> = (0..=one.len()).collect();
    for (line, letter) in other.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for column in 0..one.len() {
            let change = diagonal + usize::from(one[column] != letter);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[one.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_the_word_that_was_meant_and_nonsense_finds_none() {
        let known = ["client_id", "client_secret", "signing_secret", "listen"];
        for (typed, meant) in [
            ("client_id", Some("client_id")),
            ("clientid", Some("client_id")),
            ("Client-Secret", Some("client_secret")),
            ("signing_secrte", Some("signing_secret")),
            ("lisen", Some("listen")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}

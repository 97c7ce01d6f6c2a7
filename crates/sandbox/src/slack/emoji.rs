//! Slack's emoji names and the characters they show. Names that are not here may be the workspace's own.
//!
//! The names are those of the iamcal set, which Slack uses; skin tones are a suffix `::skin-tone-2` … `-6`.

use std::collections::HashMap;
use std::sync::LazyLock;

static TABLE: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    include_str!("emoji.tsv").lines().filter_map(|line| line.split_once('\t')).collect()
});

/// The characters of `name`, which may carry a skin tone; nothing when Slack has no such name.
pub(crate) fn unicode(name: &str) -> Option<String> {
    let (base, tone) = name.split_once("::").map_or((name, None), |(b, t)| (b, Some(t)));
    let mut text = (*TABLE.get(base)?).to_owned();
    if let Some(tone) = tone {
        let tone = *TABLE.get(tone).filter(|_| tone.starts_with("skin-tone-"))?;
        // The tone follows the first character, before any joiner.
        let first = text.chars().next().map_or(0, char::len_utf8);
        let rest = text.split_off(first);
        text.push_str(tone);
        text.push_str(rest.strip_prefix('\u{fe0f}').unwrap_or(&rest));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_show_their_characters() {
        assert_eq!(super::unicode("thumbsup").as_deref(), Some("👍"));
        assert_eq!(super::unicode("+1::skin-tone-3").as_deref(), Some("👍🏼"));
        assert_eq!(super::unicode("+1::tada"), None);
        assert_eq!(super::unicode("shipit_rialto"), None);
    }
}

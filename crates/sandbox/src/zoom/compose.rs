//! What a person's composer makes of what they type: text, `rich_text` and mentions.
//!
//! `*bold*` `_italic_` `~strikethrough~` `[label](https://…)` `@Full Name` `@all`, and at the beginning of a line `- `
//! and `1. ` for lists, `> ` for a quote, `# ` for a heading.

use super::ranges::{Kind, Mention, Style, length};
use super::world::Account;

/// What was typed, as Zoom keeps it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Composed {
    pub(crate) text: String,
    pub(crate) styles: Vec<Style>,
    pub(crate) mentions: Vec<Mention>,
}

/// Reads what somebody typed.
pub(crate) fn compose(typed: &str, account: &Account) -> Composed {
    let mut names: Vec<(String, Option<String>)> =
        account.users.values().map(|user| (user.name(), Some(user.id.clone()))).collect();
    names.push(("all".to_owned(), None));
    // The longest name first: "Ann Lee" before "Ann".
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut composer = Composer { out: Composed::default(), at: 0, names };
    let mut block: Option<(Kind, Option<String>, usize)> = None;
    for (number, line) in typed.split('\n').enumerate() {
        let (kind, attribute, rest) = line_start(line);
        let goes_on = block.as_ref().is_some_and(|(open, _, _)| Some(*open) == kind);
        if !goes_on {
            composer.close(block.take());
        }
        if number > 0 {
            composer.push("\n");
        }
        if let Some(kind) = kind.filter(|_| !goes_on) {
            block = Some((kind, attribute.map(str::to_owned), composer.at));
        }
        composer.inline(rest);
    }
    composer.close(block);
    composer.out
}

fn line_start(line: &str) -> (Option<Kind>, Option<&'static str>, &str) {
    let numbered = line.split_once(". ").filter(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if let Some(rest) = line.strip_prefix("- ") {
        (Some(Kind::BulletedList), None, rest)
    } else if let Some(rest) = line.strip_prefix("> ") {
        (Some(Kind::Quote), None, rest)
    } else if let Some(rest) = line.strip_prefix("# ") {
        (Some(Kind::Paragraph), Some("h1"), rest)
    } else if let Some((_, rest)) = numbered {
        (Some(Kind::NumberedList), None, rest)
    } else {
        (None, None, line)
    }
}

struct Composer {
    out: Composed,
    /// The position behind what was written.
    at: usize,
    names: Vec<(String, Option<String>)>,
}

impl Composer {
    fn push(&mut self, text: &str) {
        self.out.text.push_str(text);
        self.at += length(text);
    }

    fn style(&mut self, kind: Kind, attribute: Option<String>, start: usize) {
        if start < self.at {
            self.out.styles.push(Style { start, end: self.at, kind, attribute });
        }
    }

    /// Lists and quotes cover all of their lines, without the end of the last.
    fn close(&mut self, block: Option<(Kind, Option<String>, usize)>) {
        if let Some((kind, attribute, start)) = block {
            self.style(kind, attribute, start);
        }
    }

    fn inline(&mut self, mut rest: &str) {
        let mut before: Option<char> = None;
        while let Some(next) = rest.chars().next() {
            let bound = before.is_none_or(|c| !c.is_alphanumeric());
            let read = bound.then(|| self.special(rest)).flatten();
            let taken = read.unwrap_or_else(|| {
                let taken = next.len_utf8();
                self.push(&rest[..taken]);
                taken
            });
            before = rest[..taken].chars().next_back();
            rest = &rest[taken..];
        }
    }

    /// Writes what begins here if it is more than a character; answers with how many bytes of the source it was.
    fn special(&mut self, rest: &str) -> Option<usize> {
        let start = self.at;
        let marker = rest.chars().next()?;
        let kind = match marker {
            '*' => Kind::Bold,
            '_' => Kind::Italic,
            '~' => Kind::Strikethrough,
            '[' => return self.link(rest),
            '@' => return self.mention(rest),
            _ => return None,
        };
        let inner = &rest[1..];
        let end = inner.match_indices(marker).map(|(at, _)| at).find(|at| {
            let (content, after) = (&inner[..*at], &inner[at + 1..]);
            let tight = !content.is_empty() && content.trim() == content;
            tight && after.chars().next().is_none_or(|c| !c.is_alphanumeric())
        })?;
        self.inline(&inner[..end]);
        self.style(kind, None, start);
        Some(end + 2)
    }

    fn link(&mut self, rest: &str) -> Option<usize> {
        let (label, after) = rest[1..].split_once("](")?;
        let (address, _) = after.split_once(')')?;
        if label.is_empty() || !(address.starts_with("http://") || address.starts_with("https://"))
        {
            return None;
        }
        let start = self.at;
        self.inline(label);
        self.style(Kind::AddLink, Some(address.to_owned()), start);
        Some(label.len() + address.len() + 4)
    }

    fn mention(&mut self, rest: &str) -> Option<usize> {
        let typed = &rest[1..];
        let found = self.names.iter().find(|(name, _)| {
            let after = typed.strip_prefix(name.as_str());
            !name.is_empty()
                && after
                    .is_some_and(|after| after.chars().next().is_none_or(|c| !c.is_alphanumeric()))
        });
        let (name, user) = found.cloned()?;
        let start = self.at;
        self.push(&rest[..=name.len()]);
        self.out.mentions.push(Mention { start, end: self.at, user });
        Some(name.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoom::world::User;

    fn account() -> Account {
        let user = |id: &str, first_name: &str, last_name: &str| {
            let (first_name, last_name) = (first_name.to_owned(), last_name.to_owned());
            (id.to_owned(), User { id: id.to_owned(), first_name, last_name, ..User::default() })
        };
        let users = [user("1", "Ann", "Lee"), user("2", "Ann", "")].into();
        Account { users, ..Account::default() }
    }

    #[test]
    fn typed_text_becomes_ranges() {
        for (typed, text, styles, mentions) in [
            ("plain_text * a", "plain_text * a", vec![], vec![]),
            (
                "*b* _i_ ~s~!",
                "b i s!",
                vec![(0, 1, Kind::Bold), (2, 3, Kind::Italic), (4, 5, Kind::Strikethrough)],
                vec![],
            ),
            ("👍 *日本*", "👍 日本", vec![(3, 5, Kind::Bold)], vec![]),
            ("*a _b_*", "a b", vec![(2, 3, Kind::Italic), (0, 3, Kind::Bold)], vec![]),
            ("see [it](https://x.example/a_b)", "see it", vec![(4, 6, Kind::AddLink)], vec![]),
            ("- a\n- b\nc", "a\nb\nc", vec![(0, 3, Kind::BulletedList)], vec![]),
            (
                "1. a\n> q\n# h",
                "a\nq\nh",
                vec![(0, 1, Kind::NumberedList), (2, 3, Kind::Quote), (4, 5, Kind::Paragraph)],
                vec![],
            ),
            (
                "hi @Ann Lee, @Ann and @all",
                "hi @Ann Lee, @Ann and @all",
                vec![],
                vec![(3, 11, Some("1")), (13, 17, Some("2")), (22, 26, None)],
            ),
            ("me@Ann @Anna", "me@Ann @Anna", vec![], vec![]),
        ] {
            let composed = compose(typed, &account());
            assert_eq!(composed.text, text);
            let found: Vec<_> = composed.styles.iter().map(|s| (s.start, s.end, s.kind)).collect();
            assert_eq!(found, styles, "{typed}");
            let found: Vec<_> =
                composed.mentions.iter().map(|m| (m.start, m.end, m.user.as_deref())).collect();
            assert_eq!(found, mentions, "{typed}");
        }
    }
}

//! How each message looks on each platform: snapshots that people review.

use rialto_corpus::{Said, Theme, themes};
use rialto_model::RichText;

use crate::workspace::{self, Workspace};

/// What is longer is shown by its beginning and its end.
const LONGEST: usize = 1_000;
/// Letters of both.
const SHOWN: usize = 70;

#[tokio::test(flavor = "multi_thread")]
async fn each_message_looks_right_on_each_platform() {
    let workspaces = workspace::all().await;
    for theme in themes() {
        let texts = texts(&workspaces, &theme).await;
        let mut screens = Vec::new();
        for workspace in &workspaces {
            screens.push(screen(workspace, theme.name, &texts).await);
        }
        let mut out = String::new();
        for (index, (name, _)) in texts.iter().enumerate() {
            out.push_str(&format!("\n── {}\n", visible(name)));
            let mut looks: Vec<(String, Vec<&str>)> = Vec::new();
            for (workspace, screen) in workspaces.iter().zip(&screens) {
                let look = shown(&screen[index]);
                match looks.iter_mut().find(|(other, _)| *other == look) {
                    Some((_, alike)) => alike.push(workspace.id),
                    None => looks.push((look, vec![workspace.id])),
                }
            }
            for (look, alike) in looks {
                let all = alike.len() == workspaces.len();
                let alike = if all { "all".to_owned() } else { alike.join(", ") };
                out.push_str(&format!("{alike} │ {look}\n"));
            }
        }
        insta::assert_snapshot!(theme.name, out);
    }
}

/// What the messages say; those that are a platform's own as its connector reads them.
async fn texts(workspaces: &[Workspace], theme: &Theme) -> Vec<(String, RichText)> {
    let mut texts = Vec::new();
    for sample in &theme.samples {
        let text = match &sample.said {
            Said::Text(text) => text.clone(),
            Said::Native(platform, deed) => {
                let workspace = workspaces.iter().find(|it| it.id == *platform).unwrap();
                workspace.heard(deed).await
            }
        };
        texts.push((sample.name.clone(), text));
    }
    texts
}

/// What people see of each message: its posts, without bylines.
async fn screen(
    workspace: &Workspace,
    theme: &str,
    texts: &[(String, RichText)],
) -> Vec<Vec<String>> {
    let channel = workspace.channel(&theme.replace('_', "-")).await;
    let mut said = Vec::new();
    for (_, text) in texts {
        said.push(workspace.say(&channel, "Chat", text).await);
    }
    let seen = workspace.view(&channel).await;
    let post = |(index, id)| {
        let html: &String = &seen[id];
        // Slack shows the author's name beside the message.
        if workspace.id == "slack" { html.clone() } else { unsigned(html, index) }
    };
    said.iter().map(|ids| ids.iter().enumerate().map(post).collect()).collect()
}

/// A post without the byline that it must begin with.
fn unsigned(html: &str, index: usize) -> String {
    let place = if index == 0 { "(Chat)" } else { "(Chat, continued)" };
    let rest = |html: &str| {
        let rest = html.strip_prefix("<p><strong>Ana Lima</strong> <em>")?;
        let rest = rest.trim_start_matches('\u{200b}').strip_prefix(place)?;
        let rest = rest.trim_start_matches('\u{200b}').strip_prefix("</em>")?;
        match rest.strip_prefix("<br>") {
            Some(rest) => Some(format!("<p>{rest}")),
            None => Some(rest.strip_prefix("</p>")?.to_owned()),
        }
    };
    rest(html).unwrap_or_else(|| panic!("no byline: {html}"))
}

fn shown(posts: &[String]) -> String {
    let tidy = |html: &String| visible(&without_ids(&html.replace("&quot;", "\"")));
    let posts: Vec<String> = posts.iter().map(tidy).collect();
    let size: usize = posts.iter().map(|post| post.chars().count()).sum();
    if size <= LONGEST {
        return posts.join("\n      + ");
    }
    let ends = |post: &String| {
        let letters = post.chars().count();
        if letters <= 2 * SHOWN {
            return post.clone();
        }
        let first: String = post.chars().take(SHOWN).collect();
        let last: String = post.chars().skip(letters - SHOWN).collect();
        format!("{first} ⟪{letters} characters⟫ {last}")
    };
    let some: Vec<String> = match &posts[..] {
        [first, second, .., last] => vec![ends(first), ends(second), ends(last)],
        few => few.iter().map(ends).collect(),
    };
    format!("⟪{} posts⟫ {}", posts.len(), some.join("\n      + "))
}

/// Who is called is told by the name; ids are the emulator's.
fn without_ids(html: &str) -> String {
    let mut pieces = html.split(" data-account=\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| out + piece.split_once('"').map_or("", |(_, rest)| rest))
}

/// Characters that cannot be seen, by their numbers.
fn visible(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\u{a0}' => out.push('⍽'),
            '\u{200b}' => out.push('◊'),
            c if c.is_control()
                || "\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2061}\u{2063}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{ad}"
                    .contains(c) =>
            {
                out.push_str(&format!("⟪{:x}⟫", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

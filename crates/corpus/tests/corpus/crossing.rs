//! From one platform to another and back: the text is the same, whatever becomes of its formats.

use rialto_corpus::themes;
use rialto_model::RichText;

use crate::{
    reading::joined,
    text::loss,
    workspace::{self, Workspace},
};

/// Messages by name.
type Messages = Vec<(String, RichText)>;

/// What the corpus reads like on a platform, as if its people had written it.
async fn heard(workspace: &Workspace) -> Messages {
    let channel = workspace.channel("heard").await;
    let mut said = Vec::new();
    for sample in themes().into_iter().flat_map(|theme| theme.samples) {
        if let Some(posts) = workspace.say_sample(&channel, &sample.said).await {
            said.push((sample.name, posts));
        }
    }
    let read = workspace.read(&channel).await;
    let text = |ids: Vec<_>| joined(ids.iter().map(|id| read[id].clone()));
    said.into_iter().map(|(name, ids)| (name, text(ids))).collect()
}

/// What messages from elsewhere read like, in a channel that is named for the way.
async fn told(
    workspace: &Workspace,
    way: &str,
    from: &'static str,
    messages: &Messages,
) -> Messages {
    let channel = workspace.channel(&format!("{way}-{}", from.to_lowercase())).await;
    let mut said = Vec::new();
    for (name, text) in messages {
        said.push((name.clone(), workspace.say(&channel, from, text).await));
    }
    let read = workspace.read(&channel).await;
    let text = |ids: Vec<_>| joined(ids.iter().map(|id| read[id].clone()));
    said.into_iter().map(|(name, ids)| (name, text(ids))).collect()
}

/// What is lost, message by message.
fn losses(way: &str, before: &Messages, after: &Messages) -> Vec<String> {
    let pairs = before.iter().zip(after);
    let lost = pairs.filter_map(|((name, before), (_, after))| {
        Some(format!("{way}, {name}: {}", loss(before, after)?))
    });
    lost.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_platform_loses_text() {
    let corpus: Messages = themes()
        .into_iter()
        .flat_map(|theme| theme.samples)
        .filter_map(|sample| match sample.said {
            rialto_corpus::Said::Text(text) => Some((sample.name, text)),
            rialto_corpus::Said::Native(..) => None,
        })
        .collect();
    let mut lost = Vec::new();
    for workspace in workspace::all().await {
        let after = told(&workspace, "over", "Chat", &corpus).await;
        lost.extend(losses(workspace.id, &corpus, &after));
    }
    assert!(lost.is_empty(), "{} are not whole:\n{}", lost.len(), lost.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_survives_the_way_there_and_back_between_any_two_platforms() {
    let workspaces = workspace::all().await;
    let mut lost = Vec::new();
    for here in &workspaces {
        let said = heard(here).await;
        for there in workspaces.iter().filter(|there| there.id != here.id) {
            let over = told(there, "over", here.id, &said).await;
            lost.extend(losses(&format!("{} → {}", here.id, there.id), &said, &over));
            let back = told(here, "back", there.id, &over).await;
            lost.extend(losses(&format!("{0} → {1} → {0}", here.id, there.id), &said, &back));
        }
    }
    assert!(lost.is_empty(), "{} are not whole:\n{}", lost.len(), lost.join("\n"));
}

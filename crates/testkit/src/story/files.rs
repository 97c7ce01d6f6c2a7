//! Files.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::scene::{Scene, id_of};
use crate::{Message, Side};

/// The digest of a file as a side shows it.
fn digest<'a>(all: &'a [Message], name: &str) -> Option<&'a str> {
    all.iter()
        .flat_map(|message| &message.files)
        .find(|file| file.name.contains(name))
        .and_then(|file| file.sha256.as_deref())
}

/// Waits until a file is there, byte for byte.
async fn arrives_whole(scene: &Scene<'_>, name: &str) -> Result<()> {
    let here = scene.here().await?;
    let here = digest(&here, name).with_context(|| format!("{name} is not shown here"))?;
    scene
        .there(&format!("{name}, byte for byte"), |all| {
            (digest(all, name) == Some(here)).then_some(())
        })
        .await
}

pub(super) async fn with_text(scene: &Scene<'_>) -> Result<String> {
    let (tag, name) = (&scene.tag, format!("notes-{}.txt", scene.tag));
    let file = json!([{"name": name, "mime": "text/plain", "text": "some notes\n"}]);
    let id = scene
        .post(
            json!({"text": tag, "files": file.clone()}),
            json!({"html": format!("<p>{tag}</p>"), "files": file}),
        )
        .await?;
    scene.arrives(tag).await?;
    arrives_whole(scene, &name).await?;
    let changed = scene.tagged("-changed");
    scene.edit(scene.speaker(), &id, &changed).await?;
    scene.arrives(&changed).await?;
    arrives_whole(scene, &name).await?;
    Ok("text and file; the text was changed, the file stays".into())
}

pub(super) async fn several(scene: &Scene<'_>) -> Result<String> {
    let names =
        ["archive.bin", "picture.png", "snippet.rs"].map(|name| format!("{}-{name}", scene.tag));
    let files = json!([
        {"name": names[0], "mime": "application/octet-stream", "random_bytes": 6_000_000, "seed": 7},
        {"name": names[1], "mime": "image/png", "random_bytes": 20_000, "seed": 8},
        {"name": names[2], "mime": "text/plain", "text": "fn main() {}\n"},
    ]);
    let more = json!({"files": files});
    id_of(&scene.act(scene.speaker(), "upload", more).await?)?;
    for name in &names {
        arrives_whole(scene, name).await?;
    }
    Ok("three files, byte for byte".into())
}

pub(super) async fn too_large(scene: &Scene<'_>) -> Result<String> {
    // Just over what the other side takes; the sandbox makes the bytes up as they are read.
    let bytes: u64 = match scene.from {
        Side::Slack => (2 << 30) + 1,
        Side::Teams => (1 << 30) + 1,
    };
    let (tag, name) = (&scene.tag, format!("{}-huge.bin", scene.tag));
    let file = json!([{"name": name, "mime": "application/octet-stream", "random_bytes": bytes}]);
    scene
        .post(
            json!({"text": tag, "files": file.clone()}),
            json!({"html": format!("<p>{tag}</p>"), "files": file}),
        )
        .await?;
    scene.arrives(&scene.tag).await?;
    let message = scene.arrives(&name).await?;
    ensure!(message.files.is_empty(), "it was uploaded after all");
    ensure!(message.text.contains("larger"), "it is not said why: {}", message.text);
    Ok("the text, and the file's name, size and why".into())
}

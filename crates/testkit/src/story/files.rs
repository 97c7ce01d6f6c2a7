//! Files.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::scene::Scene;
use crate::{Message, sides::both};

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
    let name = format!("notes-{}.txt", scene.tag);
    let files = json!({"files": [{"name": name, "mime": "text/plain", "text": "some notes\n"}]});
    let id = scene.post(both(scene.from.plain(&scene.tag), files)).await?;
    scene.arrives(&scene.tag).await?;
    arrives_whole(scene, &name).await?;
    if !scene.writing().edits_what_has_files() {
        return scene.told("text and file");
    }
    let changed = scene.tagged("-changed");
    scene.edit(scene.speaker(), &id, &changed).await?;
    scene.arrives(&changed).await?;
    arrives_whole(scene, &name).await?;
    scene.told("text and file; the text was changed, the file stays")
}

pub(super) async fn several(scene: &Scene<'_>) -> Result<String> {
    let names =
        ["archive.bin", "picture.png", "snippet.rs"].map(|name| format!("{}-{name}", scene.tag));
    let files = json!([
        {"name": names[0], "mime": "application/octet-stream", "random_bytes": 6_000_000, "seed": 7},
        {"name": names[1], "mime": "image/png", "random_bytes": 20_000, "seed": 8},
        {"name": names[2], "mime": "text/plain", "text": "fn main() {}\n"},
    ]);
    scene.act(scene.speaker(), scene.writing().sharing(), json!({"files": files})).await?;
    for name in &names {
        arrives_whole(scene, name).await?;
    }
    let all = scene.world.read(scene.to, scene.channels).await?;
    let of_these = |message: &Message| {
        message.files.iter().filter(|file| file.name.contains(&scene.tag)).count()
    };
    let most = all.iter().map(of_these).max();
    ensure!((most > Some(1)) == scene.natively(), "{most:?} in one message");
    scene.told("three files, byte for byte")
}

pub(super) async fn too_large(scene: &Scene<'_>) -> Result<String> {
    // Over what any side takes; the sandbox makes the bytes up as they are read.
    let bytes: u64 = (2 << 30) + 1;
    let name = format!("{}-huge.bin", scene.tag);
    let mime = "application/octet-stream";
    let files = json!({"files": [{"name": name, "mime": mime, "random_bytes": bytes}]});
    scene.post(both(scene.from.plain(&scene.tag), files)).await?;
    scene.arrives(&scene.tag).await?;
    let message = scene.arrives(&name).await?;
    ensure!(message.files.is_empty(), "it was uploaded after all");
    ensure!(message.text.contains("larger"), "it is not said why: {}", message.text);
    scene.told("the text")
}

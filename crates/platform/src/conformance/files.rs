//! Files, both ways.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use rialto_model::{PartKey, RichText};
use serde_json::{Value, json};

use super::{Emulator, Stage, stage::both};
use crate::{
    FileBody, FileError, HeldFile, MessageChange, Note, UploadedFile, testing::shared_elsewhere,
};

const CONTENT: &[u8] = b"some notes\n\x00\xff and more";

fn body(bytes: &'static [u8]) -> FileBody {
    FileBody {
        size: Some(bytes.len() as u64),
        mime: None,
        stream: stream::iter([Ok(Bytes::from_static(bytes))]).boxed(),
    }
}

/// Files of that name that people see.
async fn seen<E: Emulator>(stage: &Stage<E>, name: &str) -> Vec<Value> {
    let view = stage.view().await;
    let files = view.iter().flat_map(|it| it["files"].as_array().unwrap().clone());
    files.filter(|it| it["name"] == name).collect()
}

pub async fn a_file_arrives_byte_for_byte<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let file = shared_elsewhere("notes.bin", CONTENT.len() as u64);
    let mut outgoing = stage.outgoing(RichText::plain("with a file"));
    outgoing.content.attachments = vec![file.clone()];
    let handle = stage.connection.upload(&stage.channel, &file, body(CONTENT)).await.unwrap();
    assert_eq!(seen(&stage, "notes.bin").await.len(), 0, "not shown before it is posted");
    for part in stage.connection.render(&outgoing) {
        let files = part
            .files
            .iter()
            .map(|_| UploadedFile { attachment: &file, outcome: Ok(handle.as_str()) });
        let files: Vec<_> = files.collect();
        match stage.post(&part, None, &files).await {
            // Some platforms show files a moment later.
            Ok(_) | Err(crate::SendError::Unknown(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, CONTENT);
    let shown =
        stage.until("the file is shown", async || seen(&stage, "notes.bin").await.pop()).await;
    assert_eq!(shown["sha256"], hex::encode(digest));
    assert_eq!(seen(&stage, "notes.bin").await.len(), 1);
    let said = stage.view().await;
    assert!(said.iter().any(|it| it["text"].as_str().unwrap().contains("with a file")));
}

pub async fn a_file_that_people_share_is_opened<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let file = json!({ "name": "plan.txt", "mime": "text/plain", "text": "the plan" });
    let deed = both(stage.emulator.plain("see"), json!({ "files": [file] }));
    stage.act("Ann Lee", "post", deed).await;
    let told = stage.messages().await;
    let told = told.iter().find(|it| !it.content.attachments.is_empty()).unwrap();
    let [attachment] = &told.content.attachments[..] else { panic!("{told:?}") };
    assert_eq!(attachment.name, "plan.txt");
    let opened = stage.connection.open(attachment).await.unwrap();
    let bytes: Vec<Bytes> = opened.stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"the plan");
    stage.act("Ann Lee", "delete", stage.emulator.of(told.id.as_str())).await;
}

pub async fn a_file_that_is_too_large_is_refused<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let size = stage.platform.manifest().capabilities.files.max_bytes + 1;
    let file = shared_elsewhere("huge.bin", size);
    // Nobody reads it: what it says of itself is enough.
    let read = stream::iter([Err(std::io::Error::other("it was read"))]).boxed();
    let body = FileBody { size: Some(size), mime: None, stream: read };
    let refused = stage.connection.upload(&stage.channel, &file, body).await;
    match refused {
        Err(FileError::Refused(why)) => assert!(why.contains("larger"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// A message of which a part is there is rendered again with a note more, and goes on behind that part.
pub async fn a_file_is_in_the_same_post_whatever_is_said_with_it<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let capabilities = &stage.platform.manifest().capabilities;
    let (most, count) = (capabilities.text.max, capabilities.files.per_message + 1);
    let held = |words: usize, notes: Vec<Note>| {
        let mut outgoing = stage.outgoing(RichText::plain(&"word ".repeat(words)));
        outgoing.content.attachments = vec![shared_elsewhere("notes.bin", 1); count];
        outgoing.notes = notes;
        let parts = stage.connection.render(&outgoing).into_iter();
        let with = parts.filter(|part| !part.files.is_empty());
        with.map(|part| (part.key, part.files)).collect::<Vec<_>>()
    };
    let first = held(1, Vec::new());
    let there: Vec<usize> = first.iter().flat_map(|(_, files)| files.clone()).collect();
    assert_eq!(there, (0..count).collect::<Vec<_>>(), "each once");
    for words in [0, most / 10, most / 6, most / 5, most] {
        for notes in [Vec::new(), vec![Note::ReplyToUnknown]] {
            assert_eq!(held(words, notes), first, "{words} words");
        }
    }
}

/// Where files are in the post that says something: posts of files alone are not edited.
pub async fn an_edit_takes_away_the_files_that_it_names_and_no_others<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let size = CONTENT.len() as u64;
    let attachments = ["one.bin", "two.bin"].map(|name| shared_elsewhere(name, size));
    let mut outgoing = stage.outgoing(RichText::plain("with two files"));
    outgoing.content.attachments = attachments.to_vec();
    let parts = stage.connection.render(&outgoing);
    let Some(part) =
        parts.iter().find(|it| matches!(it.key, PartKey::Text(_)) && it.files.len() == 2)
    else {
        return;
    };
    let mut handles = Vec::new();
    for file in &attachments {
        let upload = stage.connection.upload(&stage.channel, file, body(CONTENT));
        handles.push(upload.await.unwrap());
    }
    let files = attachments.iter().zip(&handles);
    let files: Vec<_> = files
        .map(|(attachment, handle)| UploadedFile { attachment, outcome: Ok(handle) })
        .collect();
    let message = &stage.post(part, None, &files).await.unwrap();
    let (part, thread) = (&stage.part("with the second"), None);
    let held = |stays| HeldFile { came: true, stays };
    for (files, left) in [([true, true], [1, 1]), ([false, true], [0, 1])] {
        let files = &files.map(held);
        for _ in 0..2 {
            let edit = MessageChange::Edit { message, thread, part, files };
            stage.connection.change(&stage.channel, &edit).await.unwrap();
            let seen = [seen(&stage, "one.bin").await.len(), seen(&stage, "two.bin").await.len()];
            assert_eq!(seen, left);
        }
    }
}

pub async fn a_file_that_did_not_come_is_told_of<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let file = shared_elsewhere("huge.bin", 5_000_000);
    let mut outgoing = stage.outgoing(RichText::plain("with a file"));
    outgoing.content.attachments = vec![file.clone()];
    for part in stage.connection.render(&outgoing) {
        let failed =
            |_: &usize| UploadedFile { attachment: &file, outcome: Err("it is too large") };
        let files: Vec<_> = part.files.iter().map(failed).collect();
        stage.post(&part, None, &files).await.unwrap();
    }
    let view = stage.view().await;
    let text: Vec<&str> = view.iter().map(|it| it["text"].as_str().unwrap()).collect();
    let text = text.join("\n");
    for words in ["with a file", "huge.bin", "it is too large"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
}

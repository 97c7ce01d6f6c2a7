//! A database that is not ours, cannot be written, or is full.

use std::{fs, path::Path, process::Command};

use rialto_testkit::{Rialto, Side, World};
use serde_json::json;

use super::{arrives, command, said, say};
use crate::{BINARY, connected_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_than_the_databases_own_opens_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let environment = vec![("RIALTO_LOG_LEVEL".to_owned(), "info".to_owned())];
    let mut rialto = Rialto::start(BINARY.as_ref(), folder.path(), environment).await.unwrap();
    rialto.kill().await.unwrap();
    let (key, old) = (folder.path().join("rialto.key"), folder.path().join("old.key"));
    fs::rename(&key, &old).unwrap();
    let made = rialto.command(&["keys", "init", "--file", "rialto.key"]).output().await.unwrap();
    said(made).tells(0, &["made the key"]);

    let refused = rialto.run().await.unwrap_err().to_string();
    for words in ["exit status: 1", "the key does not fit this database", "RIALTO_KEY", "keys.file"]
    {
        assert!(refused.contains(words), "{words:?} is missing in: {refused}");
    }
    rialto.set("RIALTO_KEYS_OLDER", "[\"old.key\"]");
    rialto.run().await.expect("the old key may open what it sealed");
    rialto.kill().await.unwrap();
    rialto.set("RIALTO_KEYS_OLDER", "[]");
    fs::rename(&old, &key).unwrap();
    rialto.run().await.expect("its own key opens it still");
    rialto.kill().await.unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_has_one_process_at_a_time_whatever_data_folder_it_is_used_from() {
    let [folder, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [database, key] = ["rialto.db", "rialto.key"].map(|name| folder.path().join(name));
    let link = other.path().join("link.db");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    let settings = |database: &Path| {
        [("RIALTO_DATABASE_FILE", database), ("RIALTO_KEY_FILE", &key)]
            .map(|(name, path)| (name.to_owned(), path.display().to_string()))
    };
    let start =
        |database: &Path| Rialto::start(BINARY.as_ref(), other.path(), settings(database).to_vec());

    let mut rialto = Rialto::start(BINARY.as_ref(), folder.path(), Vec::new()).await.unwrap();
    for database in [&database, &link] {
        let second = start(database).await.err().expect("it has a data folder of its own");
        for words in ["exit status: 1", "another Rialto uses the database", "`database.file`"] {
            assert!(second.to_string().contains(words), "{words:?} is missing in: {second}");
        }
        let mut rotate = rialto.command(&["keys", "rotate"]);
        rotate.env("RIALTO_DATA_FOLDER", other.path()).envs(settings(database));
        said(rotate.output().await.unwrap()).tells(1, &["another Rialto uses the database"]);
    }
    rialto.kill().await.unwrap();
    start(&link).await.expect("nobody uses it any more").kill().await.unwrap();
}

/// Who starts Rialto where a file's permissions count for nothing: any user but root.
const NOBODY: u32 = 65_534;

/// A command of the binary by somebody whom permissions bind, on files of their own.
#[cfg(unix)]
fn bound(folder: &Path, arguments: &[&str]) -> Command {
    use std::os::unix::{fs::MetadataExt as _, process::CommandExt as _};

    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(folder).env("RIALTO_LISTEN", "127.0.0.1:0");
    command.env("RIALTO_DATA_FOLDER", folder);
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Makes a file or folder theirs, with these permissions.
#[cfg(unix)]
fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    // Whoever may not give it away runs the binary themselves.
    let _ = chown(path, Some(NOBODY), Some(NOBODY));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_written_is_named_at_the_start_and_by_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let mut rialto = Rialto::start(BINARY.as_ref(), folder.path(), Vec::new()).await.unwrap();
    rialto.kill().await.unwrap();
    let all: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
    for (name, mode) in [("rialto.db", 0o400), ("", 0o500)] {
        all.iter().for_each(|file| permit(file, 0o600));
        permit(folder.path(), 0o700);
        for rest in ["rialto.db-wal", "rialto.db-shm"] {
            let _ = fs::remove_file(folder.path().join(rest));
        }
        permit(&folder.path().join(name), mode);
        for (arguments, code) in [(["serve"], 1), (["doctor"], 1)] {
            let output = bound(folder.path(), &arguments).output().unwrap();
            said(output).tells(code, &["rialto.db", "the user that Rialto runs as", "write"]);
        }
    }
    permit(folder.path(), 0o700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_database_takes_nothing_and_with_room_again_nothing_is_lost() {
    let world = connected_with(&[("RIALTO_DATABASE_MAX_PAGES", "100")]).await;
    let channels = world.connect_channels(&["slack:launch", "teams:Launch"]).await.unwrap();
    let sync = format!("/api/v1/channel-syncs/{}", channels.sync);
    // What waits keeps its content, and so fills the database.
    world.api.post(&format!("{sync}/pause"), json!({})).await.unwrap();
    let text = |side: Side, number: usize| format!("{}-{number:02};", side.word());
    let mut said = 0;
    loop {
        assert!(said < 300, "it never fills up, or nobody is told");
        let [slack, teams] =
            [refused(&world, Side::Slack).await, refused(&world, Side::Teams).await];
        if slack && teams && is_said_to_be_full(&world).await {
            break;
        }
        // Large ones until none fits, then small ones into what is left.
        let more = if slack && teams { 0 } else { 300 };
        for side in [Side::Slack, Side::Teams] {
            say(&world, &channels, side, &(text(side, said) + &" and so on".repeat(more))).await;
        }
        said += 1;
        world.control.get("/idle?timeout_ms=20000").await.unwrap();
    }

    restart(&world, "RIALTO_DATABASE_MAX_PAGES", "100000").await;
    world.api.post(&format!("{sync}/resume"), json!({})).await.unwrap();
    for _ in 0..7 {
        // Slack sends again a minute after the second failure, Teams likewise within minutes.
        world.control.post("/clock", json!({"advance_ms": 30_000})).await.unwrap();
        world.control.get("/idle?timeout_ms=20000").await.unwrap();
    }
    for side in [Side::Slack, Side::Teams] {
        for number in 0..said {
            arrives(&world, &channels, channels.other(side), &text(side, number)).await;
        }
    }
    world.stop().await;
}

async fn restart(world: &World, variable: &str, value: &str) {
    let mut rialto = world.rialto.lock().await;
    rialto.kill().await.unwrap();
    rialto.set(variable, value);
    rialto.run().await.unwrap();
}

/// Whether everybody who looks is told.
async fn is_said_to_be_full(world: &World) -> bool {
    let [status, doctor] = [command(world, &["status"]).await, command(world, &["doctor"]).await];
    let words = ["there is no room left for", "rialto.db", "free some space"];
    let both_say = |words: &&str| status.words.contains(*words) && doctor.words.contains(*words);
    let ready = world.api.get("/readyz").await;
    words.iter().all(both_say)
        && doctor.code == Some(1)
        && ready.is_err_and(|refused| refused.status == Some(503))
}

/// Whether a webhook of a side was answered that it cannot be kept now.
async fn refused(world: &World, side: Side) -> bool {
    let path = format!("/webhooks?platform={}", side.word());
    let sent = world.control.get(&path).await.unwrap();
    let mut attempts = sent["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| it["attempts"].as_array().unwrap());
    attempts.any(|attempt| attempt["status"] == 503)
}

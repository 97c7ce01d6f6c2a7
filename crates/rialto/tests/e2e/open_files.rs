//! How many files the server may open, as Linux tells it.

use std::{fs, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::timeout,
};

use crate::BINARY;

/// How long a start may take.
const START: Duration = Duration::from_secs(30);

#[tokio::test]
async fn as_many_files_may_be_open_as_the_system_allows_and_few_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Command::new("sh")
        .args(["-c", "ulimit -S -n 128 && ulimit -H -n 1000 && exec \"$0\" serve", BINARY])
        .current_dir(folder.path())
        .env("RIALTO_LISTEN", "127.0.0.1:0")
        .env("RIALTO_LOG_LEVEL", "debug")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    for expected in ["up to 1000 files may be open, 128 before", "only 1000 files may be open"] {
        let found = async {
            while let Some(line) = log.next_line().await.unwrap() {
                if line.contains(expected) {
                    return;
                }
            }
            panic!("the server ended and did not say: {expected}");
        };
        timeout(START, found).await.unwrap_or_else(|_| panic!("not said: {expected}"));
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id().unwrap())).unwrap();
    let open = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let open: Vec<_> = open.split_whitespace().take(2).collect();
    assert_eq!(open, ["1000", "1000"], "soft and hard");
    server.kill().await.unwrap();
}

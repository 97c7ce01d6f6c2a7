//! What only a file on a disk can do: survive, fill up, break.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rialto_model::{AttemptOutcome, ChannelSyncId, DeliveryState, PartKey};
use rialto_store::{
    Appended, Change, NewInbound, Plan, Progress, SqlOptions, SqlStore, Store, StoreError, Vault,
};
use rusqlite::Connection;

use crate::world::{
    a_connection, at, attempt, changes, connection, copy, decide, delivery, endpoint, fingerprint,
    id, inbound, key, message, new_delivery, new_message, now, one_post, post, settled, sql, sync,
    time,
};

const MARKER: &str = "PLANTED-MARKER-7f3a";

/// The database and whatever SQLite keeps beside it.
fn bytes_on_disk(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap();
    files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn raw(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn unavailable(error: &StoreError) -> &str {
    let StoreError::Unavailable(text) = error else { panic!("not `Unavailable`: {error:?}") };
    text
}

fn corrupt(error: &StoreError) -> &str {
    let StoreError::Corrupt(text) = error else { panic!("not `Corrupt`: {error:?}") };
    text
}

#[tokio::test]
async fn tokens_of_no_connection_are_forgotten_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    store.put_connection(a_connection(1, 1, "T1")).await.unwrap();
    for owner in [0, 1] {
        store.cabinet_put(connection(owner), "token", "fake".into()).await.unwrap();
    }
    store.close().await;
    let store = sql(&path).await.unwrap();
    assert!(store.cabinet_get(connection(0), "token").await.unwrap().is_none());
    assert!(store.cabinet_get(connection(1), "token").await.unwrap().is_some());
    store.close().await;
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Arc::new(sql(&before.path().join("rialto.db")).await.unwrap());
    let organization = store.default_organization().await.unwrap();
    one_post(&*store, 1).await;
    store
        .begin(delivery(1), PartKey::Text(0), fingerprint("f"), vec!["F1".into()], false, time(9))
        .await
        .unwrap();
    let appends = (0..200).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { store.append_inbound(&[inbound(2, number)]).await.unwrap() })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap();
    }
    // The store lives on: these files are what a power cut would leave at this moment.
    for file in ["rialto.db", "rialto.db-wal"] {
        fs::copy(before.path().join(file), after.path().join(file)).unwrap();
    }
    let survivor = sql(&after.path().join("rialto.db")).await.unwrap();
    assert_eq!(survivor.default_organization().await.unwrap(), organization);
    assert_eq!(survivor.pending_inbound(0, 999).await.unwrap().len(), 200);
    assert_eq!(
        survivor.pending_inbound(0, 999).await.unwrap(),
        store.pending_inbound(0, 999).await.unwrap()
    );
    let work = survivor.lane_work(&at(1), 0, 9).await.unwrap();
    assert_eq!(work, store.lane_work(&at(1), 0, 9).await.unwrap());
    assert_eq!(work[0].begun[0].handles, ["F1"]);
    survivor.close().await;
    store.close().await;
}

#[tokio::test]
async fn places_are_not_given_twice_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let mut last = 0;
    for _ in 0..3 {
        let store = sql(&path).await.unwrap();
        let kept = store.append_inbound(&[inbound(0, 1)]).await.unwrap();
        let Appended::New(seq) = kept[0] else { panic!("nothing waits") };
        assert!(seq > last);
        last = seq;
        store.commit_plan(seq, Plan::default()).await.unwrap();
        store.close().await;
        let closed = store.check().await.unwrap_err();
        assert!(unavailable(&closed).contains("closed"), "{closed}");
    }
}

#[tokio::test]
async fn what_has_a_place_by_conversation_is_seen_before_and_after_it_goes_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    let id = ChannelSyncId::new(id(1));
    store.put_channel_sync(sync(1, [endpoint(1, 0), endpoint(2, 1)])).await.unwrap();
    let shown = async |store: &SqlStore| {
        let traffic = store.traffic(id).await.unwrap();
        let said = store.said_between(&at(0), time(0), time(99)).await.unwrap();
        (traffic.delivered, traffic.last_delivered_at, said.len())
    };
    let placed = || {
        let rows = |table: &str| {
            let count = format!("SELECT COUNT(*) FROM {table}");
            raw(&path).query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        ["said", "said_lately", "delivered_lately"].map(rows)
    };
    for number in 1..=2 {
        one_post(&store, number).await;
        let end = settled(DeliveryState::Delivered, 40 - i64::try_from(number).unwrap());
        store.progress(delivery(number), end).await.unwrap();
    }
    // When a step is due is not in the hands of a test: that is tried in `lately.rs`.
    assert_eq!(shown(&store).await, (2, Some(time(39)), 2));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    one_post(&store, 3).await;
    assert_eq!(shown(&store).await, (2, Some(time(39)), 3));
    let [said, said_lately, delivered_lately] = placed();
    assert!(said >= 2, "{said} of those that came a second before");
    assert_eq!((said + said_lately, delivered_lately), (3, 0));

    store.progress(delivery(3), settled(DeliveryState::Delivered, 50)).await.unwrap();
    store.close().await;
    let store = sql(&path).await.unwrap();
    assert_eq!(shown(&store).await, (3, Some(time(50)), 3));
    store.check().await.unwrap();
    assert_eq!(placed(), [3, 0, 0], "what was left behind goes first");
    assert_eq!(shown(&store).await, (3, Some(time(50)), 3));
    store.close().await;
}

#[tokio::test]
async fn a_failing_verb_does_not_fail_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(sql(&folder.path().join("rialto.db")).await.unwrap());
    one_post(&*store, 1).await;
    let rows: Vec<_> = (0..100).map(|number| inbound(0, number)).collect();
    let kept = store.append_inbound(&rows).await.unwrap();
    let verbs: Vec<_> = (0..100)
        .zip(kept)
        .map(|(number, kept)| {
            let Appended::New(seq) = kept else { panic!("nothing waits") };
            // Every third plan has a part that is kept, and one that is refused.
            let known = if number % 3 == 0 { 1 } else { 2_000 + number };
            let plan = changes([new_message(1_000 + number, 2), new_message(known, 4)]);
            let store = store.clone();
            tokio::spawn(async move { store.commit_plan(seq, plan).await })
        })
        .collect();
    for (number, verb) in (0..100).zip(verbs) {
        let (result, kept) =
            (verb.await.unwrap(), store.message(message(1_000 + number)).await.unwrap());
        if number % 3 == 0 {
            assert!(matches!(result, Err(StoreError::Conflict(_))), "{number}: {result:?}");
            assert_eq!(kept, None, "{number}");
        } else {
            assert!(result.is_ok(), "{number}: {result:?}");
            assert!(kept.is_some(), "{number}");
        }
    }
    store.close().await;
}

#[tokio::test]
async fn nothing_readable_is_on_the_disk_and_what_is_settled_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    let payload = MARKER.as_bytes().to_vec();
    store.append_inbound(&[NewInbound { payload, ..inbound(2, 77) }]).await.unwrap();
    store.cabinet_put(connection(0), "token", MARKER.into()).await.unwrap();
    let deliveries = (1..=3).map(|number| new_delivery(number, 1, 0, 1, post(MARKER)));
    let plan = Plan { deliveries: deliveries.collect(), ..changes([new_message(1, 0)]) };
    decide(&store, plan).await.unwrap();
    let handles = vec![MARKER.to_owned()];
    store
        .begin(delivery(1), PartKey::Files(0), fingerprint(MARKER), handles, false, time(9))
        .await
        .unwrap();

    let mut sealed = Vec::<Vec<u8>>::new();
    for select in ["SELECT content FROM deliveries", "SELECT content FROM begun"] {
        let reader = raw(&path);
        let mut select = reader.prepare(select).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        sealed.extend(rows.map(Result::unwrap));
    }
    assert_eq!(sealed.len(), 4);
    let disk = bytes_on_disk(folder.path());
    assert!(!holds(&disk, MARKER.as_bytes()));
    assert!(sealed.iter().all(|sealed| holds(&disk, sealed)), "the search finds what is there");

    // One delivered, one cancelled by the deletion, one parked and erased.
    store.progress(delivery(1), settled(DeliveryState::Delivered, 10)).await.unwrap();
    store.progress(delivery(3), settled(DeliveryState::Parked, 10)).await.unwrap();
    assert_eq!(store.erase_parked(time(11)).await.unwrap(), 1);
    decide(&store, changes([Change::Deleted { message: message(1) }])).await.unwrap();
    store.close().await;
    let disk = bytes_on_disk(folder.path());
    for (index, sealed) in sealed.iter().enumerate() {
        assert!(!holds(&disk, sealed), "sealed value {index} is still on the disk");
    }
}

#[tokio::test]
async fn a_sealed_value_in_another_row_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    store.cabinet_put(connection(0), "one", "fake-one".into()).await.unwrap();
    store.cabinet_put(connection(0), "two", "fake-two".into()).await.unwrap();
    let swap = "UPDATE cabinet SET value = (SELECT value FROM cabinet WHERE entry = 'one')";
    raw(&path).execute(swap, []).unwrap();
    assert!(store.cabinet_get(connection(0), "one").await.unwrap().is_some());
    let error = store.cabinet_get(connection(0), "two").await.unwrap_err();
    assert!(corrupt(&error).contains("wrong place"), "{error}");
    store.close().await;
}

#[tokio::test]
async fn a_full_database_says_so_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqlOptions::new(folder.path().join("rialto.db")).max_page_count(90);
    let store = SqlStore::open(options, Vault::new(&key(1)), now()).await.unwrap();
    let row = |size, number| NewInbound { payload: vec![b'x'; size], ..inbound(0, number) };
    let (mut kept, mut error) = (Vec::new(), None);
    // Large ones until none fits, then small ones into what is left.
    for size in [20_000, 1_000] {
        error = loop {
            match store.append_inbound(&[row(size, kept.len().try_into().unwrap())]).await {
                Ok(appended) => kept.extend(appended),
                Err(error) => break Some(error),
            }
            assert!(kept.len() < 200, "it never fills up");
        };
    }
    let error = error.unwrap();
    assert!(unavailable(&error).contains("there is no room left"), "{error}");
    assert!(error.to_string().contains("rialto.db"), "{error}");
    let error = store.check().await.unwrap_err();
    assert!(unavailable(&error).contains("free some space"), "{error}");
    assert_eq!(store.pending_inbound(0, 999).await.unwrap().len(), kept.len(), "reading goes on");

    let Appended::New(first) = kept[0] else { panic!("nothing waited") };
    store.commit_plan(first, Plan::default()).await.unwrap();
    store.check().await.unwrap();
    let kept = store.append_inbound(&[row(10_000, 999)]).await.unwrap();
    assert!(matches!(kept[0], Appended::New(_)));
    store.close().await;
}

#[tokio::test]
async fn another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    sql(&path).await.unwrap().close().await;
    let wrong = SqlStore::open(SqlOptions::new(&path), Vault::new(&key(2)), now()).await;
    assert_eq!(wrong.unwrap_err(), StoreError::WrongKey);
    let rotated = Vault::with_older(&key(2), &[key(1)]);
    SqlStore::open(SqlOptions::new(&path), rotated, now()).await.unwrap().close().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    sql(&path).await.unwrap().close().await;
    raw(&path).execute_batch("PRAGMA user_version = 9999").unwrap();
    let error = sql(&path).await.unwrap_err();
    let text = corrupt(&error);
    assert!(text.contains("newer Rialto"), "{text}");
    assert!(text.contains("rialto.db"), "{text}");
}

#[tokio::test]
async fn a_damaged_file_is_told_from_one_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.db");
    fs::write(&text, "these are notes, not a database. ".repeat(100)).unwrap();
    let error = sql(&text).await.unwrap_err();
    assert!(corrupt(&error).contains("notes.db is not a SQLite database"), "{error}");

    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    one_post(&store, 1).await;
    store.close().await;
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&[0xA5; 200_000]).unwrap();
    drop(file);
    let error = match sql(&path).await {
        Err(error) => error,
        Ok(store) => store.message(message(1)).await.unwrap_err(),
    };
    let text = corrupt(&error);
    assert!(text.contains("damaged") && text.contains("restore a backup"), "{text}");
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = sql(&folder.path().join("nowhere/rialto.db")).await.unwrap_err();
    let text = unavailable(&error);
    assert!(text.contains("nowhere/rialto.db") && text.contains("folder must exist"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = sql(&path).await.unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    store.close().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    sql(&path).await.unwrap().close().await;
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "made private again");
}

/// Permissions do not stop root, so as root this test runs itself once more as somebody else.
#[cfg(unix)]
#[tokio::test]
async fn a_read_only_file_says_so() {
    use std::os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    };

    const NOBODY: u32 = 65_534;
    const FOLDER: &str = "RIALTO_TEST_READ_ONLY";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let error = sql(&Path::new(&folder).join("rialto.db")).await.unwrap_err();
        let text = unavailable(&error);
        assert!(text.contains("rialto.db is read-only"), "{text}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    sql(&path).await.unwrap().close().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    // A copy that nobody may run too, whoever owns the folder of this one.
    let program = folder.path().join("suite");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut again = std::process::Command::new(program);
    again.args(["--exact", "disk::a_read_only_file_says_so"]);
    again.env(FOLDER, folder.path()).current_dir(folder.path());
    if fs::metadata(&path).unwrap().uid() == 0 {
        for owned in [folder.path(), &path] {
            chown(owned, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        again.uid(NOBODY).gid(NOBODY);
    }
    let ended = again.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn the_log_stays_bounded_while_everybody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rialto.db");
    let store = Arc::new(sql(&path).await.unwrap());
    one_post(&*store, 1).await;
    let log = path.with_extension("db-wal");
    let step = || Progress {
        copies: vec![copy(1, PartKey::Text(0), 11)],
        attempt: Some(attempt(AttemptOutcome::Transient)),
        ..Progress::default()
    };
    // Far more than fits into a log that is never started over.
    let mut written = 0_u64;
    while written < 200 {
        let rows = |task: u64| {
            (0..50)
                .map(|row| NewInbound {
                    payload: vec![b'x'; 4_000],
                    ..inbound(task, written * 50 + row)
                })
                .collect::<Vec<_>>()
        };
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let (store, rows) = (store.clone(), rows(task));
                tokio::spawn(async move {
                    let kept = store.append_inbound(&rows).await.unwrap();
                    store.progress(delivery(1), step()).await.unwrap();
                    for kept in kept {
                        let Appended::New(seq) = kept else { panic!("nothing waits") };
                        store.commit_plan(seq, Plan::default()).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        written += 8;
        let size = fs::metadata(&log).unwrap().len();
        assert!(size < 128 * 1_048_576, "the log has {size} bytes");
    }
    store.close().await;
    assert!(!log.exists(), "closed: all is in the file");
}

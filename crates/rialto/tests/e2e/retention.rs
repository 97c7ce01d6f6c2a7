//! Nothing of what was said is left behind, with a crash in between: `rialto doctor retention` finds
//! no marker while it is on its way, nor when it has arrived; and it finds those that are planted.

use std::{collections::BTreeSet, fs};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use rialto_testkit::{Channels, Message, Side, World};
use serde_json::{Value, json};

use crate::{four_in_step, posts, without_canary};

/// Where each marker is put, on every side.
const WHERE: [&str; 5] = ["text", "edit", "reply", "filename", "contents"];

fn marker(side: Side, place: &str) -> String {
    format!("marker7f3a{}{place}", side.word())
}

fn markers() -> Vec<String> {
    Side::ALL.into_iter().flat_map(|side| WHERE.map(|place| marker(side, place))).collect()
}

/// What the command tells, and its exit code.
async fn retention(world: &World, markers: &[String]) -> (Option<i32>, Value) {
    let mut arguments = vec!["doctor", "retention", "--json"];
    arguments.extend(markers.iter().flat_map(|marker| ["--marker", marker]));
    let mut command = world.rialto.lock().await.command(&arguments);
    let output = command.env("RIALTO_DATA_FOLDER", world.folder()).output().await.unwrap();
    let told = serde_json::from_slice(&output.stdout);
    let told = told.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), told)
}

/// The places where something was found.
fn found(report: &Value) -> BTreeSet<String> {
    let places = report["places"].as_array().unwrap().iter();
    let found = places.filter(|place| !place["found"].as_array().unwrap().is_empty());
    found.map(|place| place["place"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn is_clean(when: &str, (code, report): &(Option<i32>, Value)) {
    assert_eq!((*code, &report["clean"]), (Some(0), &json!(true)), "{when}: {report:#}");
    let read = |end: &str| {
        let places = report["places"].as_array().unwrap().iter();
        places.filter(|it| it["place"].as_str().unwrap().ends_with(end)).any(|it| it["bytes"] != 0)
    };
    assert!(read("rialto.db") && read("rialto.log"), "{when}: {report:#}");
}

/// All sides say everything, with its marker in it.
async fn say(world: &World, channels: &Channels) {
    for side in channels.sides() {
        let marked = |place| marker(side, place);
        let act =
            |what: &'static str, body: Value| world.act(side, channels, side.speaker(), what, body);
        let file = json!({"name": format!("{}.txt", marked("filename")), "mime": "text/plain",
                          "text": marked("contents")});
        let mut with_file = side.plain("with a file");
        with_file["files"] = json!([file]);
        act("post", with_file).await.unwrap();
        let id = world.say(side, channels, &marked("text")).await.unwrap();
        act("reply", side.to(&id, &marked("reply"))).await.unwrap();
        let text = format!("{} {}", marked("text"), marked("edit"));
        act("edit", side.to(&id, &text)).await.unwrap();
    }
}

/// Waits until all of it is shown where it belongs.
async fn arrives(world: &World, channels: &Channels) {
    for side in channels.sides() {
        let marked = |place| marker(side, place);
        let shown = |all: &[Message]| {
            let text = |place| all.iter().any(|message| message.text.contains(&marked(place)));
            let mut files = all.iter().flat_map(|message| &message.files);
            let file = files.any(|file| file.name.contains(&marked("filename")));
            (text("text") && text("edit") && text("reply") && file).then_some(())
        };
        for there in channels.others(side) {
            let what = format!("all from {side:?}");
            world.wait(there, channels, &what, shown).await.unwrap();
        }
    }
}

async fn waiting(world: &World) -> Value {
    retention(world, &markers()).await.1["at_rest"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_is_nowhere_while_it_is_on_its_way_after_a_crash_and_when_it_has_arrived() {
    let (world, channels) = four_in_step(&[("RIALTO_CANARY_EVERY", "0s")]).await;
    for side in Side::ALL {
        let away = json!({"platform": side.word(), "target": "api", "method": posts(side),
                          "kind": "status", "code": 503});
        world.control.post("/faults", away).await.unwrap();
    }
    say(&world, &channels).await;
    let kept = async || {
        let kept = waiting(&world).await;
        Ok(kept["waiting"].as_u64() >= Some(36) && kept["webhooks"] == 0)
    };
    world.until("everything waits", kept).await.unwrap();
    is_clean("while it waits", &retention(&world, &markers()).await);

    // The platforms are back, but slow, and Rialto is killed in the middle of it.
    world.control.call(Method::DELETE, "/faults", None).await.unwrap();
    for side in Side::ALL {
        let slow = json!({"platform": side.word(), "target": "api", "method": posts(side),
                          "kind": "latency", "ms": 300});
        world.control.post("/faults", slow).await.unwrap();
    }
    let begun = async || Ok(waiting(&world).await["begun"] != 0);
    world.until("a post has begun", begun).await.unwrap();
    world.rialto.lock().await.kill().await.unwrap();
    let killed = retention(&world, &markers()).await;
    is_clean("after the crash", &killed);
    assert_eq!(killed.1["processes"], json!([]));
    assert_ne!(killed.1["at_rest"]["waiting"], 0, "it was killed in the middle");

    world.rialto.lock().await.run().await.unwrap();
    arrives(&world, &channels).await;
    let nothing = json!({"webhooks": 0, "waiting": 0, "begun": 0, "parked": 0,
                         "parked_until": null, "done": 0});
    world.until("nothing waits", async || Ok(waiting(&world).await == nothing)).await.unwrap();
    let running = retention(&world, &markers()).await;
    is_clean("when it has arrived", &running);
    assert_eq!(running.1["processes"].as_array().unwrap().len(), 1, "{:#}", running.1);
    world.rialto.lock().await.stop().await.unwrap();
    is_clean("when the server is stopped", &retention(&world, &markers()).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_quotes_the_message_leaves_nothing_of_it() {
    let (world, channels) = four_in_step(&[("RIALTO_CANARY_EVERY", "0s")]).await;
    for side in Side::ALL {
        let refusal = json!({"platform": side.word(), "target": "api", "method": posts(side),
                             "kind": "status", "code": 400, "quotes": true});
        world.control.post("/faults", refusal).await.unwrap();
    }
    for side in Side::ALL {
        world.say(side, &channels, &marker(side, "text")).await.unwrap();
    }
    // What tells who wrote it is refused as well, but is no post in the channel.
    let parked = async || {
        let all = world.api.get("/api/v1/deliveries?state=parked").await?;
        let mut all = all.as_array().cloned().unwrap_or_default();
        all.retain(|delivery| delivery["kind"] == "post");
        anyhow::Ok(all)
    };
    let all = async || Ok(parked().await?.len() == 12);
    world.until("all is parked", all).await.unwrap();
    let told = parked().await.unwrap();
    for side in Side::ALL {
        let to_it = told.iter().filter(|it| it["to"]["platform"] == side.word());
        let reasons: Vec<&str> = to_it.filter_map(|it| it["reason"].as_str()).collect();
        let quoted = reasons.iter().any(|reason| markers().iter().any(|it| reason.contains(it)));
        assert!(reasons.len() == 3 && !quoted, "{reasons:?}");
    }
    is_clean("when all was refused", &retention(&world, &markers()).await);
    world.rialto.lock().await.stop().await.unwrap();
    is_clean("when the server is stopped", &retention(&world, &markers()).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_behind_is_found_with_its_place_and_its_form() {
    let world = without_canary().await;
    // The files are its own as long as it runs.
    world.rialto.lock().await.stop().await.unwrap();
    let markers = markers();
    let utf16: Vec<u8> = markers[1].encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (file, form, planted) in [
        ("rialto.log", "plain", markers[0].clone().into_bytes()),
        ("rialto.db-wal", "UTF-16, little endian", utf16),
        ("uploads/part.bin", "Base64", BASE64_STANDARD.encode(&markers[2]).into_bytes()),
        ("core", "hexadecimal", hex::encode(&markers[3]).into_bytes()),
    ] {
        is_clean("before", &retention(&world, &markers).await);
        let path = world.folder().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let before = fs::read(&path).unwrap_or_default();
        fs::write(&path, [&before[..], &planted].concat()).unwrap();
        let (code, report) = retention(&world, &markers).await;
        assert_eq!((code, &report["clean"]), (Some(1), &json!(false)), "{file}: {report:#}");
        let [place] = &found(&report).into_iter().collect::<Vec<_>>()[..] else {
            panic!("{file}: {report:#}")
        };
        assert!(place.contains(file), "{place}");
        assert!(report.to_string().contains(form), "{report:#}");
        fs::write(&path, before).unwrap();
    }

    // As a person is told, and what else an admin names.
    let log = world.folder().join("rialto.log");
    let elsewhere = tempfile::tempdir().unwrap();
    let proxy = elsewhere.path().join("proxy.log");
    let tells = async |also: &str| {
        let arguments = ["doctor", "retention", "--marker", &markers[0], "--also", also];
        let mut command = world.rialto.lock().await.command(&arguments);
        let output = command.env("RIALTO_DATA_FOLDER", world.folder()).output().await.unwrap();
        let words = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&words).into_owned())
    };
    let (code, words) = tells(proxy.to_str().unwrap()).await;
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("not everything can be looked through"), "{words}");
    fs::write(&proxy, &markers[0]).unwrap();
    let (code, words) = tells(proxy.to_str().unwrap()).await;
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains(&format!("FOUND {} (plain, 1×)", markers[0])), "{words}");
    assert!(words.contains(&format!("is readable in {}", proxy.display())), "{words}");
    let (code, words) = tells(log.to_str().unwrap()).await;
    assert_eq!(code, Some(0), "{words}");
    for told in ["Content that is kept, sealed: 0 webhook(s)", "No server runs", "Not seen: memory"]
    {
        assert!(words.contains(told), "{told:?} is missing in: {words}");
    }
    world.stop().await;
}

//! What goes wrong outside of Rialto, and what its admin is told: the right status, the field, the
//! mend; and nothing is lost by it.

mod database;
mod files;
mod parked;
mod tokens;
mod webhooks;

use rialto_testkit::{Channels, Message, Side, World};
use serde_json::Value;

/// What a command said, as an admin reads it.
struct Said {
    code: Option<i32>,
    words: String,
}

impl Said {
    #[track_caller]
    fn tells(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.words);
        for words in words {
            assert!(self.words.contains(words), "{words:?} is missing in: {}", self.words);
        }
    }
}

/// Runs a command beside the server.
async fn command(world: &World, arguments: &[&str]) -> Said {
    let command = world.rialto.lock().await.command(arguments).output();
    said(command.await.unwrap())
}

fn said(output: std::process::Output) -> Said {
    let [out, err] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Said { code: output.status.code(), words: out + &err }
}

/// Somebody on a side says something.
async fn say(world: &World, channels: &Channels, from: Side, text: &str) {
    world.say(from, channels, text).await.unwrap();
}

/// Waits until a text is shown on a side, and gives its message; it is there once.
async fn arrives(world: &World, channels: &Channels, on: Side, text: &str) -> Message {
    let shown = |all: &[Message]| {
        let mut with_text = all.iter().filter(|it| it.text.contains(text) && !it.deleted);
        let first = with_text.next().cloned();
        assert!(with_text.next().is_none(), "{text} is there twice");
        first
    };
    match world.wait(on, channels, &format!("`{text}`"), shown).await {
        Ok(message) => message,
        Err(error) => panic!("{error:#}\n{}", world.rialto.lock().await.log()),
    }
}

/// Waits until a delivery is parked on its way to a side, and gives it.
async fn parked(world: &World, to: Side) -> Value {
    let path = "/api/v1/deliveries?state=parked";
    let on_the_way = async || {
        let all = world.api.get(path).await?;
        let mut found = all.as_array().into_iter().flatten();
        let found = found.find(|it| it["to"]["platform"] == to.word()).cloned();
        anyhow::Ok(found)
    };
    world.until("a delivery is parked", async || Ok(on_the_way().await?.is_some())).await.unwrap();
    on_the_way().await.unwrap().unwrap()
}

/// Rialto's application of a side.
async fn app(world: &World, side: Side) -> String {
    let apps = world.api.get("/api/v1/apps").await.unwrap();
    let app = apps.as_array().unwrap().iter().find(|it| it["platform"] == side.word()).unwrap();
    app["id"].as_str().unwrap().to_owned()
}

/// Slack's own record of that application.
pub(crate) async fn vendors_app(world: &World) -> Value {
    world.control.get("/slack/apps").await.unwrap()[0].clone()
}

/// What the status tells of a side's workspace.
async fn workspace(world: &World, side: Side) -> Value {
    let status = world.api.get("/api/v1/status").await.unwrap();
    let all = status["connections"].as_array().unwrap();
    all.iter().find(|it| it["platform"] == side.word()).unwrap().clone()
}

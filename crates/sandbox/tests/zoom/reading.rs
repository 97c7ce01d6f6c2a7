use serde_json::{Value, json};

use super::world::World;

fn texts(answer: &Value) -> Vec<&str> {
    let messages = answer["messages"].as_array().unwrap();
    messages.iter().map(|message| message["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn messages_are_listed_newest_first_page_by_page() {
    let world = World::start().await;
    let general = world.channel("general").await;
    for number in 0..7 {
        world.post(&format!("m{number}")).await;
    }
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!(
            "/chat/users/me/messages?to_channel={general}&page_size=3&next_page_token={token}"
        );
        let page = world.ok("GET", &path, Value::Null).await;
        all.extend(texts(&page).into_iter().map(str::to_owned));
        token = page["next_page_token"].as_str().unwrap().to_owned();
        // What is said meanwhile moves no page.
        world.post("meanwhile").await;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(all, ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);
}

#[tokio::test]
async fn messages_are_asked_for_by_day_or_by_time() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let list = async |more: String| {
        let path = format!("/chat/users/me/messages?to_channel={general}&{more}");
        world.ok("GET", &path, Value::Null).await
    };
    let now = async || {
        world.control("GET", "/clock", Value::Null).await["now"].as_str().unwrap().to_owned()
    };
    let day = async || now().await[..10].to_owned();
    let (first_day, before) = (day().await, format!("{}Z", &now().await[..19]));
    world.post("monday").await;
    world.advance(86_400).await;
    world.renew().await;
    world.post("tuesday").await;
    let answer = list(String::new()).await;
    assert_eq!(
        (texts(&answer), &answer["date"]),
        (vec!["tuesday"], &json!(day().await)),
        "today by default"
    );
    assert_eq!(texts(&list(format!("date={first_day}")).await), ["monday"]);
    assert_eq!(
        texts(&list(format!("date={first_day}&from={before}")).await),
        ["monday"],
        "the date counts"
    );
    let answer = list(format!("from={before}")).await;
    assert_eq!((texts(&answer), &answer["from"]), (vec!["tuesday", "monday"], &json!(before)));
    assert_eq!(
        texts(&list(format!("from={before}&to={before}")).await).len(),
        1,
        "all of that second"
    );
    for wrong in ["date=yesterday", "from=now", "from=2020-01-01T00:00:00Z", "date=2020-01-01"] {
        let path = format!("/chat/users/me/messages?to_channel={general}&{wrong}");
        assert_eq!(world.error("GET", &path, Value::Null).await, (400, 300), "{wrong}");
    }
    assert_eq!(world.error("GET", "/chat/users/me/messages", Value::Null).await, (400, 300));
}

#[tokio::test]
async fn edited_and_deleted_messages_are_named_when_asked_for() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let (edited, deleted) = (world.post("old").await, world.post("gone").await);
    world.post("normal").await;
    world.act(json!({"as": "Ann Lee", "do": "edit", "channel": "general", "id": edited, "text": "new"})).await;
    world.act(json!({"as": "Ann Lee", "do": "delete", "channel": "general", "id": deleted})).await;
    let path = format!("/chat/users/me/messages?to_channel={general}");
    let plain = world.ok("GET", &path, Value::Null).await;
    assert_eq!(texts(&plain), ["normal", "new"]);
    assert_eq!(plain["messages"][0]["status"], Value::Null);
    let all = world
        .ok("GET", &format!("{path}&include_deleted_and_edited_message=true"), Value::Null)
        .await;
    let status: Vec<_> =
        all["messages"].as_array().unwrap().iter().map(|m| (&m["message"], &m["status"])).collect();
    assert_eq!(json!(status), json!([["normal", "Normal"], ["", "Deleted"], ["new", "Edited"]]));
}

#[tokio::test]
async fn replies_are_read_with_their_thread() {
    let world = World::start().await;
    let general = world.channel("general").await;
    let root = world.post("root").await;
    for number in 0..3 {
        let body = json!({"message": format!("r{number}"), "to_channel": general, "reply_main_message_id": root});
        world.ok("POST", "/chat/users/me/messages", body).await;
    }
    let list = format!("/chat/users/me/messages?to_channel={general}");
    let listed = world.ok("GET", &list, Value::Null).await;
    assert_eq!(listed["messages"][0]["reply_main_message_id"], root);
    assert!(listed["messages"][0]["reply_main_message_timestamp"].is_u64());
    let roots = world.ok("GET", &format!("{list}&exclude_child_message=true"), Value::Null).await;
    assert_eq!(texts(&roots), ["root"]);
    let path = format!("/chat/users/me/messages/{root}/thread?to_channel={general}");
    let thread =
        world.ok("GET", &format!("{path}&from=2020-05-01T19:13:02Z&limit=2"), Value::Null).await;
    assert_eq!((texts(&thread), &thread["total"]), (vec!["root", "r2", "r1"], &json!(3)));
    let ascending = format!("{path}&from=2020-05-01T19:13:02Z&sort=asc&need_main_message=false");
    assert_eq!(texts(&world.ok("GET", &ascending, Value::Null).await), ["r0", "r1", "r2"]);
    for (more, code) in [
        ("", 4233),
        ("&from=2020-05-01T19:13:02Z&limit=101", 4231),
        ("&from=2020-05-01T19:13:02Z&sort=up", 4232),
    ] {
        assert_eq!(world.error("GET", &format!("{path}{more}"), Value::Null).await, (400, code));
    }
    // A deleted main message keeps its place as long as replies stand below it.
    world.act(json!({"as": "Ann Lee", "do": "delete", "channel": "general", "id": root})).await;
    let seen = world.view("general").await;
    assert_eq!(
        (seen.len(), &seen[0]["deleted"], &seen[1]["thread"]),
        (4, &json!(true), &json!(root))
    );
}

#[tokio::test]
async fn messages_files_and_conversations_are_found() {
    let world = World::start().await;
    world.post("needle in general").await;
    world
        .act(json!({"as": "Bob Ray", "do": "post", "to": "Ann Lee", "text": "needle for you"}))
        .await;
    world
        .act(json!({"as": "Bob Ray", "do": "post", "to": "Cy Doe", "text": "needle for Cy"}))
        .await;
    world.act(json!({"as": "Ann Lee", "do": "upload", "channel": "general", "files": [{"name": "Plan.PDF", "text": "x"}]})).await;
    let search = |kind: &str, key: &str| {
        format!("/chat/users/me/messages?search_type={kind}&search_key={key}")
    };
    let found = world.ok("GET", &search("message", "NEEDLE"), Value::Null).await;
    assert_eq!(texts(&found), ["needle for you", "needle in general"], "only what Ann is in");
    let found = world.ok("GET", &search("file", "plan"), Value::Null).await;
    assert_eq!(found["messages"][0]["file_name"], "Plan.PDF");
    let both = format!("{}&include_deleted_and_edited_message=true", search("message", "x"));
    assert_eq!(world.error("GET", &both, Value::Null).await, (400, 300));
    let sessions = world.ok("GET", "/chat/users/me/sessions", Value::Null).await;
    let kinds: Vec<_> =
        sessions["sessions"].as_array().unwrap().iter().map(|s| (&s["type"], &s["name"])).collect();
    assert_eq!(json!(kinds), json!([["groupchat", "general"], ["1:1", "bob@acme.example"]]));
    let one = world.ok("GET", "/chat/users/me/sessions?type=1:1", Value::Null).await;
    assert_eq!(one["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn people_and_contacts_are_listed() {
    let world = World::start().await;
    let users = world.ok("GET", "/users?page_size=2", Value::Null).await;
    assert_eq!((&users["total_records"], &users["page_count"]), (&json!(3), &json!(2)));
    let next = format!(
        "/users?page_size=2&next_page_token={}",
        users["next_page_token"].as_str().unwrap()
    );
    assert_eq!(world.ok("GET", &next, Value::Null).await["users"].as_array().unwrap().len(), 1);
    let me = world.ok("GET", "/users/me", Value::Null).await;
    assert_eq!(
        (&me["email"], &me["account_id"]),
        (&json!("ann@acme.example"), &json!(world.account))
    );
    let bob = world.ok("GET", "/users/bob@acme.example", Value::Null).await;
    assert_eq!(bob["id"], world.person("Bob Ray").await);
    assert_eq!(world.error("GET", "/users/nobody", Value::Null).await, (404, 1001));
    world.act(json!({"as": "Ann Lee", "do": "deactivate", "person": "Cy Doe"})).await;
    assert_eq!(world.ok("GET", "/users", Value::Null).await["total_records"], 2);
    assert_eq!(world.ok("GET", "/users?status=inactive", Value::Null).await["total_records"], 1);
    assert_eq!(
        world.ok("GET", "/users/email?email=BOB@acme.example", Value::Null).await["existed_email"],
        true
    );
    assert_eq!(world.error("GET", "/users/email", Value::Null).await, (400, 300));
    let bob = "/chat/users/me/contacts/bob@acme.example?query_presence_status=true";
    for path in ["/chat/users/me/contacts", bob] {
        let refusal = world.error("GET", path, Value::Null).await;
        assert_eq!(refusal, (400, 4711), "it is not an app that people add for themselves");
    }
    let personal = World::with(json!({}), json!({"kind": "user"})).await;
    let contacts = personal.ok("GET", "/chat/users/me/contacts", Value::Null).await;
    assert_eq!(contacts["contacts"][0]["email"], "bob@acme.example");
    let contact = personal.ok("GET", bob, Value::Null).await;
    assert_eq!(contact["presence_status"], "Available");
    let found = world.ok("GET", "/contacts?search_key=ray&page_size=25", Value::Null).await;
    assert_eq!(found["contacts"][0]["display_name"], "Bob Ray");
    let emoji = world.ok("GET", "/chat/emoji?search_key=ship", Value::Null).await;
    assert_eq!(emoji["emojis"][0]["name"], "shipit");
    assert_eq!(world.error("GET", "/chat/emoji?search_key=sh", Value::Null).await, (400, 5333));
}

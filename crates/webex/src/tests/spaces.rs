//! Spaces, people, teams.

use rialto_model::{AccountKind, ConversationKind, RemoteId};
use rialto_platform::{NewConversation, SetupError};
use serde_json::json;

use super::support::World;

async fn all(world: &World) -> Vec<(String, bool, bool)> {
    let (mut all, mut page) = (Vec::new(), None::<String>);
    loop {
        let read = world.connection.conversations(page.as_deref()).await.unwrap();
        all.extend(read.items.into_iter().map(|it| (it.name, it.private, it.joined)));
        page = read.next;
        if page.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn spaces_are_listed_with_whether_we_are_in_them() {
    let world = World::start().await;
    let mut listed = all(&world).await;
    listed.retain(|(name, ..)| name != "Team");
    listed.sort();
    let expected = [("board", true, true), ("general", true, true), ("lobby", false, false)];
    assert_eq!(listed, expected.map(|(name, private, joined)| (name.to_owned(), private, joined)));
    world
        .act(json!({ "as": "Ann Lee", "do": "invite", "channel": "lobby", "person": "Rialto" }))
        .await;
    let lobby: Vec<_> = all(&world).await.into_iter().filter(|it| it.0 == "lobby").collect();
    assert_eq!(lobby, [("lobby".to_owned(), false, true)], "once, though it is in both lists");
    let general = world.room("general").await;
    let found = world.connection.conversation(&general).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.kind), ("general", ConversationKind::Channel));
    assert!(found.joined && found.private && !found.archived);
    let nowhere = world.connection.conversation(&"nowhere".into()).await.unwrap();
    assert_eq!(nowhere, None);
}

#[tokio::test]
async fn a_list_is_followed_to_its_end() {
    let world = World::start().await;
    let client = crate::connect::client(&world.app).unwrap();
    let api = crate::api::Api::new(world.toolkit(), client, world.drawer.clone());
    let listed = async |most: &str| {
        let query = vec![("max", most.to_owned())];
        let rooms: Vec<crate::wire::Room> = api.all(&["rooms"], &query).await.unwrap();
        rooms.iter().filter_map(|room| room.id.get().map(str::to_owned)).collect::<Vec<_>>()
    };
    let all = listed("1000").await;
    assert!(all.len() >= 3, "{all:?}");
    assert_eq!(listed("1").await, all);
}

#[tokio::test]
async fn where_rialto_cannot_be_or_post_is_refused_with_the_mend() {
    let world = World::start().await;
    let join = async |name: &str| match world.connection.join(&world.room(name).await).await {
        Ok(()) => "joined".to_owned(),
        Err(SetupError::Refused(reason)) => reason,
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(join("general").await, "joined");
    let board = join("board").await;
    assert!(
        board.contains(
            "a moderator must make the service user Rialto (rialto@acme.example) one too"
        ),
        "{board}"
    );
    assert!(join("locked").await.contains("must add the service user"));
    let moderate = json!({ "as": "Ann Lee", "do": "moderate", "channel": "board", "person": "Rialto",
        "moderator": true });
    world.act(moderate).await;
    assert_eq!(join("board").await, "joined");
    let invite =
        json!({ "as": "Ann Lee", "do": "invite", "channel": "locked", "person": "Rialto" });
    world.act(invite).await;
    assert_eq!(join("locked").await, "joined", "a moderated space lets its members post");
}

#[tokio::test]
async fn spaces_are_made_private_or_public_in_a_team_with_people_in_them() {
    let world = World::start().await;
    let bob = world.person("Bob Ray").await;
    let teams = world.connection.parents().await.unwrap();
    assert_eq!(teams.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["Team"]);
    let new = NewConversation {
        name: " #launch ".into(),
        parent: Some(teams[0].0.clone()),
        private: true,
        members: vec![bob.clone(), world.person("Rialto").await, "nobody".into()],
        topic: None,
    };
    let made = world.connection.create_conversation(&new).await.unwrap();
    assert_eq!((made.name.as_str(), made.private, made.joined), ("launch", true, true));
    let spaces = world.look("/webex/workspaces").await;
    let mut spaces = spaces[0]["channels"].as_array().unwrap().iter();
    let space = spaces.find(|it| it["name"] == "launch").unwrap();
    assert_eq!(space["members"].as_array().unwrap().len(), 2);
    assert_eq!(space["team"], teams[0].0.as_str());
    let public = NewConversation {
        name: String::new(),
        parent: None,
        private: false,
        members: vec![],
        topic: Some("About it".into()),
    };
    let made = world.connection.create_conversation(&public).await.unwrap();
    assert_eq!((made.name.as_str(), made.private), ("space", false));
    assert_eq!(made.topic.as_deref(), Some("About it"));
}

#[tokio::test]
async fn people_are_known_by_id_and_by_verified_address() {
    let world = World::start().await;
    let ann = world.person("Ann Lee").await;
    let known = world.connection.account(&ann).await.unwrap().unwrap();
    assert_eq!((known.name.as_str(), known.kind), ("Ann Lee", AccountKind::Person));
    assert_eq!(known.email.as_deref(), Some("ann@acme.example"));
    let by_email = async |email: &str| world.connection.account_by_email(email).await.unwrap();
    assert_eq!(by_email("Ann@Acme.example").await, Some(known));
    assert_eq!(by_email("nobody@acme.example").await, None);
    let helper = json!({ "name": "Helper", "kind": "bot", "workspace": "Acme" });
    world.control("/webex/apps", helper).await;
    assert_eq!(by_email("helper@webex.bot").await, None, "nobody's account is a bot");
    let bot: RemoteId = world.person("Helper").await;
    assert_eq!(world.connection.account(&bot).await.unwrap().unwrap().kind, AccountKind::Bot);
    assert_eq!(world.connection.account(&"nobody".into()).await.unwrap(), None);
    world.act(json!({ "as": "Ann Lee", "do": "deactivate", "person": "Bob Ray" })).await;
    let bob = world.person("Bob Ray").await;
    let bob = world.connection.account(&bob).await.unwrap().unwrap();
    assert_eq!(bob.kind, AccountKind::Deactivated);
    let beta =
        json!({ "name": "Beta", "people": [{ "name": "Dan Fox", "email": "dan@beta.example" }] });
    world.control("/webex/workspaces", beta).await;
    assert_eq!(by_email("dan@beta.example").await.unwrap().kind, AccountKind::Guest);
}

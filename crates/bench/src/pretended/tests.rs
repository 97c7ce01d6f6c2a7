//! What people said is what a platform lists, on as many pages as it takes.

use jiff::Timestamp;
use serde_json::Value;

use super::{Platform, Platforms, Side};
use crate::ledger;

/// More than two pages, whatever is asked for.
const MESSAGES: u64 = 450;

/// How a platform is asked for what was said, as Rialto asks.
struct Listing {
    address: String,
    messages: &'static str,
    id: &'static str,
    /// Messages of a page.
    size: usize,
}

fn listing(platforms: &Platforms, platform: Platform, channel: usize) -> Listing {
    let it = platforms.of(platform);
    let (app, channel) = (it.app(), it.channel(Side::From, channel));
    let base = |name: &str| app[name].as_str().unwrap().to_owned();
    let (address, messages, id, size) = match platform {
        Platform::Slack => {
            let query = format!("channel={channel}&limit=200&oldest=1000.000000&inclusive=true");
            let address = format!("{}conversations.history?{query}", base("api_url"));
            (address, "messages", "ts", 200)
        }
        Platform::Teams => {
            let (team, channel) = channel.split_once('/').unwrap();
            let path = format!("teams/{team}/channels/{channel}/messages/delta");
            let filter = "lastModifiedDateTime+gt+2026-01-01T00%3A00%3A00Z";
            let query = format!("%24top=50&%24expand=replies&%24filter={filter}");
            (format!("{}{path}?{query}", base("graph_url")), "value", "id", 50)
        }
        Platform::Webex => {
            let query = format!("roomId={channel}&max=100");
            (format!("{}messages?{query}", base("api_url")), "items", "id", 100)
        }
        Platform::Zoom => {
            let query = format!("to_channel={channel}&from=2026-01-01T00%3A00%3A00Z&page_size=50");
            let address = format!("{}chat/users/me/messages?{query}", base("api_url"));
            (address, "messages", "id", 50)
        }
    };
    Listing { address, messages, id, size }
}

impl Listing {
    /// All pages.
    async fn read(&self) -> Vec<Vec<Value>> {
        let (mut pages, mut address) = (Vec::new(), Some(self.address.clone()));
        while let Some(asked) = address.take() {
            let answer = reqwest::get(&asked).await.unwrap();
            let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            let page: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            let named = |name: &str, token: &Value| {
                let token = token.as_str().filter(|token| !token.is_empty())?;
                Some(format!("{}&{name}={token}", self.address))
            };
            address = named("cursor", &page["response_metadata"]["next_cursor"])
                .or_else(|| named("next_page_token", &page["next_page_token"]))
                .or_else(|| page["@odata.nextLink"].as_str().map(str::to_owned))
                .or_else(|| Some(link?.strip_prefix('<')?.split_once('>')?.0.to_owned()));
            pages.push(page[self.messages].as_array().unwrap().clone());
        }
        pages
    }
}

#[tokio::test]
async fn a_history_shows_what_was_said_newest_first_until_a_server_starts_anew() {
    let platforms = Platforms::start().await.unwrap();
    for platform in Platform::ALL {
        let it = platforms.of(platform);
        it.starts_anew(3);
        let events = it.events("/");
        let webhooks: Vec<_> = (0..MESSAGES)
            .map(|number| (number, String::from_utf8(events.message(number, 2)).unwrap()))
            .collect();
        events.message(MESSAGES, 1);
        let listing = listing(&platforms, platform, 2);
        let pages = listing.read().await;
        let full = pages.iter().take_while(|page| page.len() == listing.size).count();
        assert!(full + 1 >= pages.len(), "{platform:?}: a page is full when another one follows");
        let listed: Vec<_> = pages.concat();
        assert_eq!(listed.len(), webhooks.len(), "{platform:?}");
        for ((number, webhook), message) in webhooks.iter().rev().zip(&listed) {
            let id = message[listing.id].as_str().unwrap();
            assert!(webhook.contains(&format!("\"{id}\"")), "{platform:?}: {message}");
            assert!(
                message.to_string().contains(&ledger::text(*number)),
                "{platform:?}: {message}"
            );
        }
        it.starts_anew(3);
        assert_eq!(listing.read().await, [Vec::<Value>::new()], "{platform:?}");
    }
}

#[tokio::test]
async fn a_history_is_of_the_time_that_is_asked_for() {
    let platforms = Platforms::start().await.unwrap();
    for platform in Platform::ALL {
        let it = platforms.of(platform);
        it.starts_anew(1);
        let events = it.events("/");
        for number in 0..10 {
            events.message(number, 0);
        }
        let whole = listing(&platforms, platform, 0);
        let said = whole.read().await.concat();
        assert_eq!(said.len(), 10, "{platform:?}");
        let text = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
        let at = |name: &str| text(&said[4], name);
        let time =
            |message: &Value, name: &str| -> Timestamp { text(message, name).parse().unwrap() };
        let count = |name: &str, holds: fn(Timestamp, Timestamp) -> bool| {
            said.iter().filter(|it| holds(time(it, name), time(&said[4], name))).count()
        };
        let since = "2026-01-01T00%3A00%3A00Z";
        let asked = match platform {
            Platform::Slack => {
                let from = whole.address.replace("1000.000000", &at("ts"));
                vec![(from.clone(), 5), (from.replace("&inclusive=true", ""), 4)]
            }
            Platform::Teams => {
                let later = count("createdDateTime", |it, than| it > than);
                vec![(whole.address.replace(since, &at("createdDateTime")), later)]
            }
            Platform::Webex => {
                let earlier = count("created", |it, than| it < than);
                vec![(format!("{}&before={}", whole.address, at("created")), earlier)]
            }
            Platform::Zoom => vec![(whole.address.replace(since, "2999-01-01T00%3A00%3A00Z"), 0)],
        };
        for (address, expected) in asked {
            let listed = Listing { address, ..whole }.read().await.concat();
            assert_eq!(listed.len(), expected, "{platform:?}");
        }
    }
}

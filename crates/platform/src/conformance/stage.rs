//! A workspace on an emulator, a connection to it, its people, and what is seen there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rialto_model::{
    AppId, Author, Begun, ConnectionId, DeliveryId, Event, EventKind, Feature, MessageState,
    RemoteId, RichText, Support,
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{
    Emulator,
    ear::{self, Call, Ear},
};
use crate::{
    AppConfig, AuthorizationAnswer, Authorized, Clock, ConnectContext, Connection, Outgoing, Part,
    Platform, Post, Received, SendError, SetupError, SystemRandom, Toolkit, UploadedFile,
    testing::{Drawer, said_elsewhere},
};

/// How long something that comes a moment later may take.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The sandbox's control.
#[derive(Clone, Debug)]
pub struct Control {
    base: String,
    http: crate::http::Http,
}

impl Control {
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.call(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Value {
        self.call(self.http.patch(format!("{}{path}", self.base)).json(body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.call(self.http.get(format!("{}{path}", self.base))).await
    }

    /// What may be more than the emulator can do; fails with what it says.
    pub async fn try_post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.ask(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Value {
        self.ask(request).await.unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let answer = request.send().await.unwrap();
        let (status, url) = (answer.status(), answer.url().clone());
        let text = answer.text().await.unwrap();
        if !status.is_success() {
            return Err(format!("{url} answers {status}: {text}"));
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

/// A connected workspace.
pub struct Stage<E> {
    pub emulator: E,
    pub platform: Arc<dyn Platform>,
    pub app: AppConfig,
    pub authorized: Authorized,
    pub cabinet: Arc<Drawer>,
    pub connection: Arc<dyn Connection>,
    /// The channel that everybody is in.
    pub channel: RemoteId,
    pub control: Control,
    word: String,
    clock: Arc<dyn Clock>,
    ear: Arc<Ear>,
    deliveries: AtomicU64,
}

impl<E: Emulator> Stage<E> {
    /// Everything up to the first message, without limits of how fast one may call.
    pub async fn start() -> Self {
        let stage = Self::before_joining().await;
        stage.connection.join(&stage.channel).await.unwrap();
        stage.connection.upkeep(std::slice::from_ref(&stage.channel)).await.unwrap();
        stage.told().await;
        stage
    }

    /// The same, with a channel that nobody has asked Rialto to hear.
    pub async fn before_joining() -> Self {
        let emulator = E::start().await;
        let http = crate::http::client().unwrap();
        let clock = emulator.clock();
        let random = Arc::new(SystemRandom);
        let platform =
            emulator.connector(Toolkit { http: http.clone(), clock: clock.clone(), random });
        let word = platform.manifest().id.as_str().to_owned();
        let control = Control { base: emulator.control(), http };
        control.post(&format!("/{word}/workspaces"), &emulator.workspace()).await;
        control.post("/limits", &json!({ "platform": word, "off": true })).await;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let mut app = app(platform.as_ref(), &here, emulator.addresses());
        let ear = Arc::new(Ear {
            platform: platform.clone(),
            clock: clock.clone(),
            app: Mutex::new(app.clone()),
            calls: Mutex::default(),
        });
        tokio::spawn(axum::serve(listener, ear.clone().router()).into_future());

        let values = emulator.register(&control, platform.as_ref(), &app).await;
        tell(platform.as_ref(), &mut app, values);
        *ear.app.lock() = app.clone();
        emulator.finish(&control, &app).await;

        let cabinet = Arc::new(Drawer::default());
        let authorized =
            authorize(platform.as_ref(), &app, &control, E::SIGNS_IN, true).await.unwrap();
        for (key, value) in &authorized.cabinet {
            crate::Cabinet::put(cabinet.as_ref(), key, value.clone()).await.unwrap();
        }
        let connection = connect(platform.as_ref(), &app, &cabinet, &authorized.workspace);
        let channel = find(connection.as_ref(), E::CHANNEL).await;
        Self {
            emulator,
            platform,
            app,
            authorized,
            cabinet,
            connection,
            channel,
            control,
            word,
            clock,
            ear,
            deliveries: AtomicU64::default(),
        }
    }

    /// The same after a restart: nothing is known but what is in the cabinet.
    pub fn restarted(&self) -> Arc<dyn Connection> {
        connect(self.platform.as_ref(), &self.app, &self.cabinet, &self.authorized.workspace)
    }

    /// Sends the admin to the vendor's page once more.
    pub async fn authorize(&self, approve: bool) -> Result<Authorized, SetupError> {
        self.authorize_as(E::SIGNS_IN, approve).await
    }

    /// The same, with somebody else signing in.
    pub async fn authorize_as(
        &self,
        person: &str,
        approve: bool,
    ) -> Result<Authorized, SetupError> {
        authorize(self.platform.as_ref(), &self.app, &self.control, person, approve).await
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the table says of what is shown here.
    pub fn shown(&self, feature: Feature) -> Support {
        self.platform.manifest().capabilities.abilities.of(feature).shown
    }

    /// What the table says of what is heard here.
    pub fn heard(&self, feature: Feature) -> Support {
        self.platform.manifest().capabilities.abilities.of(feature).heard
    }

    // ---- people

    /// Somebody does something in the channel; gives the id of what came of it.
    pub async fn act(&self, person: &str, what: &str, deed: Value) -> RemoteId {
        self.try_to(person, what, deed).await.unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// The same, perhaps more than people can do there.
    pub async fn try_to(
        &self,
        person: &str,
        what: &str,
        mut deed: Value,
    ) -> Result<RemoteId, String> {
        deed["workspace"] = json!("Acme");
        deed["as"] = json!(person);
        deed["do"] = json!(what);
        deed["channel"] = json!(E::PLACE);
        let made = self.control.try_post(&format!("/{}/act", self.word), &deed).await?;
        Ok(made["id"].as_str().unwrap_or_default().into())
    }

    /// Ann says something.
    pub async fn says(&self, text: &str) -> RemoteId {
        self.act("Ann Lee", "post", self.emulator.plain(text)).await
    }

    /// Ann says something about a message: replies to it, or changes it.
    pub async fn says_to(&self, what: &str, message: &RemoteId, text: &str) -> RemoteId {
        let deed = both(self.emulator.of(message.as_str()), self.emulator.plain(text));
        self.act("Ann Lee", what, deed).await
    }

    /// What people see in the channel.
    pub async fn view(&self) -> Vec<Value> {
        self.view_of(&[("channel", E::PLACE)]).await
    }

    /// What Bob sees in our own conversation with him.
    pub async fn bob_sees(&self, with: &RemoteId) -> Vec<Value> {
        let place = self.emulator.direct(with);
        self.view_of(&[("channel", &place), ("as", "Bob Ray")]).await
    }

    async fn view_of(&self, what: &[(&str, &str)]) -> Vec<Value> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("workspace", "Acme").extend_pairs(what);
        let view = self.control.get(&format!("/{}/view?{}", self.word, query.finish())).await;
        view["messages"].as_array().unwrap().clone()
    }

    /// A message as people see it; `None` when they do not.
    pub async fn sees(&self, message: &RemoteId) -> Option<Value> {
        let view = self.view().await;
        view.into_iter().find(|it| it["id"] == message.as_str() && it["deleted"] != true)
    }

    /// Waits for what comes a moment later.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        });
        match found.await {
            Ok(found) => found,
            Err(_) => panic!("{what}: not so; people see {:#?}", self.view().await),
        }
    }

    // ---- webhooks

    /// Webhooks that came since it was last asked.
    pub(super) async fn calls(&self) -> Vec<Call> {
        self.control.get("/idle").await;
        std::mem::take(&mut *self.ear.calls.lock())
    }

    pub(super) fn received(&self, call: &Call, app: &AppConfig, now: Timestamp) -> Received {
        call.received(self.platform.as_ref(), app, now)
    }

    /// What webhooks told since it was last asked.
    pub async fn told(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for call in self.calls().await {
            for fact in ear::facts(self.received(&call, &self.app, self.now())) {
                assert_eq!(fact.workspace, self.authorized.workspace);
                events.extend(self.connection.normalize(&fact.payload).await.unwrap());
            }
        }
        events.retain(|event| event.conversation == self.channel);
        events
    }

    /// Messages that webhooks told of.
    pub async fn messages(&self) -> Vec<MessageState> {
        messages(self.told().await)
    }

    // ---- us

    /// A message that somebody said elsewhere.
    pub fn outgoing(&self, text: RichText) -> Outgoing {
        let said = said_elsewhere(text);
        let picture = Some("https://pictures.acme.example/ada.png".into());
        Outgoing {
            to: self.channel.clone(),
            said_on: "Elsewhere",
            author: Author { avatar_url: picture, ..said.author.clone() },
            ..said
        }
    }

    /// The only post that a text takes.
    pub fn part(&self, text: &str) -> Part {
        let parts = self.connection.render(&self.outgoing(RichText::plain(text)));
        let [part] = parts.try_into().unwrap();
        part
    }

    /// A part as begun, each time for another delivery.
    pub fn begun(&self, part: &Part) -> Begun {
        let delivery = self.deliveries.fetch_add(1, Ordering::Relaxed);
        let delivery = DeliveryId::new(Uuid::from_u128(u128::from(delivery) + 1_000));
        Begun::committed(delivery, part.key, self.now())
    }

    /// Makes a post.
    pub async fn post(
        &self,
        part: &Part,
        thread: Option<&RemoteId>,
        files: &[UploadedFile<'_>],
    ) -> Result<RemoteId, SendError> {
        let post = Post { to: &self.channel, thread, part, files };
        self.connection.post(&post, &self.begun(part)).await
    }

    /// Makes all posts that a message takes, without its files.
    pub async fn say(&self, outgoing: &Outgoing) -> Vec<RemoteId> {
        let mut made = Vec::new();
        for part in self.connection.render(outgoing) {
            let thread = outgoing.thread.as_ref().filter(|_| part.in_thread);
            made.push(self.post(&part, thread, &[]).await.unwrap());
        }
        made
    }

    /// Posts a text; gives the only post it takes.
    pub async fn say_plain(&self, text: &str) -> RemoteId {
        self.post(&self.part(text), None, &[]).await.unwrap()
    }

    /// From now on calls of the platform go wrong so.
    pub async fn fault(&self, method: &str, times: u32, kind: &Value) {
        let rule =
            json!({ "platform": self.word, "target": "api", "method": method, "times": times });
        self.control.post("/faults", &both(rule, kind.clone())).await;
    }

    /// Everything that the past tells of the channel since a time, and how many pages it took.
    pub async fn past(&self, since: Timestamp) -> (Vec<Event>, usize) {
        self.past_of(self.connection.as_ref(), since).await
    }

    /// The same, as another connection reads it.
    pub async fn past_of(
        &self,
        connection: &dyn Connection,
        since: Timestamp,
    ) -> (Vec<Event>, usize) {
        let mut events = Vec::new();
        let mut page: Option<String> = None;
        for number in 1..1_000 {
            let request = crate::HistoryRequest {
                conversation: &self.channel,
                since,
                whole: true,
                page: page.as_deref(),
            };
            let found = connection.history(request).await.unwrap();
            events.extend(found.events);
            page = found.next;
            if page.is_none() {
                return (events, number);
            }
        }
        panic!("the past has no end");
    }
}

/// Messages among events.
pub(super) fn messages(events: Vec<Event>) -> Vec<MessageState> {
    let state = |event: Event| match event.kind {
        EventKind::Message(state) => Some(*state),
        _ => None,
    };
    events.into_iter().filter_map(state).collect()
}

/// The fields of both.
pub(super) fn both(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

fn app(platform: &dyn Platform, here: &str, addresses: Vec<(&'static str, String)>) -> AppConfig {
    let defaults = platform.manifest().fields.iter();
    let defaults = defaults.filter_map(|it| Some((it.name.to_owned(), it.default?.to_owned())));
    let mut settings: BTreeMap<String, String> = defaults.collect();
    settings.extend(addresses.into_iter().map(|(name, value)| (name.to_owned(), value)));
    AppConfig {
        id: AppId::new(Uuid::from_u128(1)),
        settings,
        secrets: platform.initial_secrets().into_iter().collect(),
        webhook_url: format!("{here}{}", ear::PATH).parse().unwrap(),
        redirect_url: "https://rialto.example/oauth/callback".parse().unwrap(),
    }
}

fn tell(platform: &dyn Platform, app: &mut AppConfig, values: Vec<(&'static str, String)>) {
    for (name, value) in values {
        let field = platform.manifest().fields.iter().find(|it| it.name == name);
        if field.unwrap_or_else(|| panic!("no field {name}")).secret {
            app.secrets.insert(name.to_owned(), value.into());
        } else {
            app.settings.insert(name.to_owned(), value);
        }
    }
}

async fn authorize(
    platform: &dyn Platform,
    app: &AppConfig,
    control: &Control,
    person: &str,
    approve: bool,
) -> Result<Authorized, SetupError> {
    let start = platform.authorization_start(app, "the-state").unwrap();
    let ask = json!({ "authorize_url": start.url, "workspace": "Acme", "as": person,
        "approve": approve });
    let path = format!("/{}/consent", platform.manifest().id.as_str());
    let back: Url =
        control.post(&path, &ask).await["redirect_to"].as_str().unwrap().parse().unwrap();
    let query: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
    assert_eq!(query["state"], "the-state");
    platform.authorize(app, AuthorizationAnswer { query, secret: start.secret }).await
}

fn connect(
    platform: &dyn Platform,
    app: &AppConfig,
    cabinet: &Arc<Drawer>,
    workspace: &RemoteId,
) -> Arc<dyn Connection> {
    let context = ConnectContext {
        connection: ConnectionId::new(Uuid::from_u128(2)),
        app: app.clone(),
        workspace: workspace.clone(),
        cabinet: cabinet.clone(),
    };
    platform.connect(context).unwrap()
}

async fn find(connection: &dyn Connection, name: &str) -> RemoteId {
    let mut page: Option<String> = None;
    loop {
        let found = connection.conversations(page.as_deref()).await.unwrap();
        if let Some(channel) = found.items.into_iter().find(|it| it.name == name) {
            return channel.id;
        }
        page = found.next;
        assert!(page.is_some(), "no channel {name}");
    }
}

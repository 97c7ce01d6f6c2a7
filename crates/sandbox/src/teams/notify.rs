//! Change notifications: whom a change concerns, what they are told, and how Graph insists.
//! What is to be said is decided under the lock, at the moment of the change; sealing and sending happen outside it.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::conversation::Place;
use super::encrypt::Certificate;
use super::json::{message_context, message_key, time};
use super::odata::entity;
use super::sign_in::{CHANGE_TRACKING_APP, sign};
use super::subscription::{Change, Subscription};
use super::world::World;
use super::{PLATFORM, Teams};
use crate::core::idle::Busy;
use crate::core::webhooks::{Attempt, Next, Outcome, Policy, Webhook};

/// Graph waits this long for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// An answer that took longer counts as slow.
const SLOW: Duration = Duration::from_millis(2900);
/// Slow answers are counted over this time, and an endpoint is delayed or dropped for as long.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Fewer answers than this say nothing about an endpoint.
const ENOUGH_ANSWERS: usize = 20;
/// Waits before the attempts after the first; together just under 4 hours.
const RETRIES: [u64; 11] = [10, 30, 60, 120, 300, 600, 1200, 1800, 2700, 3600, 3600];
/// At most this many notifications in one request.
const BATCH: usize = 50;

/// A change to a message.
#[derive(Clone, Copy)]
pub(crate) struct Happened<'a> {
    pub tenant: &'a str,
    pub place: &'a Place,
    pub message: u64,
    pub change: Change,
}

/// A notification on its way to one subscription.
pub(crate) struct Notification {
    subscription: String,
    tenant: String,
    app: String,
    event: String,
    url: String,
    /// Everything but the encrypted content.
    value: Value,
    /// The resource, to be sealed.
    rich: Option<(Arc<Certificate>, Arc<str>)>,
    _busy: Busy,
}

/// The queue of notifications, and what is known about the endpoints.
pub(crate) struct Notifier {
    queue: UnboundedSender<Notification>,
    endpoints: Mutex<HashMap<String, Endpoint>>,
    /// How many subscriptions were told that they missed something and have heard nothing since.
    gaps: AtomicUsize,
    /// `validationTokens` by tenant and app, with their end.
    tokens: Mutex<HashMap<(String, String), (String, Timestamp)>>,
}

/// How an endpoint (a host) has answered lately.
#[derive(Default)]
struct Endpoint {
    answers: VecDeque<(Timestamp, bool)>,
    slow: usize,
    dropped_until: Option<Timestamp>,
    delayed_until: Option<Timestamp>,
}

enum Treatment {
    Send,
    Delay,
    Drop,
}

impl Notifier {
    pub fn new() -> (Self, UnboundedReceiver<Notification>) {
        let (queue, receiver) = unbounded_channel();
        (
            Self {
                queue,
                endpoints: Mutex::default(),
                gaps: AtomicUsize::new(0),
                tokens: Mutex::default(),
            },
            receiver,
        )
    }

    pub fn forget(&self) {
        self.endpoints.lock().clear();
    }

    fn treatment(&self, host: &str, now: Timestamp) -> Treatment {
        let endpoints = self.endpoints.lock();
        let Some(endpoint) = endpoints.get(host) else { return Treatment::Send };
        if endpoint.dropped_until.is_some_and(|until| until > now) {
            Treatment::Drop
        } else if endpoint.delayed_until.is_some_and(|until| until > now) {
            Treatment::Delay
        } else {
            Treatment::Send
        }
    }

    /// Counts an answer; 10 % slow ones delay the endpoint, 15 % drop its notifications, for ten minutes.
    fn answered(&self, host: &str, slow: bool, now: Timestamp) {
        let mut endpoints = self.endpoints.lock();
        let endpoint = endpoints.entry(host.to_owned()).or_default();
        endpoint.answers.push_back((now, slow));
        endpoint.slow += usize::from(slow);
        while endpoint.answers.len() > 10_000
            || endpoint.answers.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW)
        {
            if let Some((_, true)) = endpoint.answers.pop_front() {
                endpoint.slow -= 1;
            }
        }
        let (all, slow) = (endpoint.answers.len(), endpoint.slow);
        if all >= ENOUGH_ANSWERS {
            let until = now.checked_add(WINDOW).ok();
            if slow * 100 >= all * 15 {
                endpoint.dropped_until = until;
            } else if slow * 100 >= all * 10 {
                endpoint.delayed_until = until;
            }
        }
    }
}

impl Teams {
    /// Tells everybody who listens about a change. Called under the lock, so that each is told what was then.
    pub(crate) fn happened(&self, world: &mut World, what: Happened<'_>) {
        let Some(tenant) = world.tenants.get(what.tenant) else { return };
        let no_people = super::world::Members::new();
        let people = tenant.members_of(what.place).unwrap_or(&no_people);
        let hearing = world.subscriptions.hearing(what.tenant, what.place, people.keys());
        if hearing.is_empty() {
            return;
        }
        let Some(message) =
            tenant.conversations.get(what.place.id()).and_then(|c| c.messages.get(&what.message))
        else {
            return;
        };
        let key = message_key(what.place, message);
        let now = self.core.clock.now();
        let mut resource: Option<Arc<str>> = None;
        let mut unheard = Vec::new();
        for id in hearing {
            let Some(subscription) = world.subscriptions.all.get(&id) else { continue };
            if !subscription.wants(what.change) || subscription.expires <= now {
                continue;
            }
            if subscription.lifecycle_url.is_some() && subscription.authorized_until <= now {
                unheard.push(id);
                continue;
            }
            let rich = subscription.certificate.as_ref().map(|certificate| {
                let resource = resource.get_or_insert_with(|| {
                    let mut value = super::json::message(tenant, what.place, message, true);
                    value["replies"] = json!([]);
                    value["hostedContents"] = json!([]);
                    entity(&message_context(what.place, message), value).to_string().into()
                });
                (certificate.clone(), resource.clone())
            });
            let value = json!({
                "subscriptionId": subscription.id,
                "changeType": what.change.name(),
                "clientState": subscription.client_state,
                "subscriptionExpirationDateTime": time(subscription.expires),
                "resource": key,
                "resourceData": {
                    "id": message.id.to_string(),
                    "@odata.type": "#Microsoft.Graph.chatMessage",
                    "@odata.id": key,
                },
                "tenantId": subscription.tenant,
            });
            // The receiver lives as long as the emulator; after its end nobody is told anything.
            let _ = self.notifier.queue.send(Notification {
                subscription: id,
                tenant: subscription.tenant.clone(),
                app: subscription.app.clone(),
                event: format!("chatMessage.{}", what.change.name()),
                url: subscription.url.clone(),
                value,
                rich,
                _busy: self.core.idle.busy(),
            });
        }
        for id in unheard {
            self.missed(world, &id);
        }
    }

    /// A lifecycle notification, if the subscription has an address for them.
    pub(crate) fn tell_lifecycle(&self, subscription: &Subscription, event: &str) {
        let Some(url) = &subscription.lifecycle_url else { return };
        let _ = self.notifier.queue.send(Notification {
            subscription: subscription.id.clone(),
            tenant: subscription.tenant.clone(),
            app: subscription.app.clone(),
            event: format!("lifecycle.{event}"),
            url: url.clone(),
            value: json!({
                "lifecycleEvent": event,
                "subscriptionId": subscription.id,
                "subscriptionExpirationDateTime": time(subscription.expires),
                "clientState": subscription.client_state,
                "tenantId": subscription.tenant,
                "organizationId": subscription.tenant,
                "resource": subscription.resource,
            }),
            rich: None,
            _busy: self.core.idle.busy(),
        });
    }

    /// Notes that this subscription lost notifications; told once per gap.
    pub(crate) fn missed(&self, world: &mut World, id: &str) {
        if let Some(subscription) = world.subscriptions.all.get_mut(id)
            && !subscription.missed
        {
            subscription.missed = true;
            self.notifier.gaps.fetch_add(1, Ordering::Relaxed);
            let told = subscription.clone();
            self.tell_lifecycle(&told, "missed");
        }
    }

    /// A gap ended: the next one is told anew.
    fn heard_again(&self, subscriptions: &[String]) {
        let mut world = self.world();
        for id in subscriptions {
            if let Some(subscription) = world.subscriptions.all.get_mut(id)
                && std::mem::take(&mut subscription.missed)
            {
                self.notifier.gaps.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn validation_token(&self, tenant: &str, app: &str, now: Timestamp) -> Option<String> {
        let mut tokens = self.notifier.tokens.lock();
        let key = (tenant.to_owned(), app.to_owned());
        if let Some((token, until)) = tokens.get(&key)
            && *until > now
        {
            return Some(token.clone());
        }
        let issued = now.as_second();
        let lifetime = SignedDuration::from_hours(8);
        let token = sign(&json!({
            "aud": app, "iss": format!("https://sts.windows.net/{tenant}/"),
            "iat": issued, "nbf": issued, "exp": issued + lifetime.as_secs(),
            "aio": "42FgYPgvP6/tdVPL1MpPvZ2vCH1xAA==", "appid": CHANGE_TRACKING_APP, "azp": CHANGE_TRACKING_APP,
            "appidacr": "2", "idp": format!("https://sts.windows.net/{tenant}/"), "tid": tenant,
            "uti": self.core.ids.alnum(22), "ver": "1.0",
        }))?;
        let renew = now.checked_add(lifetime / 2).unwrap_or(now);
        tokens.insert(key, (token.clone(), renew));
        Some(token)
    }
}

/// Takes notifications from the queue, puts those for the same address into one request, and hands them on.
pub(crate) async fn pump(teams: Arc<Teams>, mut queue: UnboundedReceiver<Notification>) {
    let stopping = teams.core.stopping.clone();
    loop {
        let first = tokio::select! {
            notification = queue.recv() => notification,
            () = stopping.cancelled() => return,
        };
        let Some(first) = first else { return };
        let mut batch = vec![first];
        while let Ok(next) = queue.try_recv() {
            let fits =
                batch.len() < BATCH && batch[0].url == next.url && batch[0].event == next.event;
            if fits {
                batch.push(next);
            } else {
                deliver(&teams, &std::mem::replace(&mut batch, vec![next]));
            }
        }
        deliver(&teams, &batch);
        // Sealing is work: let others have the thread between batches.
        tokio::task::yield_now().await;
    }
}

fn deliver(teams: &Arc<Teams>, batch: &[Notification]) {
    let now = teams.core.clock.now();
    let Some(first) = batch.first() else { return };
    let (url, event) = (first.url.clone(), first.event.clone());
    let host = host(&url);
    let mut wait = Duration::ZERO;
    match teams.notifier.treatment(&host, now) {
        Treatment::Send => {}
        Treatment::Delay => wait = WINDOW.unsigned_abs(),
        Treatment::Drop if event.starts_with("lifecycle.") => {}
        Treatment::Drop => {
            let mut world = teams.world();
            for notification in batch {
                teams.missed(&mut world, &notification.subscription);
            }
            return;
        }
    }
    let mut values = Vec::with_capacity(batch.len());
    let mut tokens: Vec<String> = Vec::new();
    for notification in batch {
        let mut value = notification.value.clone();
        if let Some((certificate, resource)) = &notification.rich {
            if let Some(sealed) = certificate.seal(resource.as_bytes()) {
                value["encryptedContent"] = sealed;
            }
            let token = teams.validation_token(&notification.tenant, &notification.app, now);
            tokens.extend(token.filter(|t| !tokens.contains(t)));
        }
        values.push(value);
    }
    let mut body = json!({"value": values});
    if !tokens.is_empty() {
        body["validationTokens"] = json!(tokens);
    }
    let mut lane = DefaultHasher::new();
    url.hash(&mut lane);
    let subscriptions: Vec<String> = batch.iter().map(|n| n.subscription.clone()).collect();
    let content = !event.starts_with("lifecycle.");
    let webhook = Webhook {
        platform: PLATFORM,
        about: subscriptions.join(" "),
        event,
        lane: lane.finish(),
        url,
        body: Bytes::from(body.to_string()),
        timeout: PATIENCE,
        policy: Arc::new(GraphPolicy { teams: teams.clone(), host, subscriptions, content }),
    };
    if wait.is_zero() {
        teams.core.webhooks.send(webhook);
    } else {
        let teams = teams.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = teams.core.clock.sleep(wait) => teams.core.webhooks.send(webhook),
                () = teams.core.stopping.cancelled() => {}
            }
        });
    }
}

fn host(url: &str) -> String {
    url::Url::parse(url)
        .ok()
        .and_then(|u| {
            u.host_str().map(|h| format!("{h}:{}", u.port_or_known_default().unwrap_or(0)))
        })
        .unwrap_or_default()
}

/// Graph's rules: 2xx within 3 s, else again for up to four hours; then the subscription has missed something.
struct GraphPolicy {
    teams: Arc<Teams>,
    host: String,
    subscriptions: Vec<String>,
    /// Not a lifecycle event.
    content: bool,
}

impl Policy for GraphPolicy {
    fn headers(&self, _: &Attempt<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers
    }

    fn after(&self, number: u32, outcome: &Outcome) -> Next {
        let slow = match outcome {
            Outcome::Answered { took, .. } => *took > SLOW,
            Outcome::TimedOut => true,
            Outcome::Failed(_) => false,
        };
        self.teams.notifier.answered(&self.host, slow, self.teams.core.clock.now());
        if outcome.is_success() {
            if self.content && self.teams.notifier.gaps.load(Ordering::Relaxed) > 0 {
                self.teams.heard_again(&self.subscriptions);
            }
            return Next::Stop;
        }
        let index = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        match RETRIES.get(index) {
            Some(seconds) => Next::RetryAfter(Duration::from_secs(*seconds)),
            None => {
                let mut world = self.teams.world();
                for id in &self.subscriptions {
                    self.teams.missed(&mut world, id);
                }
                Next::Stop
            }
        }
    }
}

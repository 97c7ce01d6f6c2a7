//! Subscriptions: what Graph is to tell us, kept alive.
//!
//! One per heard channel, or one for the whole tenant. What we know of each is kept in the cabinet
//! under the conversation's id, so that a restart neither forgets nor doubles one.

use futures_util::{StreamExt, future::BoxFuture, stream};
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use rialto_model::RemoteId;
use rialto_platform::{Cabinet, CabinetError, Credential, ReadError, Upkeep};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    api::parsed,
    certificate::{self, Certificate},
    connection::TeamsConnection,
    fault::Fault,
    place::Place,
    said::Said,
    settings::Listening,
    tokens::Identity,
    wire::Subscription,
};

/// Cabinet keys begin so; the conversation's id follows, nothing for the tenant's.
const PREFIX: &str = "subscription/";

/// Graph takes at most 4 320 minutes for messages; a little less forgives clocks that differ.
const LIFE: SignedDuration = SignedDuration::from_mins(4_300);

/// When a renewal failed, it is tried again after this.
const RETRY: SignedDuration = SignedDuration::from_mins(2);

/// Calls about subscriptions at once.
const AT_ONCE: usize = 4;

/// A subscription as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: String,
    expires_at: Timestamp,
    renew_at: Timestamp,
    /// The certificate that it seals for.
    certificate: String,
    /// Where it tells us: another address makes another subscription.
    url: String,
    /// Graph wants it authorized again.
    #[serde(default)]
    reauthorize: bool,
    /// Graph removed it.
    #[serde(default)]
    removed: bool,
}

/// What became of one conversation's subscription.
#[derive(Default)]
struct Outcome {
    again_by: Option<Timestamp>,
    gap: Option<String>,
    problem: Option<String>,
}

async fn entries(cabinet: &dyn Cabinet) -> Result<Vec<(String, Kept)>, CabinetError> {
    let kept = cabinet.list(PREFIX).await?;
    Ok(kept
        .into_iter()
        .filter_map(|(key, kept)| {
            let conversation = key.strip_prefix(PREFIX)?.to_owned();
            Some((conversation, serde_json::from_str(kept.expose_secret()).ok()?))
        })
        .collect())
}

async fn keep(cabinet: &dyn Cabinet, conversation: &str, kept: &Kept) -> Result<(), CabinetError> {
    let text = serde_json::to_string(kept).unwrap_or_default();
    cabinet.put(&format!("{PREFIX}{conversation}"), SecretString::from(text)).await
}

/// The conversation that a subscription hears; empty for the tenant's, `None` when unknown.
pub(crate) async fn conversation_of(
    cabinet: &dyn Cabinet,
    subscription: &str,
) -> Result<Option<String>, CabinetError> {
    let found = entries(cabinet).await?.into_iter().find(|(_, kept)| kept.id == subscription);
    Ok(found.map(|(conversation, _)| conversation))
}

/// Remembers what Graph said of a subscription until upkeep acts upon it. Gives its conversation.
pub(crate) async fn mark(
    cabinet: &dyn Cabinet,
    subscription: &str,
    event: &str,
) -> Result<Option<String>, CabinetError> {
    for (conversation, mut kept) in entries(cabinet).await? {
        if kept.id == subscription {
            kept.removed |= event == "subscriptionRemoved";
            kept.reauthorize |= event == "reauthorizationRequired";
            keep(cabinet, &conversation, &kept).await?;
            return Ok(Some(conversation));
        }
    }
    Ok(None)
}

/// The subscriptions there are: conversation and expiry.
pub(crate) async fn states(
    cabinet: &dyn Cabinet,
) -> Result<Vec<(String, Timestamp)>, CabinetError> {
    let live = entries(cabinet).await?.into_iter().filter(|(_, kept)| !kept.removed);
    Ok(live.map(|(conversation, kept)| (conversation, kept.expires_at)).collect())
}

/// Who a conversation's subscription belongs to, whichever way of listening is chosen now: to
/// another it does not exist.
fn listener(conversation: &str) -> Identity {
    if conversation.is_empty() { Identity::App } else { Identity::Service }
}

impl TeamsConnection {
    pub(crate) async fn keep_subscriptions(&self, heard: &[RemoteId]) -> Result<Upkeep, ReadError> {
        // One at a time: two would make each subscription twice.
        let _one = self.upkeep.lock().await;
        // Renews the tokens in good time, and notices when they are revoked.
        let service = self.graph.tokens.service(None).await.map_err(|fault| fault.to_read())?;

        let known = entries(&*self.cabinet).await?;
        if known.iter().any(|(_, kept)| kept.reauthorize) {
            self.renew_token().await.map_err(|fault| fault.to_read())?;
        }
        let in_use: Vec<String> = known.iter().map(|(_, kept)| kept.certificate.clone()).collect();
        let certificate = certificate::current(&*self.cabinet, &in_use, self.now())
            .await
            .map_err(|reason| ReadError::Transient { reason, after: None })?;

        let wanted: Vec<String> = match self.graph.settings.listening {
            Listening::Tenant if heard.is_empty() => Vec::new(),
            Listening::Tenant => vec![String::new()],
            Listening::Channels => heard.iter().map(|id| id.as_str().to_owned()).collect(),
        };
        let mut work: Vec<BoxFuture<'_, Outcome>> = Vec::new();
        for conversation in &wanted {
            let kept = known.iter().find(|(known, _)| known == conversation);
            let kept = kept.map(|(_, kept)| kept.clone());
            work.push(Box::pin(self.look_after(conversation, kept, &certificate)));
        }
        for (conversation, kept) in &known {
            if !wanted.contains(conversation) {
                work.push(Box::pin(self.end(conversation, kept)));
            }
        }
        let outcomes: Vec<Outcome> = stream::iter(work).buffer_unordered(AT_ONCE).collect().await;

        let mut upkeep = Upkeep::default();
        for outcome in outcomes {
            upkeep.again_by = match (upkeep.again_by, outcome.again_by) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            upkeep.gaps.extend(outcome.gap.map(RemoteId::from));
            upkeep.problems.extend(outcome.problem);
        }
        upkeep.gaps.sort();
        upkeep.problems.sort();
        upkeep.credentials.extend(service.credentials());
        let expiries = states(&*self.cabinet).await?.into_iter().map(|(_, expires_at)| expires_at);
        upkeep.credentials.extend(expiries.min().map(|first| Credential {
            name: "subscriptions",
            expires_at: Some(first),
            overdue: LIFE / 4,
        }));
        upkeep.seen = self.seen(heard).await?;
        let archived = upkeep.seen.iter().filter(|channel| channel.archived);
        upkeep.problems.extend(archived.map(|channel| {
            let name = channel.full_name();
            format!("{name} is archived, nobody can write there: restore it, or end its sync")
        }));
        Ok(upkeep)
    }

    /// Graph wants to be authorized again because the token that it was shown ends: it is to see
    /// another one.
    async fn renew_token(&self) -> Result<(), Fault> {
        let who = match self.graph.settings.listening {
            Listening::Channels => Identity::Service,
            Listening::Tenant => Identity::App,
        };
        let shown = self.graph.tokens.token(who, None).await?;
        self.graph.tokens.token(who, Some(shown.expose_secret())).await.map(drop)
    }

    async fn look_after(
        &self,
        conversation: &str,
        kept: Option<Kept>,
        certificate: &Certificate,
    ) -> Outcome {
        let now = self.now();
        let done = match kept {
            Some(kept) if kept.url != self.graph.settings.webhook.as_str() => {
                // Whether the old one still exists does not matter: it tells nobody.
                let _ = self.unsubscribe(listener(conversation), &kept.id).await;
                self.subscribe_as_member(conversation, certificate).await.map(|kept| (kept, true))
            }
            Some(kept) if kept.removed || kept.expires_at <= now => {
                self.subscribe_as_member(conversation, certificate).await.map(|kept| (kept, true))
            }
            Some(kept)
                if kept.reauthorize
                    || kept.renew_at <= now
                    || kept.certificate != certificate.id =>
            {
                match self.renew(conversation, &kept, certificate).await {
                    Err(fault) if fault.is_gone() => self
                        .subscribe_as_member(conversation, certificate)
                        .await
                        .map(|kept| (kept, true)),
                    other => other.map(|kept| (kept, false)),
                }
            }
            Some(kept) => Ok((kept, false)),
            None => {
                self.subscribe_as_member(conversation, certificate).await.map(|kept| (kept, false))
            }
        };
        match done {
            Ok((kept, recreated)) => Outcome {
                again_by: Some(kept.renew_at),
                gap: recreated.then(|| conversation.to_owned()),
                problem: None,
            },
            Err(fault) => Outcome {
                again_by: fault.until().or_else(|| now.checked_add(RETRY).ok()),
                gap: None,
                problem: Some(problem(conversation, &fault)),
            },
        }
    }

    /// Subscribes; as a member of the team, when somebody took the service user out of it.
    async fn subscribe_as_member(
        &self,
        conversation: &str,
        certificate: &Certificate,
    ) -> Result<Kept, Fault> {
        match self.subscribe(conversation, certificate).await {
            Err(Fault::Refused { status: StatusCode::FORBIDDEN, .. })
                if !conversation.is_empty()
                    && self.make_member(&conversation.into()).await.is_ok() =>
            {
                self.subscribe(conversation, certificate).await
            }
            other => other,
        }
    }

    async fn subscribe(
        &self,
        conversation: &str,
        certificate: &Certificate,
    ) -> Result<Kept, Fault> {
        let settings = &self.graph.settings;
        let resource = match conversation {
            "" => "/teams/getAllMessages".to_owned(),
            conversation => Place::parse(&conversation.into())
                .ok_or_else(|| Fault::Refused {
                    status: StatusCode::NOT_FOUND,
                    said: Said::Nothing,
                    reason: format!("`{conversation}` is no channel of Teams"),
                })?
                .messages_resource(),
        };
        let client_state = settings.client_state.as_ref().ok_or_else(|| Fault::Refused {
            status: StatusCode::BAD_REQUEST,
            said: Said::Nothing,
            reason: "the app has no client state; set the app up again".into(),
        })?;
        let now = self.now();
        let body = json!({
            "changeType": "created,updated,deleted",
            "notificationUrl": settings.webhook.as_str(),
            "lifecycleNotificationUrl": settings.lifecycle_url(),
            "resource": resource,
            "includeResourceData": true,
            "encryptionCertificate": certificate.certificate,
            "encryptionCertificateId": certificate.id,
            "expirationDateTime": in_a_life(now).to_string(),
            "clientState": client_state.expose_secret(),
        });
        let url = self.graph.url(&["subscriptions"]);
        let who = listener(conversation);
        let made = match self.graph.make::<Subscription>(who, url.clone(), &body).await {
            // One that we made and forgot (its answer was lost) takes the place of the new one.
            Err(Fault::Refused {
                status: StatusCode::CONFLICT | StatusCode::FORBIDDEN,
                said,
                reason,
            }) if self.remove_strays(who, &resource).await? == 0 => {
                Err(Fault::Refused { status: StatusCode::FORBIDDEN, said, reason })
            }
            Err(Fault::Refused {
                status: StatusCode::CONFLICT | StatusCode::FORBIDDEN, ..
            }) => self.graph.make(who, url, &body).await,
            other => other,
        };
        let kept = self.remembered(&made?, certificate, now);
        keep(&*self.cabinet, conversation, &kept).await?;
        Ok(kept)
    }

    /// Removes subscriptions of ours to a resource that the cabinet does not know.
    async fn remove_strays(&self, who: Identity, resource: &str) -> Result<usize, Fault> {
        let known = entries(&*self.cabinet).await?;
        let url = self.graph.url(&["subscriptions"]);
        let all: Vec<Subscription> = self.graph.all(who, url).await?;
        let mut removed = 0;
        for stray in all.iter().filter(|found| {
            found.notification_url == self.graph.settings.webhook.as_str()
                && found.resource.trim_matches('/') == resource.trim_matches('/')
                && known.iter().all(|(_, kept)| kept.removed || kept.id != found.id)
        }) {
            self.unsubscribe(who, &stray.id).await?;
            removed += 1;
        }
        Ok(removed)
    }

    async fn renew(
        &self,
        conversation: &str,
        kept: &Kept,
        certificate: &Certificate,
    ) -> Result<Kept, Fault> {
        let who = listener(conversation);
        if kept.reauthorize {
            let url = self.graph.url(&["subscriptions", &kept.id, "reauthorize"]);
            self.graph.send(who, Method::POST, url, None).await?;
        }
        let now = self.now();
        let mut body = json!({ "expirationDateTime": in_a_life(now).to_string() });
        if kept.certificate != certificate.id {
            body["encryptionCertificate"] = certificate.certificate.clone().into();
            body["encryptionCertificateId"] = certificate.id.clone().into();
        }
        let url = self.graph.url(&["subscriptions", &kept.id]);
        let answer = self.graph.call(who, Method::PATCH, url, Some(&body)).await?;
        let renewed = parsed::<Subscription>(&answer).unwrap_or_default();
        let renewed = Subscription { id: kept.id.clone(), ..renewed };
        let kept = self.remembered(&renewed, certificate, now);
        keep(&*self.cabinet, conversation, &kept).await?;
        Ok(kept)
    }

    fn remembered(&self, made: &Subscription, certificate: &Certificate, now: Timestamp) -> Kept {
        let expires_at = made.expiration_date_time.unwrap_or_else(|| in_a_life(now));
        let half = expires_at.duration_since(now) / 2;
        Kept {
            id: made.id.clone(),
            expires_at,
            renew_at: now.checked_add(half).unwrap_or(now),
            certificate: certificate.id.clone(),
            url: self.graph.settings.webhook.as_str().to_owned(),
            reauthorize: false,
            removed: false,
        }
    }

    async fn unsubscribe(&self, who: Identity, id: &str) -> Result<(), Fault> {
        let url = self.graph.url(&["subscriptions", id]);
        match self.graph.send(who, Method::DELETE, url, None).await {
            Err(fault) if !fault.is_gone() => Err(fault),
            _ => Ok(()),
        }
    }

    async fn end(&self, conversation: &str, kept: &Kept) -> Outcome {
        // One that expired needs no farewell.
        if kept.expires_at > self.now()
            && !kept.removed
            && let Err(fault) = self.unsubscribe(listener(conversation), &kept.id).await
        {
            return Outcome {
                again_by: fault.until().or_else(|| self.now().checked_add(RETRY).ok()),
                gap: None,
                problem: Some(format!("a subscription that is not needed stays: {fault}")),
            };
        }
        let forgotten = self.cabinet.remove(&format!("{PREFIX}{conversation}")).await;
        Outcome { problem: forgotten.err().map(|error| error.to_string()), ..Outcome::default() }
    }
}

fn in_a_life(now: Timestamp) -> Timestamp {
    now.checked_add(LIFE).unwrap_or(now)
}

fn problem(conversation: &str, fault: &Fault) -> String {
    let what = match conversation {
        "" => "all channels of the tenant".to_owned(),
        conversation => format!("the channel {conversation}"),
    };
    let mend = match fault {
        Fault::Refused { status: StatusCode::FORBIDDEN, .. } => {
            "; is the service user a member, and is ChannelMessage.Read.All granted?"
        }
        Fault::Refused { status: StatusCode::BAD_REQUEST, .. } => {
            "; can Microsoft reach the webhook address over HTTPS?"
        }
        fault if fault.is_gone() => "; was it deleted?",
        Fault::Revoked(_) => "; connect the tenant again",
        _ => "",
    };
    format!("{what} cannot be heard: {fault}{mend}")
}

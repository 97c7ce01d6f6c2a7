//! The notifications that Graph sends: sealed for the certificate that Rialto gave, each by itself.

use std::sync::OnceLock;

use rialto_sandbox::teams::{CHANGE_TRACKING_APP, Certificate, sign};
use serde_json::json;

use super::{CHANNELS_A_TEAM, CLIENT, GraphApi, TENANT, channel_id, message, team_id};
use crate::{
    clock,
    event::{Events, Moments, request},
    pretended::past::Said,
};

/// Whom Graph tells.
pub(super) struct Subscription {
    client_state: String,
    certificate: Certificate,
    expires: String,
}

impl Subscription {
    /// As asked for in these fields; `None` when the certificate is none.
    pub(super) fn asked<'a>(text: &impl Fn(&str) -> &'a str) -> Option<Self> {
        let id = text("encryptionCertificateId");
        let certificate = Certificate::read(text("encryptionCertificate"), id).ok()?;
        Some(Self {
            client_state: text("clientState").into(),
            certificate,
            expires: text("expirationDateTime").into(),
        })
    }
}

/// Graph's notifications about new messages.
pub(super) struct GraphEvents {
    graph: GraphApi,
    path: String,
    moments: Moments,
    validation: OnceLock<String>,
}

impl GraphEvents {
    /// Notifications to a path, for whom Graph is to tell.
    pub(super) fn new(graph: &GraphApi, path: &str) -> Self {
        Self {
            graph: graph.clone(),
            path: path.into(),
            moments: Moments::default(),
            validation: OnceLock::new(),
        }
    }

    /// Graph shows one for hours.
    fn validation(&self) -> &str {
        self.validation.get_or_init(|| {
            let now = clock::unix_micros() / 1_000_000;
            let claims = json!({
                "aud": CLIENT, "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
                "iat": now, "nbf": now, "exp": now + 28_800,
                "appid": CHANGE_TRACKING_APP, "azp": CHANGE_TRACKING_APP, "ver": "1.0",
            });
            sign(&claims).unwrap_or_default()
        })
    }
}

impl Events for GraphEvents {
    fn is_heard(&self) -> bool {
        self.graph.inner.subscription.read().is_some()
    }

    fn message(&self, number: u64, channel: usize) -> Vec<u8> {
        // Channels' messages are named by milliseconds.
        let id = self.moments.next(1_000);
        let said = Said { number, moment: id };
        self.graph.inner.desk.past.remember(channel, said);
        let (team, place) = (team_id(channel / CHANNELS_A_TEAM), channel_id(channel));
        let message = message(said, channel);
        let subscription = self.graph.inner.subscription.read().clone();
        let sealed = subscription.as_ref().map(|it| {
            let content = it.certificate.seal(message.to_string().as_bytes());
            (content, it.client_state.as_str(), it.expires.as_str())
        });
        let (content, client_state, expires) = sealed.unwrap_or_default();
        let resource = format!("teams('{team}')/channels('{place}')/messages('{id}')");
        let body = json!({
            "value": [{
                "subscriptionId": "bench", "changeType": "created", "clientState": client_state,
                "subscriptionExpirationDateTime": expires, "resource": resource,
                "resourceData": {
                    "id": id.to_string(), "@odata.type": "#Microsoft.Graph.chatMessage",
                    "@odata.id": resource,
                },
                "tenantId": TENANT, "encryptedContent": content,
            }],
            "validationTokens": [self.validation()],
        })
        .to_string();
        request(&self.path, &[], &body)
    }
}

//! Slack's webhooks, signed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aws_lc_rs::hmac;

use crate::{clock, ledger};

/// The signing secret of the bench's application.
pub const SIGNING_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The workspace that people write in, and the one that it is relayed to.
pub const TEAMS: [&str; 2] = ["TBENCH1", "TBENCH2"];
/// So many people write.
const PEOPLE: u64 = 200;

/// Makes webhooks for one address.
pub trait Events: Send + Sync {
    /// A whole request: somebody wrote message `number` in a channel.
    fn message(&self, number: u64, channel: usize) -> Vec<u8>;
}

/// Slack's.
pub struct SlackEvents {
    key: hmac::Key,
    path: String,
    moments: Moments,
}

/// Moments of which no two are the same.
#[derive(Default)]
pub struct Moments(AtomicU64);

impl Moments {
    /// Now, in units of which a second has `per_second`; later, if that moment was given already.
    pub fn next(&self, per_second: u64) -> u64 {
        let now = clock::unix_micros() / (1_000_000 / per_second);
        let mut newest = self.0.load(Relaxed);
        loop {
            let moment = now.max(newest + 1);
            match self.0.compare_exchange(newest, moment, Relaxed, Relaxed) {
                Ok(_) => return moment,
                Err(other) => newest = other,
            }
        }
    }
}

/// The channel of a number in a workspace (0: people write there, 1: it is relayed to).
pub fn channel(side: usize, number: usize) -> String {
    format!("C{}{number:06}", if side == 0 { 'A' } else { 'B' })
}

impl SlackEvents {
    /// Webhooks to a path.
    pub fn new(path: &str) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, SIGNING_SECRET.as_bytes()),
            path: path.into(),
            moments: Moments::default(),
        }
    }
}

impl Events for SlackEvents {
    fn message(&self, number: u64, channel: usize) -> Vec<u8> {
        // No two messages of a workspace may have one time.
        let micros = self.moments.next(1_000_000);
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let (text, person, team) = (ledger::text(number), number % PEOPLE, TEAMS[0]);
        let channel = self::channel(0, channel);
        let body = format!(
            r#"{{"token":"unused","team_id":"{team}","context_team_id":"{team}","api_app_id":"ABENCH","event":{{"user":"U{person:06}","type":"message","ts":"{seconds}.{rest:06}","client_msg_id":"00000000-0000-4000-8000-{number:012}","text":"{text}","team":"{team}","blocks":[{{"type":"rich_text","block_id":"b{number:04}","elements":[{{"type":"rich_text_section","elements":[{{"type":"text","text":"{text}"}}]}}]}}],"channel":"{channel}","event_ts":"{seconds}.{rest:06}","channel_type":"channel"}},"type":"event_callback","event_id":"Ev{number:09}","event_time":{seconds},"authorizations":[{{"enterprise_id":null,"team_id":"{team}","user_id":"UOWN{team}","is_bot":true,"is_enterprise_install":false}}],"is_ext_shared_channel":false,"event_context":"4-bench"}}"#
        );
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("v0:{seconds}:").as_bytes());
        context.update(body.as_bytes());
        let signature = hex::encode(context.sign());
        format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-slack-request-timestamp: {seconds}\r\nx-slack-signature: v0={signature}\r\n\r\n{body}",
            self.path,
            body.len()
        )
        .into_bytes()
    }
}

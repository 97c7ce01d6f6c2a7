//! Rate limits of an account: by the label of each operation, a second (or a minute) and a day, shared by all apps.
//!
//! The numbers, the headers and the words are those of the vendor's page *Rate limits*. Of a limit a second it says
//! nothing about when to come back; of a daily one `Retry-After` is a time, not a number of seconds.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::error::Fail;
use super::json::time;
use super::stage::Stage;
use super::world::Plan;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The "Rate Limit Label" of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Light,
    Medium,
    /// Counted by the minute.
    ResourceIntensive,
    /// Uploads have a limit of their own: 20 a second and operation.
    Upload,
}

impl Label {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Medium => "Medium",
            Self::ResourceIntensive => "Resource-intensive",
            Self::Upload => "Upload",
        }
    }

    fn burst(self, plan: Plan) -> (usize, Duration) {
        match (self, plan) {
            (Self::Light, Plan::Free) => (4, SECOND),
            (Self::Light, Plan::Pro) => (30, SECOND),
            (Self::Light, Plan::Business) => (80, SECOND),
            (Self::Medium, Plan::Free) => (2, SECOND),
            (Self::Medium, Plan::Pro) | (Self::Upload, _) => (20, SECOND),
            (Self::Medium, Plan::Business) => (60, SECOND),
            (Self::ResourceIntensive, Plan::Free | Plan::Pro) => (10, MINUTE),
            (Self::ResourceIntensive, Plan::Business) => (20, MINUTE),
        }
    }

    /// How many a day, where there is such a limit. Heavy operations, of which Team Chat has none, share theirs with
    /// resource-intensive ones.
    fn daily(self, plan: Plan) -> Option<u64> {
        match (self, plan) {
            (Self::Light, Plan::Free) => Some(6_000),
            (Self::Medium, Plan::Free) => Some(2_000),
            (Self::ResourceIntensive, Plan::Free | Plan::Pro) => Some(30_000),
            (Self::ResourceIntensive, Plan::Business) => Some(60_000),
            _ => None,
        }
    }
}

/// The headers that every answer has.
pub(crate) type Headers = Vec<(&'static str, String)>;

impl Stage<'_> {
    /// Counts a call; answers with the headers to send.
    ///
    /// # Errors
    /// 429 when it is one too many.
    pub(crate) fn count_call(
        &mut self,
        account: &str,
        label: Label,
        operation: &str,
    ) -> Result<Headers, Fail> {
        let mut headers: Headers = vec![("x-ratelimit-category", label.name().to_owned())];
        if self.core.limits.is_off("zoom") {
            return Ok(headers);
        }
        let plan = self.account(account)?.plan;
        let (count, per) = label.burst(plan);
        let key = (account, label.name(), if label == Label::Upload { operation } else { "" });
        if self.core.limits.window("zoom", key, count, per).is_err() {
            headers.push(("x-ratelimit-type", "QPS".to_owned()));
            headers.push(("x-ratelimit-limit", count.to_string()));
            headers.push(("x-ratelimit-remaining", "0".to_owned()));
            let what =
                "You have reached the maximum per-second rate limit for this API. Try again later.";
            return Err(Fail { headers, ..Fail::new(429, 429, what) });
        }
        if let Some(limit) = label.daily(plan) {
            let zoned = self.now().to_zoned(TimeZone::UTC);
            let key = (account.to_owned(), label.name());
            let entry = self.state.daily.entry(key).or_insert((zoned.date(), 0));
            if entry.0 != zoned.date() {
                *entry = (zoned.date(), 0);
            }
            let over = entry.1 >= limit;
            entry.1 += u64::from(!over);
            headers.push(("x-ratelimit-limit", limit.to_string()));
            headers.push(("x-ratelimit-remaining", (limit - entry.1).to_string()));
            if over {
                headers.push(("x-ratelimit-type", "Daily-limit".to_owned()));
                let midnight = zoned.tomorrow().and_then(|day| day.start_of_day());
                if let Ok(midnight) = midnight {
                    headers.push(("retry-after", time(midnight.timestamp())));
                }
                let what = "You have reached the maximum daily rate limit for this API. Refer to the response \
                            header for details on when you can make another request.";
                return Err(Fail { headers, ..Fail::new(429, 429, what) });
            }
        }
        Ok(headers)
    }

    /// Counts a message that an app posts to a channel.
    ///
    /// # Errors
    /// 429 while the channel is blocked. The reference names the windows, but neither the status nor a header that
    /// would say when the block ends.
    pub(crate) fn count_post(
        &mut self,
        account: &str,
        channel: &str,
        operation: &str,
    ) -> Result<(), Fail> {
        if self.core.limits.is_off("zoom") {
            return Ok(());
        }
        let now = self.now();
        let strikes = self.core.faults.strikes_special("zoom", "block_channel", operation);
        let pace = &mut self.channel_mut(account, channel)?.conversation.pace;
        if strikes {
            pace.block(now, super::pace::LONGEST);
        }
        pace.post(now).map_err(|_| {
            let what = "The message rate limit of this channel is exceeded. Message sending is temporarily blocked.";
            Fail::new(429, 429, what)
        })
    }
}

//! Graph's published throttling limits for Teams, per app and tenant, on the emulated clock.
//! Numbers: Microsoft Graph service-specific throttling limits, as PLATFORMS lists them.

use std::time::Duration;

use super::Teams;
use super::error::GraphError;
use super::sign_in::Token;

const SECOND: Duration = Duration::from_secs(1);

/// Which bucket an operation falls into: name, per second in one tenant, per second over all tenants.
fn bucket(method: &str, path: &[&str]) -> (&'static str, usize, usize) {
    let messages = path.contains(&"messages") || path.contains(&"getAllMessages");
    match (path.first().copied(), messages, method) {
        (Some("teams"), true, "GET") => ("GET channel message", 20, 200),
        (Some("teams"), true, _) => ("POST channel message", 50, 500),
        (Some("chats" | "users" | "me"), true, _) => ("chat message", 20, 200),
        (Some("teams" | "chats"), false, _)
            if path.contains(&"members") || path.contains(&"channels") =>
        {
            ("members and channels", 60, 1200)
        }
        _ => ("other", 30, 30),
    }
}

impl Teams {
    /// Takes one use of every limit that applies, or refuses with 429 and `Retry-After`.
    pub(crate) fn throttle(
        &self,
        token: &Token,
        method: &str,
        path: &[&str],
    ) -> Result<(), GraphError> {
        let limits = &self.core.limits;
        if limits.is_off(super::PLATFORM) {
            return Ok(());
        }
        let take = |key: (&str, &str, &str), count: usize, per: Duration| {
            limits
                .window(super::PLATFORM, (&token.app, key), count, per)
                .map_err(|wait| GraphError::throttled((wait.as_secs_f64().ceil() as u64).max(1)))
        };
        let (name, one, all) = bucket(method, path);
        take((name, &token.tenant, ""), one, SECOND)?;
        take((name, "", ""), all, SECOND)?;
        match path {
            ["teams", team, "channels", channel, rest @ ..] => {
                take(("team", &token.tenant, team), 4, SECOND)?;
                if method == "POST" && matches!(rest, ["messages"] | ["messages", _, "replies"]) {
                    take(("post", &token.tenant, channel), 1, SECOND)?;
                    take(("day", &token.tenant, channel), 3000, Duration::from_secs(86_400))?;
                }
            }
            ["teams", team, "members"] if method == "POST" => {
                take(("add member", &token.tenant, team), 4, Duration::from_secs(60))?;
            }
            ["teams", team, ..] => take(("team", &token.tenant, team), 4, SECOND)?,
            ["chats", chat, "messages"] if method == "POST" => {
                take(("post", &token.tenant, chat), 1, SECOND)?;
                take(("day", &token.tenant, chat), 3000, Duration::from_secs(86_400))?;
            }
            ["chats", chat, "members"] if method == "POST" => {
                take(("add member", &token.tenant, chat), 4, Duration::from_secs(60))?;
            }
            _ => {}
        }
        Ok(())
    }
}

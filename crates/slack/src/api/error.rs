//! What Slack's refusals mean, in one table.

use http::StatusCode;
use jiff::Timestamp;
use rialto_platform::{ApiFailure, CabinetError, HoldScope, SendError, SetupError};

/// Why a call did not succeed.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// Asked to wait.
    Limited {
        /// Not before this time.
        until: Timestamp,
    },
    /// Refused with a code.
    Refused {
        /// Slack's word for it; nothing else that came along, since it may quote the message.
        code: String,
        /// The missing scope.
        needed: Option<String>,
    },
    /// A status without an answer.
    Status(StatusCode),
    /// No answer that could be read, though the call arrived.
    Unclear(String),
    /// The call broke off; says whether it may have arrived.
    Failed(SendError),
    /// The call cannot be made at all.
    Unsendable(String),
    /// What is kept about the connection is unavailable.
    Cabinet(CabinetError),
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The authorization is gone.
    Revoked,
    /// Not done; later perhaps.
    Later,
    /// Slack failed, perhaps after it was done.
    Unclear,
    /// Never.
    Never,
}

/// The codes that mean more than *never*, and words for those that admins meet. Sources: the error
/// tables of the methods in Slack's Web API reference.
fn meaning(code: &str) -> (Meaning, &str) {
    use Meaning::{Later, Never, Revoked, Unclear};
    match code {
        "invalid_auth" | "not_authed" => (Revoked, "Slack does not know the token"),
        "account_inactive" => (Revoked, "the app was uninstalled, or its user deactivated"),
        "token_revoked" => (Revoked, "the token was revoked"),
        "token_expired" => (Revoked, "the token expired and could not be renewed"),
        "invalid_refresh_token" => (Revoked, "the refresh token is not valid any more"),
        "app_uninstalled" => (Revoked, "the app was uninstalled"),
        // To a renewal: an admin must mend it. To who sets up, it names the setting.
        "bad_client_secret" | "invalid_client_id" => {
            (Revoked, "the client id or the client secret is wrong")
        }
        "service_unavailable" | "team_added_to_org" | "request_timeout" | "org_login_required" => {
            (Later, "Slack is not available at the moment")
        }
        // Documented with: some aspect of the operation may have succeeded.
        "internal_error" | "fatal_error" => (Unclear, "Slack failed"),
        "not_in_channel" => (Never, "Rialto is not in the channel: invite it there"),
        "channel_not_found" => {
            (Never, "the channel does not exist, or is private and Rialto is not in it")
        }
        "is_archived" => (Never, "the channel is archived"),
        "msg_too_long" | "msg_blocks_too_long" => (Never, "the message is too long"),
        "message_not_found" => (Never, "the message does not exist any more"),
        "thread_not_found" => (Never, "the thread does not exist any more"),
        "cant_update_message" | "cant_delete_message" => {
            (Never, "the message was not posted by this app")
        }
        "edit_window_closed" => (Never, "the workspace does not let messages be edited so late"),
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked" => {
            (Never, "the workspace's or channel's settings do not let Rialto write there")
        }
        "invalid_name" => (Never, "the workspace has no such emoji"),
        "too_many_reactions" | "too_many_emoji" => (Never, "the message has too many reactions"),
        "no_permission" | "access_denied" | "team_access_not_granted" | "ekm_access_denied" => {
            (Never, "the workspace does not permit it to the app")
        }
        "name_taken" => (Never, "a channel of that name exists already"),
        "invalid_name_specials"
        | "invalid_name_maxlength"
        | "invalid_name_punctuation"
        | "invalid_name_required" => (Never, "Slack does not take that channel name"),
        "storage_limit_reached" => (Never, "the workspace's file storage is full"),
        "file_not_found" | "file_deleted" => (Never, "the file was deleted"),
        "invalid_code" | "code_already_used" => (Never, "the authorization was used or is too old"),
        "bad_redirect_uri" => (Never, "the app does not list Rialto's redirect address"),
        "" => (Never, "no reason was given"),
        _ => (Never, ""),
    }
}

impl ApiError {
    /// Whether Slack refused with this code.
    pub fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }

    /// Whether it will be refused again.
    pub fn is_final(&self) -> bool {
        self.meaning() == Meaning::Never
    }

    /// The refusal, for people; no content in it.
    fn words(&self) -> String {
        match self {
            Self::Limited { until } => format!("Slack asked to wait until {until}"),
            Self::Refused { code, needed } if code == "missing_scope" => format!(
                "the app lacks the scope `{}`: add it to the app and authorize again",
                needed.as_deref().unwrap_or("that Slack does not name"),
            ),
            Self::Refused { code, .. } => match meaning(code).1 {
                "" => format!("Slack refused: {code}"),
                words => format!("{words} ({code})"),
            },
            Self::Status(status) => format!("Slack answered with {status}"),
            Self::Unclear(reason) | Self::Unsendable(reason) => reason.clone(),
            Self::Failed(error) => error.to_string(),
            Self::Cabinet(error) => error.to_string(),
        }
    }

    fn meaning(&self) -> Meaning {
        match self {
            Self::Limited { .. } | Self::Cabinet(_) => Meaning::Later,
            Self::Refused { code, .. } => meaning(code).0,
            // Refused before Slack did anything, by Slack or something in front of it.
            Self::Status(status) if status.is_client_error() => Meaning::Never,
            Self::Status(_) | Self::Unclear(_) => Meaning::Unclear,
            Self::Failed(SendError::Transient(_)) => Meaning::Later,
            Self::Failed(_) => Meaning::Unclear,
            Self::Unsendable(_) => Meaning::Never,
        }
    }
}

impl From<ApiError> for SendError {
    /// Limits are per method and workspace, for posts per channel; Slack does not say which was
    /// met. Only the lane that met it waits: another that meets it is told so itself.
    fn from(error: ApiError) -> Self {
        if let ApiError::Limited { until } = error {
            return Self::RateLimited { until, scope: HoldScope::Conversation };
        }
        if let ApiError::Failed(error) = error {
            return error;
        }
        let words = error.words();
        if error.is("thread_not_found") {
            return Self::NoThread(words);
        }
        match error.meaning() {
            Meaning::Revoked => Self::Revoked(words),
            Meaning::Later => Self::Transient(words),
            Meaning::Unclear => Self::Unknown(words),
            Meaning::Never => Self::Permanent(words),
        }
    }
}

impl ApiFailure for ApiError {}

impl From<ApiError> for SetupError {
    fn from(error: ApiError) -> Self {
        let words = error.words();
        match (error, words) {
            (ApiError::Cabinet(error), _) => Self::Cabinet(error),
            (ApiError::Refused { code, .. }, words) => match code.as_str() {
                "bad_client_secret" => {
                    Self::Setting { field: "client_secret".into(), problem: words }
                }
                "invalid_client_id" => Self::Setting { field: "client_id".into(), problem: words },
                _ if meaning(&code).0 == Meaning::Later => Self::Unreachable(words),
                _ => Self::Refused(words),
            },
            (_, words) => Self::Unreachable(words),
        }
    }
}

impl From<CabinetError> for ApiError {
    fn from(error: CabinetError) -> Self {
        Self::Cabinet(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> ApiError {
        ApiError::Refused { code: code.into(), needed: None }
    }

    #[test]
    fn refusals_are_decisions() {
        for (error, expected) in [
            (refused("token_revoked"), "Revoked"),
            (refused("bad_client_secret"), "Revoked"),
            (refused("invalid_client_id"), "Revoked"),
            (refused("internal_error"), "Unknown"),
            (refused("service_unavailable"), "Transient"),
            (refused("is_archived"), "Permanent"),
            (refused("something_new"), "Permanent"),
            (ApiError::Status(StatusCode::BAD_GATEWAY), "Unknown"),
            (ApiError::Status(StatusCode::NOT_FOUND), "Permanent"),
            (ApiError::Unclear("x".into()), "Unknown"),
            (ApiError::Failed(SendError::Transient("x".into())), "Transient"),
            (ApiError::Cabinet(CabinetError("x".into())), "Transient"),
            (ApiError::Limited { until: Timestamp::UNIX_EPOCH }, "RateLimited"),
        ] {
            let decision = format!("{:?}", SendError::from(error.clone()));
            assert!(decision.starts_with(expected), "{error:?}: {decision}");
        }
    }

    #[test]
    fn who_sets_up_is_told_which_setting_is_wrong() {
        for (code, wrong) in
            [("bad_client_secret", "client_secret"), ("invalid_client_id", "client_id")]
        {
            let told = SetupError::from(refused(code));
            assert!(matches!(&told, SetupError::Setting { field, .. } if field == wrong), "{told}");
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let error =
            ApiError::Refused { code: "missing_scope".into(), needed: Some("chat:write".into()) };
        assert!(SendError::from(error).to_string().contains("`chat:write`"));
    }
}

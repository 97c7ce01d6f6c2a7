//! What every connector must pass against an emulator of its platform: the rules of
//! `docs/connectors.md` as tests, the same for all. What differs is data ([`Capabilities`]) or said by
//! the [`Emulator`], never asked for by name.
//!
//! A connector's tests declare their emulator within `rialto_platform::conformance!`.
//!
//! [`Capabilities`]: rialto_model::Capabilities

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "these are tests, whose names say what holds"
)]

pub mod connecting;
pub mod conversations;
mod ear;
pub mod failing;
pub mod files;
pub mod hearing;
pub mod speaking;
mod stage;
pub mod text;

use std::sync::Arc;

use async_trait::async_trait;
use rialto_model::RemoteId;
use serde_json::Value;

pub use self::stage::{Control, Stage};
use crate::{AppConfig, Clock, Platform, Toolkit};

/// A sandbox with emulators: what [`conformance!`](crate::conformance!) says of it, so that nothing here
/// depends on it.
#[async_trait]
pub trait World: Sized + Send + Sync + 'static {
    /// Starts it, empty.
    async fn start() -> Self;

    /// Where its control is.
    fn control(&self) -> String;

    /// Its time.
    fn clock(&self) -> Arc<dyn Clock>;
}

/// An emulator of a platform, controlled by the sandbox's verbs (`docs/sandbox.md`).
#[async_trait]
pub trait Emulator: World {
    /// Who authorizes Rialto.
    const SIGNS_IN: &'static str;
    /// The channel that everybody is in, as the connector lists it.
    const CHANNEL: &'static str;
    /// The same, as control finds it.
    const PLACE: &'static str;
    /// What new conversations are made in, as the connector names it.
    const PARENT: Option<&'static str> = None;
    /// The operation that makes a post, as fault rules name it.
    const POST: &'static str;
    /// Whether webhooks say which edit of a message they tell of. Where they do not, the moment in which
    /// one comes does.
    const SAYS_WHICH_EDIT: bool = true;

    /// The connector.
    fn connector(&self, toolkit: Toolkit) -> Arc<dyn Platform>;

    /// The workspace `Acme`: Ann Lee, its admin, who owns the channel, and Bob Ray, all with addresses at
    /// `acme.example`.
    fn workspace(&self) -> Value;

    /// Settings that say where it is.
    fn addresses(&self) -> Vec<(&'static str, String)>;

    /// Registers the application; gives the values that Rialto is told.
    async fn register(
        &self,
        control: &Control,
        platform: &dyn Platform,
        app: &AppConfig,
    ) -> Vec<(&'static str, String)>;

    /// What is done at the vendor when Rialto knows the values.
    async fn finish(&self, _control: &Control, _app: &AppConfig) {}

    /// Takes Rialto's authorization away.
    async fn revoke(&self, control: &Control);

    /// A message with this id, in a deed.
    fn of(&self, id: &str) -> Value;

    /// Our own conversation with Bob Ray, as control finds it when he looks.
    fn direct(&self, with: &RemoteId) -> String {
        with.to_string()
    }

    /// Words that mean nothing but themselves, in a deed.
    fn plain(&self, text: &str) -> Value;

    /// 🎉 as a reaction, in a deed.
    fn party(&self) -> Value;
}

/// A text in what control answers, by its name.
pub fn field(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// Permissions of a kind that the manifest asks for.
pub fn needed(platform: &dyn Platform, kind: &str) -> Vec<&'static str> {
    let all = platform.manifest().permissions.iter();
    all.filter(|it| it.kind == kind).map(|it| it.name).collect()
}

/// Declares an emulator that is in a sandbox (`struct Acme(Sandbox);`), and makes a test of each rule for
/// it.
#[macro_export]
macro_rules! conformance {
    (@list $what:ident [$($emulator:ty)?]) => {
        $crate::conformance! { @$what [$($emulator)?]
            connecting {
                an_admin_authorizes_a_workspace,
                what_an_admin_declines_is_refused,
                a_setting_that_is_missing_is_named,
                nothing_is_wrong_with_a_workspace_set_up_as_the_documents_say,
                a_token_that_expired_is_renewed_and_kept,
                a_revoked_authorization_is_told_as_such,
            }
            conversations {
                channels_are_listed_once_and_found_by_their_ids,
                joining_twice_is_joining_once,
                a_new_name_is_seen,
                a_channel_is_made_and_can_be_written_to,
                accounts_are_found_by_id_and_by_address,
                a_person_is_told_something_in_private,
                the_nest_is_made_once,
            }
            hearing {
                what_people_say_is_heard,
                replies_edits_and_deletions_are_heard,
                reactions_are_heard_as_the_table_says,
                a_webhook_with_another_secret_is_refused,
                an_old_webhook_is_refused_where_it_has_a_time,
                a_webhook_that_comes_twice_has_one_key,
                what_cannot_be_read_is_no_crash,
                the_past_is_read_to_its_end_from_a_time_on,
            }
            speaking {
                a_post_is_seen_and_comes_back_as_our_own,
                what_rialto_did_stays_its_own_when_somebody_else_signs_in,
                the_author_is_shown_as_the_table_says,
                a_reply_is_in_its_thread,
                a_reply_to_what_is_gone_says_so,
                a_reply_outside_of_its_thread_is_changed_all_the_same,
                a_broadcast_is_shown_as_the_table_says,
                an_edit_is_seen_as_the_table_says,
                a_deletion_is_seen_and_may_come_twice,
                reactions_are_shown_as_the_table_says,
                a_long_message_is_split_and_all_of_it_arrives,
            }
            text {
                what_is_native_comes_back_as_it_was_said,
                nothing_that_people_type_means_more_than_itself,
                a_mention_calls_whom_it_names_and_nobody_else,
            }
            files {
                a_file_arrives_byte_for_byte,
                a_file_that_people_share_is_opened,
                a_file_that_is_too_large_is_refused,
                a_file_that_did_not_come_is_told_of,
                a_file_is_in_the_same_post_whatever_is_said_with_it,
                an_edit_takes_away_the_files_that_it_names_and_no_others,
            }
            failing {
                each_failure_is_a_decision,
                an_answer_that_got_lost_is_found_again_and_nothing_else,
                what_was_not_posted_is_not_found,
            }
        }
    };
    (@tests [$emulator:ty] $($theme:ident { $($rule:ident,)* })*) => {
        $(mod $theme {
            use super::*;
            $(#[tokio::test]
            async fn $rule() {
                $crate::conformance::$theme::$rule::<$emulator>().await;
            })*
        })*
    };
    (@names [] $($theme:ident { $($rule:ident,)* })*) => {
        [$($(concat!(stringify!($theme), "::", stringify!($rule)),)*)*]
    };
    ($(#[$about:meta])* struct $emulator:ident($sandbox:ident);) => {
        $(#[$about])*
        struct $emulator($sandbox);

        #[async_trait::async_trait]
        impl $crate::conformance::World for $emulator {
            async fn start() -> Self {
                Self($sandbox::start(Default::default()).await.expect("the sandbox starts"))
            }

            fn control(&self) -> String {
                self.0.urls().control.clone()
            }

            fn clock(&self) -> std::sync::Arc<dyn $crate::Clock> {
                let core = std::sync::Arc::clone(self.0.core());
                std::sync::Arc::new($crate::testing::ToldClock(move || core.clock.now()))
            }
        }

        $crate::conformance!(@list tests [$emulator]);
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_of_the_documentation_is_checked_and_every_check_is_a_rule() {
        let checked: BTreeSet<&str> = crate::conformance!(@list names []).into();
        let page = include_str!("../../../../docs/connectors.md");
        let named = page.split('`').skip(1).step_by(2).filter(|it| {
            let theme = checked.iter().filter_map(|it| it.split_once("::")).map(|it| it.0);
            theme.into_iter().any(|theme| it.starts_with(&format!("{theme}::")))
        });
        assert_eq!(named.collect::<BTreeSet<_>>(), checked);
    }
}

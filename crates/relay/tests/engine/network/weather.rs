//! What goes wrong between Rialto and a network.

use std::{collections::VecDeque, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rialto_model::{RemoteId, Window};
use rialto_platform::{HoldScope, ReadError, SendError};

use super::{NEST, Network, SERVICE, State};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All goes well.
    Nothing,
    /// Nothing is done, the answer never comes.
    LostCall,
    /// It is done, the answer never comes.
    LostAnswer,
    /// Nothing is done, for now.
    Down,
    /// Nothing is done; wait so many seconds.
    Wait(i64),
    /// Likewise, with everything.
    WaitAll(i64),
    /// Nothing is done and never will be.
    Never,
    /// Nothing is done until somebody authorizes again.
    Revoked,
}

/// What is wrong with a network for a while, whatever is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illness {
    /// Nothing is answered.
    Down,
    /// Each answer takes half a minute.
    Slow,
    /// Each call is answered by the wish to wait.
    Limited,
    /// The authorization was withdrawn.
    Revoked,
}

/// How long an answer takes that is slow.
const SLOW: Duration = Duration::from_secs(30);
/// How long one has to wait where calls are limited, in seconds.
const LIMITED: i64 = 20;

/// Posts, the earliest first: to where, when, and whether this run of the engine made them.
pub type Posts = VecDeque<(RemoteId, Timestamp, bool)>;

impl Network {
    /// The next calls go wrong so.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().faults.extend(faults);
    }

    /// All calls go wrong so from now on.
    pub fn falls_ill(&self, illness: Illness) {
        let mut state = self.state.lock();
        state.illness = Some(illness);
        if illness == Illness::Slow {
            state.slowness = SLOW;
        }
    }

    /// Whatever was to go wrong yet does not.
    pub fn is_well(&self) {
        let mut state = self.state.lock();
        state.faults.clear();
        if state.illness.take() == Some(Illness::Slow) {
            state.slowness = Duration::ZERO;
        }
    }

    /// From now on a post or a change is answered only after a while.
    pub fn answer_after(&self, slowness: Duration) {
        self.state.lock().slowness = slowness;
    }

    /// What is posted from now on shows in lists so much later only.
    pub fn list_after(&self, lag: Duration) {
        self.state.lock().lag = lag;
    }

    /// Posts that one run of the engine made faster than this network allows, in words.
    pub fn too_fast(&self) -> Vec<String> {
        self.state.lock().too_fast.clone()
    }

    /// Does a call, or not, as the next fault says.
    pub(super) fn call<T>(
        &self,
        what: String,
        act: impl FnOnce(&mut State) -> T,
    ) -> Result<T, SendError> {
        let mut state = self.state.lock();
        state.calls.push(what);
        let wait = |seconds| SendError::RateLimited {
            until: self.clock.now() + SignedDuration::from_secs(seconds),
            scope: HoldScope::Conversation,
        };
        let revoked = || SendError::Revoked("token_revoked".into());
        match state.illness {
            Some(Illness::Down) => return Err(SendError::Transient("down".into())),
            Some(Illness::Limited) => return Err(wait(LIMITED)),
            Some(Illness::Revoked) => return Err(revoked()),
            Some(Illness::Slow) | None => {}
        }
        match state.faults.pop_front() {
            None | Some(Fault::Nothing) => Ok(act(&mut state)),
            Some(Fault::LostAnswer) => {
                act(&mut state);
                Err(SendError::Unknown("no answer".into()))
            }
            Some(Fault::LostCall) => Err(SendError::Unknown("no answer".into())),
            Some(Fault::Down) => Err(SendError::Transient("down".into())),
            Some(Fault::Wait(seconds)) => Err(wait(seconds)),
            Some(Fault::WaitAll(seconds)) => Err(SendError::RateLimited {
                until: self.clock.now() + SignedDuration::from_secs(seconds),
                scope: HoldScope::Connection,
            }),
            Some(Fault::Never) => Err(SendError::Permanent("the channel is archived".into())),
            Some(Fault::Revoked) => Err(revoked()),
        }
    }

    /// Whoever reads the past of these is asked to come again so much later.
    pub fn refuse_past(&self, conversations: &[&str], wait: Duration) {
        let until = self.clock.now() + wait;
        let refused = conversations.iter().map(|name| (RemoteId::from(*name), until));
        self.state.lock().past_refused.extend(refused);
    }

    /// Nobody may read the past, which takes so long to say.
    pub fn forbids_past(&self, after: Duration) {
        self.state.lock().past_forbidden_after = Some(after);
    }

    /// There are private channels, of which no webhook tells.
    pub fn has_nest(&self) {
        let (egg, _) = self.post(NEST, SERVICE, "egg", None);
        self.state.lock().egg = Some(egg);
    }

    /// What lets Rialto in ends then.
    pub fn credential_ends(&self, at: Timestamp) {
        self.state.lock().credential_ends = Some(at);
    }

    /// Of which conversations the past was read, or tried to. Takes them.
    pub fn past_read(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().past_read)
    }

    /// How often a past was read from its first page on. Begins anew.
    pub fn readings(&self) -> usize {
        std::mem::take(&mut self.state.lock().readings)
    }

    /// How often a past was asked for that must be left alone. Begins anew.
    pub fn refusals(&self) -> usize {
        std::mem::take(&mut self.state.lock().refusals)
    }

    /// What happens to whoever reads the past.
    pub(super) async fn reads_past(&self, of: &RemoteId) -> Result<(), ReadError> {
        let forbidden_after = self.state.lock().past_forbidden_after;
        if let Some(after) = forbidden_after {
            tokio::time::sleep(after).await;
            return Err(ReadError::Permanent("missing_scope".into()));
        }
        let (illness, refused) = {
            let mut state = self.state.lock();
            if state.past_read.last().is_none_or(|last| last != of.as_str()) {
                state.past_read.push(of.as_str().to_owned());
            }
            let refused = state.past_refused.get(of).copied();
            let refused = refused.filter(|until| *until > self.clock.now());
            state.refusals += usize::from(refused.is_some());
            (state.illness, refused)
        };
        if let Some(until) = refused {
            let reason = "too many requests".into();
            return Err(ReadError::Transient { reason, after: Some(until) });
        }
        match illness {
            None => Ok(()),
            Some(Illness::Slow) => {
                tokio::time::sleep(SLOW).await;
                Ok(())
            }
            Some(Illness::Revoked) => Err(ReadError::Revoked("token_revoked".into())),
            Some(Illness::Down | Illness::Limited) => {
                Err(ReadError::Transient { reason: "down".into(), after: None })
            }
        }
    }

    /// Counts a post against the windows of this network. What the run before made counts here, and
    /// the run after it cannot know: it is told when to come again.
    pub(super) fn count_post(&self, to: &RemoteId) -> Result<(), SendError> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let broken = self.full(&state.posts, to, true);
        let broken = broken.map(|(window, _)| format!("a post to {to} at {now} breaks {window:?}"));
        let broken: Vec<_> = broken.collect();
        state.too_fast.extend(broken);
        match self.full(&state.posts, to, false).map(|(_, until)| until).max() {
            Some(until) => Err(SendError::RateLimited { until, scope: HoldScope::Conversation }),
            None => {
                state.posts.push_back((to.clone(), now, true));
                Ok(())
            }
        }
    }

    /// Whether no more posts are taken for now.
    pub fn is_full(&self, conversation: &str) -> bool {
        self.full(&self.state.lock().posts, &conversation.into(), false).next().is_some()
    }

    /// The windows that allow no post to a conversation now, and until when.
    fn full(
        &self,
        posts: &Posts,
        to: &RemoteId,
        this_run: bool,
    ) -> impl Iterator<Item = (&Window, Timestamp)> {
        let now = self.clock.now();
        let pacing = &self.manifest.capabilities.pacing;
        let all = pacing.connection.iter().map(|window| (window, true));
        let windows = pacing.conversation.iter().map(|window| (window, false)).chain(all);
        windows.filter_map(move |(window, all)| {
            let per = SignedDuration::try_from(window.per).unwrap();
            let count = usize::try_from(window.count).unwrap();
            let recent = posts.iter().rev().filter(|(at, when, run)| {
                (all || at == to) && (*run || !this_run) && now.duration_since(*when) < per
            });
            Some((window, recent.map(|(_, when, _)| *when + per).nth(count - 1)?))
        })
    }
}

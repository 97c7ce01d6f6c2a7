//! Messages by their ids. Rialto knows each message by one form of its id, since Zoom's own examples
//! differ: answers to posts and paths of calls have small letters, listings and events capitals. No
//! page says that capitals do not matter, so calls name a message as Zoom wrote it; where that is not
//! known, and there is none of that id, the other forms are tried.

use std::collections::HashMap;

use http::Method;
use parking_lot::Mutex;
use rialto_model::RemoteId;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    api::{Api, ApiError, Identity, Query},
    wire,
};

/// How many ids are remembered before all are forgotten: each costs one call more then.
const KEPT: usize = 20_000;

/// How Zoom writes ids, where that is not the form in which Rialto knows them.
#[derive(Debug, Default)]
pub(crate) struct Spellings(Mutex<HashMap<String, String>>);

impl Spellings {
    /// The API wrote an id, or took it: so it is written.
    pub fn learn(&self, written: &str) {
        self.note(written, true);
    }

    /// An event wrote an id: so it is written, unless the API says otherwise.
    pub fn hear(&self, written: &str) {
        self.note(written, false);
    }

    fn note(&self, written: &str, sure: bool) {
        let (id, written) = (wire::message_id(written), wire::without_braces(written));
        let mut all = self.0.lock();
        if id == written {
            if sure {
                all.remove(&id);
            }
        } else if sure || !all.contains_key(&id) {
            if all.len() >= KEPT {
                all.clear();
            }
            all.insert(id, written.to_owned());
        }
    }

    /// How Zoom writes an id, as far as that is known.
    pub fn likeliest(&self, id: &str) -> String {
        self.0.lock().get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// The ways in which Zoom may write an id, the likeliest first.
    fn of(&self, id: &str) -> Vec<String> {
        let mut all = vec![self.likeliest(id)];
        let others = [id.to_owned(), id.to_ascii_lowercase()];
        for form in others.into_iter().filter(|_| wire::is_uuid(id)) {
            if !all.contains(&form) {
                all.push(form);
            }
        }
        all
    }
}

/// What may be done to one message.
pub(crate) struct About<'a> {
    pub method: Method,
    /// The message, in the form in which Rialto knows it.
    pub message: &'a RemoteId,
    /// What of it, if not the message itself: the last part of the path.
    pub part: Option<&'a str>,
    pub query: Query<'a>,
    pub body: Option<&'a Value>,
}

impl About<'_> {
    /// Makes the call.
    pub async fn call<T: DeserializeOwned + Default>(
        &self,
        api: &Api,
        own: &Identity,
    ) -> Result<T, ApiError> {
        let mut forms = api.spellings.of(self.message.as_str()).into_iter().peekable();
        let mut first = true;
        while let Some(id) = forms.next() {
            let messages = ["chat", "users", own.path(), "messages", &id];
            let path: Vec<&str> = messages.into_iter().chain(self.part).collect();
            match api.call(self.method.clone(), &path, &self.query, self.body).await {
                Err(error) if error.is_no_message() && forms.peek().is_some() => first = false,
                done => {
                    if done.is_ok() && !first {
                        api.spellings.learn(&id);
                    }
                    return done;
                }
            }
        }
        Err(ApiError::Unclear("the message has no id".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AAAAAAAA-0000-4000-8000-00000000000B";
    const SMALL: &str = "aaaaaaaa-0000-4000-8000-00000000000b";

    #[test]
    fn an_id_is_written_as_the_api_wrote_it_and_otherwise_tried() {
        let spellings = Spellings::default();
        assert_eq!(spellings.of(ID), [ID, SMALL]);
        assert_eq!(spellings.of("not-a-uuid"), ["not-a-uuid"]);
        spellings.hear(&format!("{{{ID}}}"));
        assert_eq!(spellings.of(ID), [ID, SMALL]);
        spellings.learn(SMALL);
        spellings.hear(ID);
        assert_eq!(spellings.of(ID), [SMALL, ID]);
        spellings.learn(ID);
        assert_eq!(spellings.of(ID), [ID, SMALL]);
        spellings.hear("AAAAAAAA-0000-4000-8000-00000000000b");
        assert_eq!(spellings.of(ID), ["AAAAAAAA-0000-4000-8000-00000000000b", ID, SMALL]);
    }
}

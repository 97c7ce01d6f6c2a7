//! Bots: an account with a token that does not expire, and the app that it belongs to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Fail;
use super::scopes;
use super::setup::GivenPerson;
use super::stage::Stage;
use super::world::{App, Kind, Token};

/// What a bot is to be.
pub(crate) struct NewBot {
    pub(crate) name: String,
    /// `…@webex.bot`.
    pub(crate) email: String,
    pub(crate) avatar: Option<String>,
}

impl Stage<'_> {
    /// Makes a bot's account and app in an organization; answers with the app's id.
    ///
    /// # Errors
    /// 409 for an address that is taken.
    pub(crate) fn register_bot(&mut self, org: &str, bot: NewBot) -> Result<String, Fail> {
        if self.by_email(&bot.email).is_some() {
            return Err(Fail::new(409, format!("{} is taken.", bot.email)));
        }
        let mut given = GivenPerson::default();
        (given.name, given.email, given.avatar) = (bot.name.clone(), Some(bot.email), bot.avatar);
        let mut account = self.person_of(org, given);
        account.kind = Kind::Bot;
        let (person, id) = (account.id.clone(), self.fresh("APPLICATION"));
        self.state.people.insert(person.clone(), account);
        let app = App {
            id: id.clone(),
            name: bot.name,
            client_id: String::new(),
            client_secret: String::new(),
            redirect_urls: Vec::new(),
            scopes: BTreeSet::new(),
            bot: Some((person.clone(), self.grant_bot(&id, &person))),
        };
        self.state.apps.insert(id.clone(), app);
        Ok(id)
    }

    /// A token for a bot: good for all of messaging, for ever.
    fn grant_bot(&mut self, app: &str, person: &str) -> String {
        let token = self.core.ids.alnum(64);
        let scopes = Arc::new(BTreeSet::from([scopes::ALL.to_owned()]));
        let (app, person) = (app.to_owned(), person.to_owned());
        let granted = Token { app, person, scopes, expires: None };
        self.state.tokens.insert(token.clone(), granted);
        token
    }

    /// Takes an app away with its tokens and webhooks; a bot's account stays, and nobody can act as it.
    ///
    /// # Errors
    /// 404 where there is none.
    pub(crate) fn remove_app(&mut self, id: &str) -> Result<(), Fail> {
        let app = self.state.apps.remove(id).ok_or_else(|| Fail::none("application"))?;
        self.revoke(id, None);
        if let Some((person, _)) = app.bot
            && let Some(person) = self.state.people.get_mut(&person)
        {
            person.inactive = true;
        }
        Ok(())
    }
}

//! Acme's four workspaces, and how its people do things there: one file for each platform, in the
//! words of that platform's client.

mod slack;
mod teams;
mod webex;
mod zoom;

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::World;

/// One of Acme's workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Its engineers.
    Slack,
    /// Its sales people.
    Teams,
    /// Its support.
    Webex,
    /// Its subsidiary.
    Zoom,
}

impl Side {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Slack, Self::Teams, Self::Webex, Self::Zoom];

    fn customs(self) -> &'static dyn Customs {
        match self {
            Self::Slack => &slack::Slack,
            Self::Teams => &teams::Teams,
            Self::Webex => &webex::Webex,
            Self::Zoom => &zoom::Zoom,
        }
    }

    /// The side of this word.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(word: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|side| side.word() == word);
        found.with_context(|| format!("no side {word}"))
    }
}

/// What a side is, and how its people act. Whatever they write is the body of a deed of the sandbox's
/// human side; `None` is what nobody can write there.
pub(crate) trait Customs: Sync {
    /// Its word in paths and in the command line.
    fn word(&self) -> &'static str;
    /// Its name for people.
    fn name(&self) -> &'static str;
    /// The workspace with its people and channels, as the sandbox makes it.
    fn workspace(&self) -> Value;
    /// Three people who speak there.
    fn people(&self) -> [&'static str; 3];
    /// Somebody who has no account anywhere else.
    fn stranger(&self) -> &'static str;
    /// Who may change channels.
    fn owner(&self) -> &'static str;
    /// Who authorizes Rialto.
    fn signs_in(&self) -> &'static str;
    /// How the sandbox finds a channel that Rialto lists by this name.
    fn place(&self, channel: &str) -> String;
    /// What a new channel of its own is made in, where it must be in something.
    fn parent(&self) -> Option<&'static str>;
    /// Makes the application for a workspace, with the vendor and with Rialto; its id here.
    fn register<'a>(
        &'a self,
        world: &'a World,
        workspace: &'a str,
    ) -> BoxFuture<'a, Result<String>>;
    /// Whether one application is for any number of workspaces.
    fn shares_its_app(&self) -> bool;

    /// A message with this id, in a deed.
    fn of(&self, id: &str) -> Value;
    /// An emoji as a reaction.
    fn reaction(&self, emoji: &str) -> Value;
    /// Words that mean nothing but themselves, however they look.
    fn plain(&self, text: &str) -> Value;
    /// Bold, italic and code, each a word: `bold`, `italic`, `code`.
    fn styled(&self, tag: &str) -> Value;
    /// The word `gone`, struck through.
    fn struck(&self, tag: &str) -> Option<Value>;
    /// The word `under`, underlined.
    fn underlined(&self, tag: &str) -> Option<Value>;
    /// Code in a block of its own.
    fn code_block(&self, tag: &str, code: &str) -> Option<Value>;
    /// Somebody's words, and one's own below.
    fn quote(&self, words: &str, tag: &str) -> Value;
    /// `fruit` in a list, `first` and `second` in a numbered one.
    fn lists(&self, tag: &str) -> Value;
    /// `fruit` in a list, and `apple` in one inside of it.
    fn nested_list(&self, tag: &str) -> Option<Value>;
    /// A heading, and words below.
    fn heading(&self, words: &str, tag: &str) -> Value;
    /// Words that lead somewhere.
    fn link(&self, words: &str, url: &str, tag: &str) -> Value;
    /// A table with a row of headings.
    fn table(&self, rows: &[[&str; 2]], tag: &str) -> Option<Value>;
    /// A face, a thumb with a skin tone, and the workspace's own `:shipit:` as far as there is one.
    fn emoji(&self, tag: &str) -> Value;
    /// Calls a person.
    fn mention(&self, account: &str, name: &str, tag: &str) -> Value;
    /// Calls everybody in a channel.
    fn everybody(&self, channel: &str, tag: &str) -> Value;
    /// As many lines as people there can say at once.
    fn lines(&self) -> usize;
    /// The deed that shares files without words.
    fn sharing(&self) -> &'static str;
    /// Whether people can change the words of a message that has files.
    fn edits_what_has_files(&self) -> bool;
    /// Somebody comes, somebody goes, something changes: nothing that is said. Deeds of persons.
    fn stir(&self) -> Vec<(&'static str, &'static str, Value)>;
}

impl Side {
    /// The word in the sandbox's paths.
    pub fn word(self) -> &'static str {
        self.customs().word()
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        self.customs().name()
    }

    /// The workspace, as the sandbox makes it.
    pub(crate) fn workspace(self) -> Value {
        self.customs().workspace()
    }

    /// Three people who speak there.
    pub fn people(self) -> [&'static str; 3] {
        self.customs().people()
    }

    /// Who speaks first.
    pub fn speaker(self) -> &'static str {
        self.people()[0]
    }

    /// Who may change channels there.
    pub fn owner(self) -> &'static str {
        self.customs().owner()
    }

    pub(crate) fn signs_in(self) -> &'static str {
        self.customs().signs_in()
    }

    pub(crate) fn place(self, channel: &str) -> String {
        self.customs().place(channel)
    }

    pub(crate) fn parent(self) -> Option<&'static str> {
        self.customs().parent()
    }

    pub(crate) async fn register(self, world: &World, workspace: &str) -> Result<String> {
        self.customs().register(world, workspace).await
    }

    pub(crate) fn shares_its_app(self) -> bool {
        self.customs().shares_its_app()
    }

    pub(crate) fn writing(self) -> &'static dyn Customs {
        self.customs()
    }

    /// A message with this id, as the body of a deed.
    pub fn of(self, id: &str) -> Value {
        self.customs().of(id)
    }

    /// Words that mean nothing but themselves, as the body of a deed.
    pub fn plain(self, text: &str) -> Value {
        self.customs().plain(text)
    }

    /// An emoji as a reaction, or its end, to a message.
    pub fn reaction(self, id: &str, emoji: &str) -> Value {
        both(self.of(id), self.customs().reaction(emoji))
    }

    /// Words to a message: a reply, or what it shall read like.
    pub fn to(self, id: &str, text: &str) -> Value {
        both(self.of(id), self.plain(text))
    }
}

/// The fields of both.
pub(crate) fn both(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

/// Somebody's address. People of one name are one person: their address is the same everywhere.
pub(crate) fn email(name: &str) -> String {
    let plain = name.to_lowercase().replace('é', "e").replace(' ', ".");
    format!("{plain}@acme.example")
}

/// Registers an application with Rialto.
async fn tell_rialto(world: &World, side: Side, values: Value) -> Result<Value> {
    let app = json!({"platform": side.word(), "values": values});
    Ok(world.api.post("/api/v1/apps", app).await?)
}

fn id(made: &Value) -> Result<String> {
    Ok(made["id"].as_str().with_context(|| format!("no id in {made}"))?.to_owned())
}

/// Names of what Rialto says that its application needs, of one kind.
async fn needed(world: &World, side: Side, kind: &str) -> Result<Vec<String>> {
    let platforms = world.api.get("/api/v1/platforms").await?;
    let mut platforms = platforms.as_array().into_iter().flatten();
    let platform = platforms.find(|it| it["id"] == side.word());
    let platform = platform.with_context(|| format!("Rialto does not know {}", side.name()))?;
    let all = platform["permissions"].as_array().into_iter().flatten();
    let all = all.filter(|it| it["kind"] == kind).filter_map(|it| it["name"].as_str());
    Ok(all.map(str::to_owned).collect())
}

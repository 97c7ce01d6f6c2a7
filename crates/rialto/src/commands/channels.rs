//! `rialto channels`.

use clap::Args;
use rialto_relay::admin::ConversationView;

use super::names;
use crate::{
    client::Client,
    failure::Failure,
    output::{Output, yes},
};

/// List the channels of a workspace
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rialto channels slack\n  rialto channels teams --search release\n  rialto channels con_0192f0c1a2b37c4d8e5f60718293a4b5 --json"
)]
pub struct Channels {
    /// The workspace: its name, its id, or its platform when only one is connected
    workspace: String,
    /// Only those whose name holds this
    #[arg(long)]
    search: Option<String>,
}

impl Channels {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        let workspace = names::workspace(client, &self.workspace).await?;
        let search = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.search.as_ref().map(|search| ("search", search)))
            .finish();
        let path = format!("connections/{}/conversations?{search}", workspace.id);
        let channels: Vec<ConversationView> = client.get(&path).await?;
        if out.json(&channels)? {
            return Ok(());
        }
        let rows = channels
            .iter()
            .map(|it| {
                [
                    names::full_name(it),
                    it.id.to_string(),
                    yes(it.private),
                    yes(it.archived),
                    yes(it.joined),
                    it.channel_sync.map(|id| id.to_string()).unwrap_or_default(),
                ]
            })
            .collect();
        let header = ["CHANNEL", "ID", "PRIVATE", "ARCHIVED", "RIALTO IS IN", "CHANNEL SYNC"];
        out.table(header, rows, "no channel is called so")
    }
}

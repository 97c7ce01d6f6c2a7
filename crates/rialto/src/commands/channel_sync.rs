//! `rialto channel-sync`.

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use rialto_model::{Direction, EveryoneMentions};
use rialto_relay::admin::{
    AddChannelSync, AddEndpoint, Added, ChannelSyncChange, ChannelSyncView, ConnectChannelSync,
    EndpointChange, EndpointView, NewEndpoint, NewTarget,
};

use super::names;
use crate::{
    client::Client,
    failure::Failure,
    output::{Output, maybe_time, time},
};

/// Keep channels in step
#[derive(Debug, Args)]
#[command(
    after_help = "A channel is written WORKSPACE:CHANNEL, each by name or id: `slack:general`, `teams:Engineering/General`.\n\nExamples:\n  rialto channel-sync add slack:general --to teams --parent Engineering --member ann@example.com\n  rialto channel-sync connect slack:sales teams:Sales/General\n  rialto channel-sync set general --everyone-mentions real --memberships true\n  rialto channel-sync pause general"
)]
pub struct ChannelSync {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the missing channel in another workspace, and keep the two in step
    Add(Add),
    /// Keep channels that exist in step
    Connect {
        /// The channels, two or more, as WORKSPACE:CHANNEL
        #[arg(required = true, num_args = 2..)]
        channels: Vec<String>,
        /// The channel sync's name [default: the first channel's]
        #[arg(long)]
        name: Option<String>,
        /// Let what is said in a private channel go to one that is not
        #[arg(long)]
        allow_wider_audience: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// List them with their traffic
    List,
    /// Show one with its settings and channels
    Show {
        /// Id or name
        sync: String,
    },
    /// Let messages wait; what is said meanwhile is delivered on resume
    Pause {
        /// Id or name
        sync: String,
    },
    /// Let messages flow again
    Resume {
        /// Id or name
        sync: String,
    },
    /// Change name and settings
    Set {
        /// Id or name
        sync: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Put one more channel into it
    AddChannel {
        /// Id or name
        sync: String,
        /// The channel, as WORKSPACE:CHANNEL
        channel: String,
        /// Which way messages flow
        #[arg(long, default_value = "both")]
        direction: Way,
        /// Let what is said in a private channel go to one that is not
        #[arg(long)]
        allow_wider_audience: bool,
    },
    /// Change which way messages flow through one of its channels
    SetChannel {
        /// Id or name
        sync: String,
        /// The channel's endpoint id, or its name
        channel: String,
        /// Which way messages flow
        #[arg(long)]
        direction: Way,
        /// Let what is said in a private channel go to one that is not
        #[arg(long)]
        allow_wider_audience: bool,
    },
    /// Take a channel out of it; the channel itself stays
    RemoveChannel {
        /// Id or name
        sync: String,
        /// The channel's endpoint id, or its name
        channel: String,
    },
    /// Remove it; the channels themselves stay
    Remove {
        /// Id or name
        sync: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The channel that exists, as WORKSPACE:CHANNEL
    source: String,
    /// The workspace to make the other one in
    #[arg(long, value_name = "WORKSPACE")]
    to: String,
    /// The team to make it in, where the platform needs one (name or id)
    #[arg(long, value_name = "TEAM")]
    parent: Option<String>,
    /// Its name [default: the source's]
    #[arg(long)]
    name: Option<String>,
    /// Only members see it [default: as the source]
    #[arg(long, conflicts_with = "public")]
    private: bool,
    /// Everybody sees it [default: as the source]
    #[arg(long)]
    public: bool,
    /// Let what is said in a private channel go to one that is not
    #[arg(long)]
    allow_wider_audience: bool,
    /// Somebody who is in it at once: e-mail address or id. May be repeated
    #[arg(long = "member", value_name = "MEMBER")]
    members: Vec<String>,
    /// The channel sync's name [default: the source's]
    #[arg(long)]
    sync_name: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Settings {
    /// What becomes of @channel, @here, @team
    #[arg(long)]
    everyone_mentions: Option<Everyone>,
    /// Whether reactions cross
    #[arg(long, value_name = "true|false")]
    reactions: Option<bool>,
    /// Whether reactions are told in short replies where a platform has none
    #[arg(long, value_name = "true|false")]
    reaction_replies: Option<bool>,
    /// Whether files cross; if not, their names do
    #[arg(long, value_name = "true|false")]
    files: Option<bool>,
    /// Whether joins and leaves are told
    #[arg(long, value_name = "true|false")]
    memberships: Option<bool>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Everyone {
    /// Words that call nobody
    Text,
    /// The other side's own mention of everybody
    Real,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    /// Heard and written to
    Both,
    /// Only heard
    In,
    /// Only written to
    Out,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Both => Self::Both,
            Way::In => Self::In,
            Way::Out => Self::Out,
        }
    }
}

impl Settings {
    fn with_name(&self, name: Option<&String>) -> ChannelSyncChange {
        ChannelSyncChange {
            name: name.cloned(),
            everyone_mentions: self.everyone_mentions.map(|it| match it {
                Everyone::Text => EveryoneMentions::Text,
                Everyone::Real => EveryoneMentions::Real,
            }),
            reactions: self.reactions,
            reaction_replies: self.reaction_replies,
            files: self.files,
            memberships: self.memberships,
        }
    }
}

impl ChannelSync {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        let changed = match &self.command {
            Command::Add(add) => return add.run(client, out).await,
            Command::Connect { channels, name, allow_wider_audience, settings } => {
                let mut endpoints = Vec::new();
                for channel in channels {
                    endpoints.push(endpoint(client, channel, Direction::Both).await?);
                }
                let settings = settings.with_name(name.as_ref());
                let body = ConnectChannelSync {
                    endpoints,
                    allow_wider_audience: *allow_wider_audience,
                    settings,
                };
                client.send(Method::POST, "channel-syncs/connect", &body).await?
            }
            Command::List => {
                let syncs: Vec<ChannelSyncView> = client.get("channel-syncs").await?;
                if out.json(&syncs)? {
                    return Ok(());
                }
                return table(out, &syncs);
            }
            Command::Show { sync } => names::channel_sync(client, sync).await?,
            Command::Pause { sync } => client.post(&path(client, sync, "/pause").await?).await?,
            Command::Resume { sync } => client.post(&path(client, sync, "/resume").await?).await?,
            Command::Set { sync, name, settings } => {
                let change = settings.with_name(name.as_ref());
                if change == ChannelSyncChange::default() {
                    return Err(Failure::usage("nothing to set: name a setting (see --help)"));
                }
                client.send(Method::PATCH, &path(client, sync, "").await?, &change).await?
            }
            Command::AddChannel { sync, channel, direction, allow_wider_audience } => {
                let NewEndpoint { connection, conversation, direction } =
                    endpoint(client, channel, (*direction).into()).await?;
                let new = AddEndpoint {
                    connection,
                    conversation,
                    direction,
                    allow_wider_audience: *allow_wider_audience,
                };
                let path = path(client, sync, "/endpoints").await?;
                client.send(Method::POST, &path, &new).await?
            }
            Command::SetChannel { sync, channel, direction, allow_wider_audience } => {
                let (sync, id) = endpoint_of(client, sync, channel).await?;
                let path = format!("channel-syncs/{}/endpoints/{id}", sync.id);
                let change = EndpointChange {
                    direction: (*direction).into(),
                    allow_wider_audience: *allow_wider_audience,
                };
                client.send(Method::PATCH, &path, &change).await?
            }
            Command::RemoveChannel { sync, channel } => {
                let (sync, id) = endpoint_of(client, sync, channel).await?;
                client.delete(&format!("channel-syncs/{}/endpoints/{id}", sync.id)).await?;
                client.get(&format!("channel-syncs/{}", sync.id)).await?
            }
            Command::Remove { sync } => {
                let sync = names::channel_sync(client, sync).await?;
                client.delete(&format!("channel-syncs/{}", sync.id)).await?;
                if !out.json(&sync)? {
                    out.line(format!("`{}` is removed; its channels stay as they are", sync.name))?;
                }
                return Ok(());
            }
        };
        show(out, &changed)
    }
}

impl Add {
    async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        let source = endpoint(client, &self.source, Direction::Both).await?;
        let workspace = names::workspace(client, &self.to).await?;
        let parent = match &self.parent {
            Some(parent) => Some(names::parent(client, &workspace, parent).await?),
            None => None,
        };
        let private = match (self.private, self.public) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let target = NewTarget {
            connection: workspace.id,
            name: self.name.clone(),
            parent,
            private,
            members: self.members.clone(),
        };
        let settings = self.settings.with_name(self.sync_name.as_ref());
        out.note(format!("Making the channel in {} …", workspace.name));
        let allow_wider_audience = self.allow_wider_audience;
        let body = AddChannelSync { source, target, allow_wider_audience, settings };
        let added: Added = client.send(Method::POST, "channel-syncs/add", &body).await?;
        if out.json(&added)? {
            return Ok(());
        }
        out.line(match added.made_before {
            true => format!("`{}` had been made by an earlier try", added.conversation),
            false => format!("made `{}` in {}", added.conversation, workspace.name),
        })?;
        show(out, &added.channel_sync)
    }
}

async fn endpoint(
    client: &Client,
    channel: &str,
    direction: Direction,
) -> Result<NewEndpoint, Failure> {
    let (workspace, channel) = names::channel(client, channel).await?;
    Ok(NewEndpoint { connection: workspace.id, conversation: channel.id, direction })
}

async fn path(client: &Client, sync: &str, rest: &str) -> Result<String, Failure> {
    Ok(format!("channel-syncs/{}{rest}", names::channel_sync(client, sync).await?.id))
}

async fn endpoint_of(
    client: &Client,
    sync: &str,
    wanted: &str,
) -> Result<(ChannelSyncView, String), Failure> {
    let sync = names::channel_sync(client, sync).await?;
    let full = |it: &EndpointView| format!("{}:{}", it.platform, it.name);
    let found: Vec<_> = sync
        .endpoints
        .iter()
        .filter(|it| {
            it.id.to_string() == wanted
                || it.conversation.as_str() == wanted
                || it.name.eq_ignore_ascii_case(wanted)
                || full(it).eq_ignore_ascii_case(wanted)
        })
        .collect();
    match found[..] {
        [it] => {
            let id = it.id.to_string();
            Ok((sync, id))
        }
        _ => {
            let all: Vec<_> =
                sync.endpoints.iter().map(|it| format!("{} ({})", full(it), it.id)).collect();
            Err(Failure::failed(format!(
                "`{wanted}` does not name one channel of `{}`: there are {}",
                sync.name,
                all.join(", ")
            )))
        }
    }
}

fn show(out: Output, sync: &ChannelSyncView) -> Result<(), Failure> {
    if out.json(sync)? {
        return Ok(());
    }
    table(out, std::slice::from_ref(sync))?;
    let rows = vec![
        ["everyone mentions".into(), format!("{:?}", sync.everyone_mentions).to_lowercase()],
        ["reactions".into(), yes_or_no(sync.reactions)],
        ["reaction replies".into(), yes_or_no(sync.reaction_replies)],
        ["files".into(), yes_or_no(sync.files)],
        ["memberships".into(), yes_or_no(sync.memberships)],
    ];
    out.line("")?;
    out.table(["SETTING", "VALUE"], rows, "")?;
    let rows = sync
        .endpoints
        .iter()
        .map(|it| {
            [
                it.workspace.clone(),
                it.platform.clone(),
                it.name.clone(),
                format!("{:?}", it.direction).to_lowercase(),
                it.id.to_string(),
            ]
        })
        .collect();
    out.line("")?;
    out.table(["WORKSPACE", "PLATFORM", "CHANNEL", "DIRECTION", "ENDPOINT"], rows, "")
}

/// Channel syncs as a table.
pub fn table(out: Output, syncs: &[ChannelSyncView]) -> Result<(), Failure> {
    let rows = syncs
        .iter()
        .map(|it| {
            let channels: Vec<_> = it
                .endpoints
                .iter()
                .map(|endpoint| format!("{}:{}", endpoint.platform, endpoint.name))
                .collect();
            [
                it.name.clone(),
                it.id.to_string(),
                format!("{:?}", it.state).to_lowercase(),
                channels.join(" ↔ "),
                it.traffic.delivered.to_string(),
                it.traffic.pending.to_string(),
                it.traffic.parked.to_string(),
                missing(it),
                maybe_time(it.traffic.last_delivered_at),
            ]
        })
        .collect();
    let header = [
        "NAME",
        "ID",
        "STATE",
        "CHANNELS",
        "DELIVERED",
        "WAITING",
        "PARKED",
        "MISSING",
        "LAST DELIVERY",
    ];
    out.table(header, rows, "there is none yet: run `rialto channel-sync add` or `connect`")?;
    for it in syncs {
        if let Some(since) = it.traffic.deaf_since {
            out.line(format!(
                "! {} is deaf since {}: no webhook tells of what is said there. Sweeps bring it, \
                 late. Run `rialto doctor`",
                it.name,
                time(since)
            ))?;
        }
    }
    Ok(())
}

/// How much is missing, since when, and up to when that is known.
fn missing(sync: &ChannelSyncView) -> String {
    match sync.traffic.checked_until {
        Some(checked) => format!(
            "{} since {}, as of {}",
            sync.traffic.missing,
            time(sync.created_at),
            time(checked)
        ),
        None => "not checked yet".into(),
    }
}

fn yes_or_no(is: bool) -> String {
    if is { "yes".into() } else { "no".into() }
}

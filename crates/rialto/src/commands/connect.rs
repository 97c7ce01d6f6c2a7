//! `rialto connect`: tells the server about an application, and authorizes a workspace. The options
//! are made from what each platform's application needs to be told.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, IsTerminal as _, Read as _},
    time::Duration,
};

use clap::{Arg, ArgAction, ArgMatches, Command};
use reqwest::Method;
use rialto_hub::{AuthorizationProgress, AuthorizationStatus};
use rialto_platform::{Field, Manifest};
use rialto_relay::{
    Platforms,
    admin::{AppChange, AppView, AuthorizationView, ConnectedView, NewApp, PlatformView},
};
use serde_json::json;

use super::names;
use crate::{client::Client, failure::Failure, output::Output};

/// How often it is asked whether the admin came back from the vendor.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The command, with one subcommand for each platform.
pub fn command(platforms: &Platforms) -> Command {
    let command = Command::new("connect")
        .about("Authorize a workspace")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "Connecting a workspace again renews its authorization; its channel syncs go on.",
        );
    platforms.iter().fold(command, |command, it| command.subcommand(of_platform(it.manifest())))
}

fn of_platform(manifest: &Manifest) -> Command {
    let id = manifest.id.as_str();
    let mut command = Command::new(id)
        .about(format!("Authorize a workspace of {}", manifest.name))
        .after_help(format!(
            "Before:\n{}{}\n\nSecrets are asked for, or taken from files or the environment; never \
             from the command line. What the server knows already need not be given again.",
            manifest
                .steps
                .iter()
                .enumerate()
                .map(|(index, step)| format!("  {}. {step}", index + 1))
                .collect::<Vec<_>>()
                .join("\n"),
            permissions(manifest.permissions.iter().map(|it| (it.kind, it.name, it.needed_for))),
        ))
        .arg(
            Arg::new("app")
                .long("app")
                .help("The application, when there are several (id or name)"),
        )
        .arg(
            Arg::new("new")
                .long("new")
                .action(ArgAction::SetTrue)
                .conflicts_with("app")
                .help("Another application, besides those there are"),
        )
        .arg(Arg::new("name").long("name").help("A name for the application"))
        .arg(Arg::new("token-file").long("token-file").value_name("FILE").help(
            "Take the token in this file (`-`: standard input) instead of authorizing in a \
                 browser",
        ))
        .arg(
            Arg::new("no-wait")
                .long("no-wait")
                .action(ArgAction::SetTrue)
                .help("Print the address to open and end"),
        );
    for field in &manifest.fields {
        let (flag, value) = flag(field);
        let mut help = field.help.to_owned();
        if let Some(default) = field.default {
            help.push_str(&format!(" [default: {default}]"));
        }
        help.push_str(&format!(" [env: {}]", variable(id, field.name)));
        command = command.arg(
            Arg::new(field.name)
                .long(flag)
                .value_name(value)
                .help(help)
                .help_heading("What the application needs to be told"),
        );
    }
    command
}

fn flag(field: &Field) -> (String, &'static str) {
    let name = field.name.replace('_', "-");
    if field.secret { (format!("{name}-file"), "FILE") } else { (name, "VALUE") }
}

/// `RIALTO_SLACK_CLIENT_SECRET`.
fn variable(platform: &str, field: &str) -> String {
    format!("RIALTO_{platform}_{field}").to_uppercase()
}

/// Connects.
pub async fn run(
    client: &Client,
    out: Output,
    platforms: &Platforms,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let Some((platform, matches)) = matches.subcommand() else { return Ok(()) };
    let Some(known) = platforms.get(platform) else { return Ok(()) };
    let manifest = known.manifest();
    let mut values = given(manifest, matches)?;
    let app = registered(client, platform, matches).await?;
    ask_for_missing(manifest, app.as_ref(), &mut values)?;
    let name = matches.get_one::<String>("name").cloned();
    let app: AppView = match app {
        None => {
            let new = NewApp { platform: platform.into(), name, values };
            client.send(Method::POST, "apps", &new).await?
        }
        Some(app) if values.is_empty() && name.is_none() => app,
        Some(app) => {
            let change = AppChange { name, values };
            client.send(Method::PATCH, &format!("apps/{}", app.id), &change).await?
        }
    };
    let by_token = matches.get_one::<String>("token-file");
    if !app.missing.is_empty() && by_token.is_none() {
        let platform = PlatformView::of(known.as_ref());
        return Err(still_missing(out, manifest, &platform, &app));
    }
    if let Some(file) = by_token {
        let body = json!({ "token": read_secret(file)? });
        let path = format!("apps/{}/tokens", app.id);
        let connected: ConnectedView = client.send(Method::POST, &path, &body).await?;
        return connected_now(out, &connected);
    }
    let begun: AuthorizationView = client.post(&format!("apps/{}/authorizations", app.id)).await?;
    if matches.get_flag("no-wait") {
        if !out.json(&begun)? {
            out.line(&begun.url)?;
        }
        return Ok(());
    }
    out.note(format!(
        "Open this address in a browser, signed in to {} as whoever shall authorize:\n\n  {}\n\n\
         Waiting until it is done there (15 minutes at most; Ctrl-C ends only the waiting) …",
        manifest.name, begun.url
    ));
    connected_now(out, &wait(client, &begun).await?)
}

/// The app that is meant, if it is registered already.
async fn registered(
    client: &Client,
    platform: &str,
    matches: &ArgMatches,
) -> Result<Option<AppView>, Failure> {
    if let Some(app) = matches.get_one::<String>("app") {
        let app = names::app(client, app).await?;
        if app.platform != platform {
            return Err(Failure::usage(format!("`{}` is an app of {}", app.name, app.platform)));
        }
        return Ok(Some(app));
    }
    let apps: Vec<AppView> = client.get("apps").await?;
    let known = apps.iter().any(|it| it.platform == platform);
    if !known || matches.get_flag("new") {
        return Ok(None);
    }
    names::app(client, platform).await.map(Some)
}

/// Values of options, files and the environment.
fn given(manifest: &Manifest, matches: &ArgMatches) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = BTreeMap::new();
    for field in &manifest.fields {
        let option = matches.get_one::<String>(field.name);
        let value = match (option, field.secret) {
            (Some(file), true) => Some(read_secret(file)?),
            (Some(value), false) => Some(value.clone()),
            (None, _) => env::var(variable(manifest.id.as_str(), field.name)).ok(),
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.insert(field.name.to_owned(), value);
        }
    }
    Ok(values)
}

/// Asks for what is required and neither known nor given, when somebody is there to answer.
fn ask_for_missing(
    manifest: &Manifest,
    app: Option<&AppView>,
    values: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(());
    }
    for field in manifest.fields.iter().filter(|field| field.required && field.default.is_none()) {
        let known = app.is_some_and(|app| !app.missing.iter().any(|it| it == field.name));
        if known || values.contains_key(field.name) {
            continue;
        }
        let question = format!("{} ({})", field.name.replace('_', " "), field.help);
        let answer = if field.secret {
            rpassword::prompt_password(format!("{question}, not shown: "))?
        } else {
            let mut answer = String::new();
            Output { json: false }.note(format!("{question}:"));
            io::stdin().read_line(&mut answer)?;
            answer
        };
        if !answer.trim().is_empty() {
            values.insert(field.name.to_owned(), answer.trim().to_owned());
        }
    }
    Ok(())
}

fn still_missing(
    out: Output,
    manifest: &Manifest,
    platform: &PlatformView,
    app: &AppView,
) -> Failure {
    let wanted: Vec<_> = manifest
        .fields
        .iter()
        .filter(|field| app.missing.iter().any(|it| it == field.name))
        .map(|field| {
            let variable = variable(manifest.id.as_str(), field.name);
            let (flag, value) = flag(field);
            format!("  --{flag} {value}  (or {variable}): {}", field.help)
        })
        .collect();
    out.note(format!("{} needs to be told:\n{}\n", app.name, wanted.join("\n")));
    out.note("What to do at the vendor:");
    out.note(by_hand(platform, app));
    Failure::failed(format!(
        "{} cannot be connected yet: {} missing",
        app.name,
        app.missing.join(", ")
    ))
}

async fn wait(client: &Client, begun: &AuthorizationView) -> Result<ConnectedView, Failure> {
    loop {
        let path = format!("authorizations/{}", begun.state);
        let progress: AuthorizationProgress = client.get(&path).await?;
        match (progress.status, progress.connected, progress.problem) {
            (AuthorizationStatus::Connected, Some(connected), _) => return Ok(connected),
            (AuthorizationStatus::Failed, _, problem) => {
                return Err(Failure::failed(problem.unwrap_or_default()));
            }
            (AuthorizationStatus::Expired, ..) => {
                return Err(Failure::failed(
                    "nobody came back from the vendor within 15 minutes: run the command again",
                ));
            }
            _ => tokio::time::sleep(ASK_EVERY).await,
        }
    }
}

fn connected_now(out: Output, connected: &ConnectedView) -> Result<(), Failure> {
    if out.json(connected)? {
        return Ok(());
    }
    let connection = &connected.connection;
    out.line(format!(
        "{} is {} ({})",
        connection.name,
        if connected.renewed { "connected again" } else { "connected" },
        connection.id
    ))?;
    for warning in &connected.warnings {
        out.line(format!("! {warning}"))?;
    }
    if !connected.next_steps.is_empty() {
        out.note("\nStill to do:");
        list(out, connected.next_steps.iter().map(String::as_str));
    }
    out.note(format!(
        "\nNext: `rialto channels {0}` lists its channels, `rialto connections check {0}` checks \
         its permissions.",
        connection.platform
    ));
    Ok(())
}

/// What an admin does at the vendor.
pub fn steps(out: Output, platform: &PlatformView) {
    list(out, platform.steps.iter().map(String::as_str));
}

/// What an admin does at the vendor, with everything that has to be typed there.
pub fn by_hand(platform: &PlatformView, app: &AppView) -> String {
    let steps = platform.steps.iter().enumerate();
    let steps = steps.map(|(index, step)| format!("  {}. {step}", index + 1));
    let permissions = permissions(
        platform
            .permissions
            .iter()
            .map(|it| (it.kind.as_str(), it.name.as_str(), it.needed_for.as_str())),
    );
    format!(
        "{}\n\n  redirect address: {}\n  webhook address:  {}{permissions}",
        steps.collect::<Vec<_>>().join("\n"),
        app.redirect_url,
        app.webhook_url,
    )
}

/// Permissions by kind, each with what it is needed for.
fn permissions<'a>(all: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> String {
    let mut text = String::new();
    let mut last = "";
    for (kind, name, needed_for) in all {
        if kind != last {
            text.push_str(&format!("\n\n  {kind} permissions, each with what it is needed for:"));
            last = kind;
        }
        text.push_str(&format!("\n    {name:<36} {needed_for}"));
    }
    text
}

fn list<'a>(out: Output, steps: impl Iterator<Item = &'a str>) {
    for (index, step) in steps.enumerate() {
        out.note(format!("  {}. {step}", index + 1));
    }
}

/// A platform that the server knows.
pub async fn platform(client: &Client, wanted: &str) -> Result<PlatformView, Failure> {
    let all: Vec<PlatformView> = client.get("platforms").await?;
    let names: Vec<_> = all.iter().map(|it| it.id.clone()).collect();
    all.into_iter().find(|it| it.id == wanted).ok_or_else(|| {
        Failure::usage(format!("there is no platform `{wanted}`: there are {}", names.join(", ")))
    })
}

fn read_secret(file: &str) -> Result<String, Failure> {
    let text = if file == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        text
    } else {
        fs::read_to_string(file)
            .map_err(|error| Failure::failed(format!("{file} cannot be read: {error}")))?
    };
    match text.trim() {
        "" => Err(Failure::failed(format!("{file} is empty"))),
        text => Ok(text.to_owned()),
    }
}

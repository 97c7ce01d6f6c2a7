//! `rialto demo`: a whole world to look at. The real binary as a process of its own, emulated
//! workspaces, and a story told between them.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use rialto_testkit::{
    Channels, Message, Side, World, WorldOptions,
    story::{self, Outcome},
};
use serde_json::json;
use tokio::{sync::mpsc, time::Instant};

use crate::failure::Failure;

/// How often the screens are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Tells the story headless, or shows the world until it is interrupted.
pub async fn run(once: bool, only: &str) -> Result<(), Failure> {
    let binary: PathBuf = std::env::current_exe()?;
    let start = Instant::now();
    say("Acme's engineers live in Slack, its sales people in Microsoft Teams.")?;
    let world = World::start(WorldOptions::new(binary)).await.map_err(failed)?;
    let result = async {
        let (launch, _) = set_up(&world).await?;
        if once { tell(&world, &launch, only, start).await } else { show(&world, &launch).await }
    }
    .await;
    world.stop().await;
    result
}

/// Connects both workspaces and puts two pairs of channels in step.
async fn set_up(world: &World) -> Result<(Channels, Channels), Failure> {
    for side in [Side::Slack, Side::Teams] {
        world.connect(side).await.map_err(failed)?;
        say(&format!("  ✓ {} connected by OAuth", side.name()))?;
    }
    let launch = world.connect_channels("launch", "Launch").await.map_err(failed)?;
    say("  ✓ Connect: #launch in Slack  ⇄  Projects › Launch in Teams")?;
    let added = world.add_channel("release-planning").await.map_err(failed)?;
    say(&format!(
        "  ✓ Add: #{} in Slack  ⇄  {} in Teams, made by Rialto",
        added.slack, added.teams
    ))?;
    hello(world, &added).await?;
    say("  ✓ the first message crossed the added channel, and an answer came back")?;
    Ok((launch, added))
}

/// A first message and its answer.
async fn hello(world: &World, channels: &Channels) -> Result<(), Failure> {
    let crosses = async |from: Side, person: &str, body: serde_json::Value, words: &str| {
        world.act(from, channels, person, "post", body).await?;
        let seen = |all: &[Message]| all.iter().any(|it| it.text.contains(words)).then_some(());
        world.wait(from.other(), channels, words, seen).await
    };
    let question = "When do we ship?";
    crosses(Side::Slack, "Ana Silva", json!({"text": question}), question).await.map_err(failed)?;
    let answer = "On Thursday.";
    let body = json!({"html": format!("<p>{answer}</p>")});
    crosses(Side::Teams, "Megan Bowen", body, answer).await.map_err(failed)
}

/// Every row of what must cross, both ways.
async fn tell(
    world: &World,
    channels: &Channels,
    only: &str,
    start: Instant,
) -> Result<(), Failure> {
    say("\nWhat people say on one side, and what arrives on the other:\n")?;
    let outcomes = story::tell(world, channels, only, |outcome| {
        // A closed pipe ends the demo with the row that follows.
        let _ = say(&line(outcome));
    })
    .await;
    let wrong = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let seconds = start.elapsed().as_secs();
    say(&format!(
        "\n{} of {} rows crossed as they should, in {seconds} s.",
        outcomes.len() - wrong,
        outcomes.len()
    ))?;
    if wrong == 0 {
        return Ok(());
    }
    let log = world.rialto.lock().await.log();
    Err(Failure::failed(format!("{wrong} rows did not cross as they should\n\n{log}")))
}

fn line(outcome: &Outcome) -> String {
    let way = format!("{} → {}", outcome.from.name(), outcome.from.other().name());
    match &outcome.result {
        Ok(arrived) => format!("  ✓ {way}  {:<42} {arrived}", outcome.row),
        Err(problem) => format!("  ✗ {way}  {:<42} {problem}", outcome.row),
    }
}

/// Shows both screens as they change, and lets the visitor speak.
async fn show(world: &World, channels: &Channels) -> Result<(), Failure> {
    let folder = world.folder().display().to_string();
    let rialto = world.rialto.lock().await.url();
    let control = world.control.base();
    say(&format!(
        "
What you see below are the two emulated screens, as people there see them. Type
    s Hello from Slack        Ana says it in Slack, #launch
    t <b>Hello</b> from Teams Lee says it in Teams, Projects › Launch
and watch it appear on the other side. Ctrl-C ends the demo.

In another terminal:
    export RIALTO_URL={rialto} RIALTO_TOKEN_FILE={folder}/admin.token
    rialto status             who is connected, what flows
    rialto deliveries         every delivery and what became of it
    curl {control}/           the emulators' human side, their faults, their clock
"
    ))?;
    let mut shown: [Vec<String>; 2] = Default::default();
    let mut typed = keyboard();
    loop {
        for side in [Side::Slack, Side::Teams] {
            let messages = world.read(side, channels).await.map_err(failed)?;
            let lines: Vec<_> = messages.iter().map(|it| on_screen(side, it)).collect();
            for line in &lines {
                if !shown[side as usize].contains(line) {
                    say(line)?;
                }
            }
            shown[side as usize] = lines;
        }
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return say(""),
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            Some(line) = typed.recv() => speak(world, channels, &line).await?,
        }
    }
}

/// Lines as they are typed. A thread of its own: reading a terminal cannot be interrupted.
fn keyboard() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(8);
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn speak(world: &World, channels: &Channels, line: &str) -> Result<(), Failure> {
    let spoken = match line.split_once(' ') {
        Some(("s", text)) => {
            world.act(Side::Slack, channels, "Ana Silva", "post", json!({"text": text})).await
        }
        Some(("t", html)) => {
            world.act(Side::Teams, channels, "Lee Gu", "post", json!({"html": html})).await
        }
        _ => return say("    (s TEXT speaks in Slack, t HTML speaks in Teams)"),
    };
    match spoken {
        Ok(_) => Ok(()),
        Err(error) => say(&format!("    ({error})")),
    }
}

fn on_screen(side: Side, message: &Message) -> String {
    let reply = if message.thread.is_some() { "↳ " } else { "" };
    let badge = message.author.badge.as_ref().map(|it| format!(" [{it}]")).unwrap_or_default();
    let edited = if message.edited { " (edited)" } else { "" };
    let text =
        if message.deleted { "(deleted)".into() } else { message.text.replace('\n', " ⏎ ") };
    let files: String = message.files.iter().map(|it| format!(" 📎 {}", it.name)).collect();
    let reactions: String = message.reactions.iter().map(|it| format!(" {}", it.emoji)).collect();
    let name = &message.author.name;
    let line =
        format!("{:>5} │ {reply}{name}{badge}: {text}{edited}{files}{reactions}", side.name());
    if io::stdout().is_terminal() {
        let colour = if side == Side::Slack { 35 } else { 34 };
        return format!("\u{1b}[{colour}m{line}\u{1b}[0m");
    }
    line
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: anyhow::Error) -> Failure {
    Failure::failed(format!("{error:#}"))
}

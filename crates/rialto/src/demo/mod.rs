//! `rialto demo`: a whole world to look at. The real binary as a process of its own, emulated
//! workspaces, and a story told between them.

mod matrix;

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use rialto_testkit::{Channels, Message, Side, World, WorldOptions, story};
use serde_json::json;
use tokio::{sync::mpsc, time::Instant};

use crate::failure::Failure;

/// How often the screens are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Tells the story headless, or shows the world until it is interrupted.
pub async fn run(once: bool, only: &str) -> Result<(), Failure> {
    let binary: PathBuf = std::env::current_exe()?;
    let start = Instant::now();
    say(
        "Acme's engineers live in Slack, its sales people in Microsoft Teams, its support in Webex, \
         a subsidiary in Zoom.",
    )?;
    let mut options = WorldOptions::new(binary);
    if once {
        // The story says in a minute what people say in days.
        options.environment.push(("RIALTO_DELIVERIES_PACING".into(), "false".into()));
    }
    let world = World::start(options).await.map_err(failed)?;
    let result = async {
        let launch = set_up(&world, once).await?;
        if once { tell(&world, &launch, only, start).await } else { show(&world, &launch).await }
    }
    .await;
    world.stop().await;
    result
}

/// Connects all workspaces and puts a channel of each in step, and two more.
async fn set_up(world: &World, unlimited: bool) -> Result<Channels, Failure> {
    for side in Side::ALL {
        if unlimited {
            let off = json!({"platform": side.word(), "off": true});
            world.control.post("/limits", off).await.map_err(|error| failed(error.into()))?;
        }
        world.connect(side).await.map_err(failed)?;
        say(&format!("  ✓ {} connected by OAuth", side.name()))?;
    }
    let launch = ["slack:launch", "teams:Launch", "webex:Launch", "zoom:launch"];
    let launch = world.connect_channels(&launch).await.map_err(failed)?;
    say("  ✓ Connect: one channel sync of the channels Launch in all four")?;
    let added = world.add_channel("slack:release-planning", Side::Teams).await.map_err(failed)?;
    let names = added.places.iter().map(|place| place.channel.as_str()).collect::<Vec<_>>();
    say(&format!("  ✓ Add: #{} in Slack  ⇄  {} in Teams, made by Rialto", names[0], names[1]))?;
    for (from, to, words) in
        [(Side::Slack, Side::Teams, "When do we ship?"), (Side::Teams, Side::Slack, "On Thursday.")]
    {
        world.say(from, &added, words).await.map_err(failed)?;
        world.arrives(to, &added, words).await.map_err(failed)?;
    }
    say("  ✓ the first message crossed the added channel, and an answer came back")?;
    Ok(launch)
}

/// Every row of what must cross, from each side to all others.
async fn tell(
    world: &World,
    channels: &Channels,
    only: &str,
    start: Instant,
) -> Result<(), Failure> {
    say(&matrix::head())?;
    let outcomes = story::tell(world, channels, only, |row, ways| {
        // A closed pipe ends the demo with the row that follows.
        let _ = say(&matrix::line(row, ways));
    })
    .await
    .map_err(failed)?;
    say(&matrix::notes(&outcomes))?;
    let wrong = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    say(&format!(
        "{} of {} cells are as expected, in {} s.",
        outcomes.len() - wrong,
        outcomes.len(),
        start.elapsed().as_secs()
    ))?;
    if wrong == 0 {
        return Ok(());
    }
    let log = world.rialto.lock().await.log();
    Err(Failure::failed(format!("{wrong} cells are not as expected\n\n{log}")))
}

/// Shows all screens as they change, and lets the visitor speak.
async fn show(world: &World, channels: &Channels) -> Result<(), Failure> {
    let folder = world.folder().display().to_string();
    let rialto = world.rialto.lock().await.url();
    let control = world.control.base();
    say(&format!(
        "
What you see below are the four emulated screens, as people there see them. Type
    s Hello from Slack        Ana says it in Slack, #launch
    t <b>Hello</b> from Teams Lee says it in Teams, Projects › Launch
    w **Hello** from Webex    Wanda says it in Webex, in the space Launch
    z *Hello* from Zoom       Zoe says it in Zoom, in the channel launch
and watch it appear on all others. Ctrl-C ends the demo.

In another terminal:
    export RIALTO_URL={rialto} RIALTO_TOKEN_FILE={folder}/admin.token
    rialto status             who is connected, what flows
    rialto deliveries         every delivery and what became of it
    curl {control}/           the emulators' human side, their faults, their clock
"
    ))?;
    let mut shown: [Vec<String>; 4] = Default::default();
    let mut typed = keyboard();
    loop {
        for side in Side::ALL {
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
    let Some((side, words)) = addressed(line) else {
        return say("    (s, t, w or z, and what is to be said there)");
    };
    // As it is typed there, markup and all.
    let field = if side == Side::Teams { "html" } else { "text" };
    let spoken = world.act(side, channels, side.speaker(), "post", json!({field: words})).await;
    match spoken {
        Ok(_) => Ok(()),
        Err(error) => say(&format!("    ({error})")),
    }
}

/// Where a line is to be said: its first letter is the side's.
fn addressed(line: &str) -> Option<(Side, &str)> {
    let (letter, words) = line.split_once(' ')?;
    let side = Side::ALL.into_iter().find(|side| side.word().get(..1) == Some(letter))?;
    Some((side, words))
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
        let colour = [35, 34, 36, 33][side as usize];
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

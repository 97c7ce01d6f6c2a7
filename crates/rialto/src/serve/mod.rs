//! `rialto serve`: the server, from its files to its last answer.

mod background;
mod data_folder;
mod figures;
#[cfg(unix)]
mod open_files;
mod secrets;
mod telemetry;
mod traces;

use std::{io, sync::Arc, time::Duration};

use rialto_hub::{Hub, HubOptions};
use rialto_platform::Toolkit;
use rialto_relay::{AvatarLinks, Platforms, Relay, RelaySettings, Traces};
use rialto_store::{Now, SqlOptions, SqlStore, Store, Vault};
use tokio::net::TcpListener;

use crate::{
    config::{Loaded, Settings},
    failure::Failure,
};

use background::Background;
use traces::Otlp;

pub use data_folder::DataFolder;
pub use secrets::{new_key, vault, write_key};

/// How long calls that are under way may take when the server stops. Together with the hub's own
/// patience it is below the 30 and more seconds after which service managers kill.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the server until it is told to stop.
pub async fn run(loaded: Loaded, platforms: Platforms, toolkit: Toolkit) -> Result<(), Failure> {
    let Loaded { settings, file } = loaded;
    telemetry::start(&settings.log)?;
    #[cfg(unix)]
    open_files::raise();
    let version = env!("CARGO_PKG_VERSION");
    match &file {
        Some(file) => tracing::info!("Rialto {version}, configured by {}", file.display()),
        None => {
            tracing::info!("Rialto {version}, with the defaults (there is no rialto.toml here)");
        }
    }
    // The port first: who is there already must not be disturbed.
    let listener = listen(&settings).await?;
    let folder = DataFolder::open(&settings)?;
    let secrets = secrets::find_or_make(&settings)?;
    let store = Arc::new(open_store(&settings, secrets.vault, &toolkit).await?);
    let figures = figures::install()?;
    let traces = match &settings.telemetry.traces_to {
        Some(to) => Some(Arc::new(Otlp::new(to, settings.telemetry.sample, &toolkit)?)),
        None => None,
    };
    let avatars = AvatarLinks::new(settings.public_url.clone(), &secrets.for_addresses);
    let background = Background::start()?;
    let relay = Relay::start(
        store.clone() as Arc<dyn Store>,
        platforms,
        toolkit,
        RelaySettings {
            keep_parked: settings.deliveries.keep_parked.duration,
            give_up_after: settings.deliveries.give_up_after.duration,
            tell_after: settings.deliveries.tell_after.duration,
            look_after: settings.deliveries.look_after.duration,
            pacing: settings.deliveries.pacing,
            sweep_every: settings.sweeps.every.duration,
            sweep_grace: settings.sweeps.grace.duration,
            canary_every: Some(settings.canary.every.duration).filter(|every| !every.is_zero()),
            canary_patience: settings.canary.patience.duration,
            traces: traces.clone().map(|traces| traces as Arc<dyn Traces>),
            avatars: Some(avatars),
            ..RelaySettings::new(settings.public_url.clone())
        },
    );
    let relay = background.run(relay).await?;
    let relay = relay.map_err(|error| Failure::failed(error.to_string()))?;
    welcome(&settings, &listener, &relay);
    let hub = Hub::new(HubOptions {
        relay: relay.clone(),
        admin_token: secrets.admin_token,
        metrics: Arc::new(move || figures.render()),
    });
    rialto_hub::serve(listener, hub, told_to_stop()).await;
    tracing::info!("stopping: calls under way may end, what waits goes on at the next start");
    if !relay.wind_down(PATIENCE).await {
        tracing::warn!(
            "calls are not answered after {} seconds: the next start looks up what became of them",
            PATIENCE.as_secs()
        );
    }
    relay.stop().await;
    drop(background);
    store.close().await;
    if let Some(traces) = traces {
        // It waits on a thread of its own, which needs this one to send.
        let _ = tokio::task::spawn_blocking(move || traces.close()).await;
    }
    drop(folder);
    Ok(())
}

async fn listen(settings: &Settings) -> Result<TcpListener, Failure> {
    TcpListener::bind(settings.listen).await.map_err(|error| {
        let address = settings.listen;
        Failure::failed(match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "{address} is taken: a Rialto runs there already, or something else does. Stop it, \
                 or choose another port by `listen` or RIALTO_LISTEN"
            ),
            io::ErrorKind::PermissionDenied => format!(
                "{address} may not be used: ports below 1024 need special rights. Choose another \
                 by `listen` or RIALTO_LISTEN"
            ),
            io::ErrorKind::AddrNotAvailable => format!(
                "{address} is not an address of this machine: use 127.0.0.1, or 0.0.0.0 for all, \
                 in `listen` or RIALTO_LISTEN"
            ),
            _ => format!("{address} cannot be listened at: {error}"),
        })
    })
}

/// Opens the database of these settings.
pub async fn open_store(
    settings: &Settings,
    vault: Vault,
    toolkit: &Toolkit,
) -> Result<SqlStore, Failure> {
    let mut options = SqlOptions::new(settings.database_file());
    if let Some(pages) = settings.database.max_pages {
        options = options.max_page_count(pages);
    }
    let clock = toolkit.clock.clone();
    let now: Now = Arc::new(move || clock.now());
    SqlStore::open(options, vault, now).await.map_err(|error| Failure::failed(error.to_string()))
}

fn welcome(settings: &Settings, listener: &TcpListener, relay: &Relay) {
    let address = listener.local_addr().unwrap_or(settings.listen);
    tracing::info!("listening at http://{address}, public address {}", settings.public_url);
    tracing::info!("the admin token is in {}", settings.token_file().display());
    if settings.public_url.scheme() != "https" {
        tracing::warn!(
            "the public address is not https: platforms send events to https addresses only. Set \
             `public_url` to the address that your reverse proxy or tunnel has"
        );
    }
    let (connections, syncs) = {
        let view = relay.roster().view();
        (view.connections.len(), view.syncs.len())
    };
    if connections == 0 {
        let known: Vec<_> =
            relay.roster().platforms().iter().map(|it| it.manifest().id.as_str()).collect();
        tracing::info!("no workspace is connected yet: run `rialto connect {}`", known.join("|"));
    } else {
        tracing::info!("{connections} workspace(s), {syncs} channel sync(s)");
    }
}

/// Ends when the process is interrupted or terminated.
async fn told_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

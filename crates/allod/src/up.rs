//! `allod up`: serves a cloud until told to stop.

use crate::arguments::Up;
use crate::cloud::Cloud;
use crate::output;
use crate::rootless::Ground;
use anyhow::Context as _;
use std::process::ExitCode;

/// Runs the cloud.
pub(crate) fn run(mut options: Up) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    raise_file_limit();
    // Before the first thread: a process with threads cannot change its user namespace.
    let ground = Ground::for_up(&mut options)?;
    runtime()?.block_on(serve(options, ground))
}

/// Allows as many open files as the host does at most: a connection is one, a VPC's router some ten, its name server two
/// for each address. The soft limit is low (1,024) only for the sake of select(2), which nothing here uses.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// The log goes to standard error; `ALLOD_LOG` chooses what is in it, in tracing's filter language.
pub(crate) fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ALLOD_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
}

/// The front needs two threads; blocking work has a pool of its own, bounded so that launches cannot eat the memory.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(64)
        .enable_all()
        .build()
        .context("no threads for the cloud")
}

async fn serve(options: Up, ground: Ground) -> anyhow::Result<ExitCode> {
    let cloud = Cloud::start(&options, ground).await?;
    announce(&options, &cloud);
    wait_for_signal().await;
    cloud.stop().await?;
    Ok(ExitCode::SUCCESS)
}

fn announce(options: &Up, cloud: &Cloud) {
    let address = cloud.address;
    let open = "open: any key is accepted";
    let mode = if cloud.open { open } else { "enforced: signatures and rights are checked" };
    output::say(&format!("Allod serves http://{address} ({mode}; account {})", options.account_id));
    let end = if cloud.home.ephemeral { " (removed at the end)" } else { "" };
    output::say(&format!("  data: {}{end}", cloud.home.path().display()));
    if cloud.open {
        output::say(&format!("  shell: eval \"$(allod env --endpoint http://{address})\""));
    }
    if cloud.rootless {
        output::say("  without root: machines have one user and no limits, no SSH and no way to the world;");
        output::say(&format!(
            "    their public addresses answer inside: nsenter --preserve-credentials --user --net --target {} COMMAND",
            std::process::id()
        ));
    }
    if let Some((id, secret)) = &cloud.new_root_key {
        output::say("  root key of the account, shown this once:");
        output::say(&format!("    AWS_ACCESS_KEY_ID={id}"));
        output::say(&format!("    AWS_SECRET_ACCESS_KEY={secret}"));
    }
    if let Some(path) = &options.ready_file {
        let mut ready = serde_json::json!({
            "endpoint": format!("http://{address}"),
            "data_dir": cloud.home.path(),
            "pid": std::process::id(),
            "rootless": cloud.rootless,
        });
        if let Some((id, secret)) = &cloud.new_root_key {
            ready["root_key"] = serde_json::json!({"access_key_id": id, "secret_access_key": secret});
        }
        if let Err(error) = write_private(path, &ready.to_string()) {
            tracing::error!(path = %path.display(), %error, "the ready file could not be written");
        }
    }
}

/// Written beside and renamed: a reader sees all of it or nothing. It may hold a key, so it is the owner's alone.
fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let unfinished = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&unfinished, path)
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be awaited; stop the cloud with kill -9");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

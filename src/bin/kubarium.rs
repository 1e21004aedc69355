//! The program for the terminal: `serve` the API, `run` manifests.

use clap::{Parser, Subcommand};
use kubarium::serve::{self, Speed};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Parser)]
#[command(version, about = "Kubernetes in a value: serve it to kubectl, or run manifests and see what comes of them.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the Kubernetes REST API.
    Serve {
        #[arg(long, default_value = "127.0.0.1:8001")]
        listen: SocketAddr,
        #[arg(long, default_value_t = 3)]
        nodes: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Virtual seconds a second, `max`, or `manual`.
        #[arg(long, default_value = "1")]
        speed: Speed,
        /// Where to write a kubeconfig for kubectl.
        #[arg(long)]
        kubeconfig: Option<PathBuf>,
    },
}

fn main() -> std::process::ExitCode {
    let Command::Serve { listen, nodes, seed, speed, kubeconfig } = Cli::parse().command;
    match serve::serve(serve::Options { listen, nodes, seed, speed, kubeconfig }) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("kubarium: {e}");
            std::process::ExitCode::from(2)
        }
    }
}

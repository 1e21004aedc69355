//! The program for the terminal: `serve` the API, `run` manifests, `replay` a report.

use clap::{Parser, Subcommand, ValueEnum};
use kubarium::run::{self, Output};
use kubarium::serve::{self, Speed};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(version, about = "Kubernetes as a value: serve it to kubectl, or run manifests and see what comes of them.")]
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
    /// Apply manifests, simulate, and print what came of it; or play a scenario (0: met, 1: not met, 2: bad input).
    Run {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Virtual time to run, as in 10m; without it, until nothing moves any more.
        #[arg(long = "for", value_parser = duration)]
        run_for: Option<Duration>,
        #[arg(long, default_value_t = 3)]
        nodes: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[arg(short, long, value_enum, default_value = "table")]
        output: Form,
    },
    /// Random work and faults, then healing: prints each seed that breaks an invariant.
    Fuzz {
        /// One seed.
        #[arg(long)]
        seed: Option<u64>,
        /// So many seeds from 1 on.
        #[arg(long, default_value_t = 100)]
        seeds: u64,
    },
    /// Write what `kubectl explain` says of types and fields, as the page loads it.
    Descriptions { file: PathBuf },
    /// Run a session's report again: the same trace hash, or how it differs.
    Replay { file: PathBuf },
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Table,
    Json,
    Trace,
}

fn duration(text: &str) -> Result<Duration, String> {
    kubarium::apimachinery::time::parse_duration(text)
        .map_err(|e| e.to_string())
        .and_then(|n| u64::try_from(n).map(Duration::from_nanos).map_err(|_| "less than nothing".to_owned()))
}

/// Exit status: 0 done, 1 refused or different, 2 could not begin.
fn main() -> ExitCode {
    let bad = |e: String| {
        eprintln!("kubarium: {e}");
        ExitCode::from(2)
    };
    match Cli::parse().command {
        Command::Serve { listen, nodes, seed, speed, kubeconfig } => {
            match serve::serve(serve::Options { listen, nodes, seed, speed, kubeconfig }) {
                Ok(()) => ExitCode::SUCCESS,
                Err(e) => bad(e.to_string()),
            }
        }
        Command::Run { files, run_for, nodes, seed, output } => {
            let output = match output {
                Form::Table => Output::Table,
                Form::Json => Output::Json,
                Form::Trace => Output::Trace,
            };
            let played = match files.as_slice() {
                [file] => run::scenario(file).transpose(),
                _ => None,
            };
            match played.unwrap_or_else(|| run::run(&run::Options { files, nodes, seed, run_for, output })) {
                Ok(o) => {
                    print!("{}", o.out);
                    eprint!("{}", o.err);
                    if o.ok { ExitCode::SUCCESS } else { ExitCode::from(1) }
                }
                Err(e) => bad(e),
            }
        }
        Command::Fuzz { seed, seeds } => {
            let range = seed.map_or(1..=seeds, |s| s..=s);
            let mut broken = 0;
            for seed in range {
                match kubarium::fuzz::run(seed) {
                    Ok(hash) => println!("seed {seed} holds: {hash:016x}"),
                    Err(e) => {
                        broken += 1;
                        println!("{e}");
                    }
                }
            }
            if broken == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Command::Descriptions { file } => match std::fs::write(&file, format!("{}\n", serve::texts())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => bad(format!("{}: {e}", file.display())),
        },
        Command::Replay { file } => match std::fs::read_to_string(&file) {
            Err(e) => bad(format!("{}: {e}", file.display())),
            Ok(text) => match run::replay(&text) {
                Ok(hash) => {
                    println!("the same trace: {hash}");
                    ExitCode::SUCCESS
                }
                Err(e) => {
                    eprintln!("kubarium: {e}");
                    ExitCode::from(1)
                }
            },
        },
    }
}

//! `kubarium run` and `kubarium replay`: manifests applied and simulated, scenarios judged, sessions reproduced.

use crate::api::{KindId, PrintCx};
use crate::apimachinery::Value;
use crate::scenario::Scenario;
use crate::session::protocol::{File, Reply, Request, Severity};
use crate::session::{Report, Session};
use crate::sim::{Duration, Time};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is printed of the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    Table,
    Json,
    Trace,
}

/// What a run was told.
pub struct Options {
    pub files: Vec<PathBuf>,
    pub nodes: u32,
    pub seed: u64,
    /// None: until nothing moves any more.
    pub run_for: Option<Duration>,
    pub output: Output,
}

/// What came of it: text for standard output, complaints for standard error, and whether everything was applied.
pub struct Outcome {
    pub out: String,
    pub err: String,
    pub ok: bool,
}

/// A settled cluster is not waited for longer than this.
const LIMIT: Duration = Duration::from_secs(24 * 3600);
const QUIET: Duration = Duration::from_secs(30);

/// Errors: a file that cannot be read.
pub fn run(options: &Options) -> Result<Outcome, String> {
    let mut files = Vec::new();
    for path in &options.files {
        read(path, &mut files)?;
    }
    let mut session = Session::new("native", || 0.0);
    session.handle(Request::Reset { nodes: options.nodes, seed: options.seed });
    session.history_mut().run_until(Time::from_secs(5));
    session.handle(Request::Apply { id: 1, files, dry_run: false });
    let mut outcome = Outcome { out: String::new(), err: String::new(), ok: true };
    for (_, reply) in session.take_replies() {
        let Reply::Applied { documents, diagnostics } = reply else { continue };
        for d in documents.iter().filter(|d| !d.line.is_empty()) {
            writeln!(outcome.out, "{}", d.line).expect("a string takes text");
        }
        for d in diagnostics {
            outcome.ok &= d.severity == Severity::Warning;
            writeln!(outcome.err, "{}:{}:{}: {}", d.file, d.line, d.column, d.message).expect("a string takes text");
        }
    }
    let history = session.history_mut();
    match options.run_for {
        Some(d) => {
            let to = history.cluster().now() + d;
            history.run_until(to);
        }
        None => {
            let end = history.cluster().now() + LIMIT;
            while history.cluster().now().since(history.cluster().last_change()) < QUIET && history.step(end) {}
        }
    }
    outcome.out.push_str(&show(&session, options.output));
    Ok(outcome)
}

/// What became of a file that is a scenario: its report, and whether all came about that it expects. None: it is none.
///
/// Errors: a file that cannot be read, or is wrong.
pub fn scenario(path: &Path) -> Result<Option<Outcome>, String> {
    let fail = |e: String| format!("{}: {e}", path.display());
    if path.is_dir() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    if !Scenario::is_one(&text) {
        return Ok(None);
    }
    let scenario = Scenario::parse(&text).map_err(fail)?;
    let outcome = scenario.run();
    let judged = scenario.judge(&outcome);
    let verdict = if judged.is_ok() { "met" } else { "not met" };
    let out = format!("{}{}: {verdict}, trace {:016x}\n", outcome.timeline, scenario.about, outcome.hash);
    let err = judged.as_ref().err().map(|e| format!("{e}\n")).unwrap_or_default();
    Ok(Some(Outcome { out, err, ok: judged.is_ok() }))
}

fn read(path: &Path, out: &mut Vec<File>) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("{}: {e}", path.display());
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path).map_err(fail)?.filter_map(|e| e.ok().map(|e| e.path())).collect();
        entries.sort();
        for e in entries {
            if e.is_file() && e.extension().is_some_and(|x| x == "yaml" || x == "yml" || x == "json") {
                read(&e, out)?;
            }
        }
        return Ok(());
    }
    let text = std::fs::read_to_string(path).map_err(fail)?;
    out.push(File { name: path.display().to_string(), text });
    Ok(())
}

/// The kinds that a run prints, in this order.
const SHOWN: &[KindId] = &[KindId::Node, KindId::Deployment, KindId::ReplicaSet, KindId::Pod];

fn show(session: &Session, output: Output) -> String {
    let c = session.history().cluster();
    let mut out = String::new();
    match output {
        Output::Trace => {
            for e in c.trace.since(0) {
                writeln!(out, "{:>12} {:>6} <- {:<6} {:?}", e.time.to_string(), e.seq, e.cause, e.what)
                    .expect("a string takes text");
            }
        }
        Output::Json => {
            let items: Vec<Value> =
                KindId::ALL.iter().flat_map(|k| c.tables().objects(*k, None).map(|(_, o)| o.encode())).collect();
            let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
            writeln!(out, "{list:#}").expect("a string takes text");
        }
        Output::Table => {
            for kind in SHOWN {
                let cx = PrintCx { now: c.wall() };
                let rows: Vec<Vec<String>> =
                    c.tables().objects(*kind, None).map(|(_, o)| o.row(&cx).iter().map(cell).collect()).collect();
                if !rows.is_empty() {
                    out.push('\n');
                    table(*kind, &rows, &mut out);
                }
            }
            writeln!(out, "\nafter {}, trace {:016x}", c.now(), c.hash()).expect("a string takes text");
        }
    }
    out
}

fn cell(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

fn table(kind: KindId, rows: &[Vec<String>], out: &mut String) {
    let columns: Vec<_> = kind.columns().iter().enumerate().filter(|(_, c)| c.priority == 0).collect();
    let width = |i: usize, head: &str| rows.iter().map(|r| r[i].len()).chain([head.len()]).max().unwrap_or(0) + 3;
    let mut line = |cells: Vec<(&str, usize)>| {
        let text: String = cells.iter().map(|(c, w)| format!("{c:<w$}", w = *w)).collect();
        writeln!(out, "{}", text.trim_end()).expect("a string takes text");
    };
    let heads: Vec<String> = columns.iter().map(|(_, c)| c.name.to_uppercase()).collect();
    line(columns.iter().zip(&heads).map(|((i, _), h)| (h.as_str(), width(*i, h))).collect());
    for r in rows {
        line(columns.iter().zip(&heads).map(|((i, _), h)| (r[*i].as_str(), width(*i, h))).collect());
    }
}

/// Runs a session's report again. Ok: the hash that both have; Err: what is wrong with the file, or the two hashes.
pub fn replay(text: &str) -> Result<String, String> {
    let report = Report::read(text)?;
    let hash = report.replay();
    if hash == report.hash { Ok(hash) } else { Err(format!("recorded {}, replayed {hash}", report.hash)) }
}

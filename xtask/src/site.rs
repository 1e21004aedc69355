//! Builds the site: both wasm programs, their glue, the static files.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::finish::{self, Offline};
use crate::npm;
use crate::steps::{Outcome, cargo, files_below, program, read, read_file, root, run, stage, target, write_file};

const TARGET: &str = "wasm32-unknown-unknown";

/// How the wasm is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Small and fast: what ships.
    Release,
    /// Quick to build and with readable stacks.
    Development,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Release => "wasm",
            Profile::Development => "wasm-dev",
        }
    }
}

/// Builds everything and gives the folder of the site.
pub(crate) fn build(profile: Profile) -> Outcome<PathBuf> {
    let dist = match profile {
        Profile::Release => root().join("dist"),
        Profile::Development => target().join("site"),
    };
    stage("wasm target", install_target)?;
    stage("npm packages", npm::install)?;
    stage("wasm of page and worker", || compile(profile))?;
    stage("glue", || glue(profile, &dist))?;
    stage("static files", || copy(&dist))?;
    let offline = if profile == Profile::Release { Offline::Yes } else { Offline::No };
    stage("finish", || finish::finish(&dist, offline))?;
    Ok(dist)
}

fn install_target() -> Outcome {
    let sysroot = read(program("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    run(program("rustup").args(["target", "add", TARGET])).map_err(|reason| {
        format!("{reason}\nThe Rust target {TARGET} is missing: install rustup, then `rustup target add {TARGET}`.")
    })
}

fn compile(profile: Profile) -> Outcome {
    let mut command = cargo();
    command.args(["build", "--package", "kubarium-web", "--bins", "--target", TARGET, "--profile", profile.name()]);
    if profile == Profile::Release {
        // Panic messages hold paths of the sources; without this the bytes would differ from machine to machine.
        for flag in remapped_paths()? {
            command.args(["--config", &format!("target.{TARGET}.rustflags=[\"{flag}\"]")]);
        }
    }
    run(&mut command)
}

/// The same flags for a compiler that Trunk starts; those of `.cargo/config.toml` stay, and the host keeps its own.
pub(crate) fn flags_for_trunk() -> Outcome<String> {
    Ok(remapped_paths()?.join(" "))
}

fn remapped_paths() -> Outcome<Vec<String>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let Some(sources) = home.map(|home| home.join("registry/src")).filter(|sources| sources.is_dir()) else {
        return Ok(Vec::new());
    };
    let folders = std::fs::read_dir(&sources).map_err(|error| format!("{}: {error}", sources.display()))?;
    Ok(folders.flatten().map(|index| format!("--remap-path-prefix={}/=", index.path().display())).collect())
}

fn glue(profile: Profile, dist: &Path) -> Outcome {
    if dist.exists() {
        std::fs::remove_dir_all(dist).map_err(|error| format!("{}: {error}", dist.display()))?;
    }
    for name in ["app", "worker"] {
        let wasm = target().join(TARGET).join(profile.name()).join(name).with_extension("wasm");
        Bindgen::new()
            .input_path(&wasm)
            .web(true)
            .map(|bindgen| bindgen.typescript(false).omit_default_module_path(false))
            .and_then(|bindgen| bindgen.generate(dist))
            .map_err(|error| format!("{}: {error:#}", wasm.display()))?;
    }
    Ok(())
}

fn copy(dist: &Path) -> Outcome {
    let from = root().join("static");
    for name in files_below(&from)? {
        write_file(&dist.join(&name), read_file(&from.join(&name))?)?;
    }
    write_file(&dist.join("index.html"), read_file(&root().join("web/index.html"))?)
}

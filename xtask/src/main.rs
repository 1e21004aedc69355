//! `cargo xtask`: everything about Kubarium that takes more than one step.

#![allow(clippy::disallowed_types, reason = "a build tool measures real time and promises no order")]

mod api;
mod bench;
mod bundle;
mod deny;
mod descriptions;
mod finish;
mod npm;
mod openapi;
mod serve;
mod site;
mod steps;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  serve [--port N]   build for development, serve on loopback and print the address
  test [STAGE…]      run everything that is tested, or only the stages named
  build              write the site to dist/
  pictures           take the pictures of the README anew, in the site of the last build
  finish             the last step of a build, on the folder that TRUNK_STAGING_DIR names
  bench              measure, and print one JSON document
  api KIND --openapi FILE
                     print the declaration of a kind, from an OpenAPI v2 document
  parity --openapi FILE
                     write the table of facts that tests hold the declarations to
  descriptions       write static/descriptions.json, what `kubectl explain` says of fields
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("serve") => serve::run(rest),
        Some("test") => test::run_stages(rest),
        Some("build") => site::build(site::Profile::Release).map(|dist| println!("{}", dist.display())),
        Some("pictures") => test::take_pictures(),
        Some("finish") => finish::from_trunk(),
        Some("bench") => bench::run_bench(rest),
        Some("api") => api::print(rest),
        Some("parity") => api::write_table(rest),
        Some("descriptions") => descriptions::write(rest),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.trim_end().to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

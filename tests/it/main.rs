//! The one integration binary: every case is listed and run by its name.

mod describe;
mod determinism;
mod diagnostics;
mod fidelity;
mod laws;
mod parity;
mod session;
mod tidy;
mod why;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let trials: Vec<Trial> = [
        tidy::trials(),
        fidelity::trials(),
        parity::trials(),
        describe::trials(),
        diagnostics::trials(),
        determinism::trials(),
        laws::trials(),
        session::trials(),
        why::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

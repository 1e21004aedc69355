//! The one integration binary: every case is listed and run by its name.

mod cases;
mod describe;
mod determinism;
mod diagnostics;
mod fidelity;
mod laws;
mod oracle;
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
        cases::trials(),
        diagnostics::trials(),
        determinism::trials(),
        laws::trials(),
        oracle::trials(),
        session::trials(),
        why::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

//! The program for the terminal.

fn main() {}

//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    let lookup = |name: &str| std::env::var(name).ok();
    let everything = || std::env::vars_os().collect();
    loadgate::app::start(std::env::args_os(), lookup, everything).into()
}

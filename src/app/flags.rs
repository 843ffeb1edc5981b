//! From the arguments, and the environment behind them, to what is asked for.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::voice::{self, Lookup};
use crate::cli::Cli;
use crate::error::Exit;
use crate::sanitise::Clean;

/// Why nothing is done: the flags are wrong, or help was asked for.
pub(super) struct Refused {
    fault: clap::Error,
    /// Where the values of the flags at fault came from, where nobody typed them.
    sources: Vec<String>,
}

/// Reads the arguments and the environment. An empty variable is no variable: that is how CI files
/// pass on what was not given.
pub(super) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    lookup: Lookup,
) -> Result<Cli, Refused> {
    let forgotten = |flag: Arg| {
        let variable = flag.get_env().and_then(|name| name.to_str());
        let empty = variable.and_then(lookup).is_some_and(|value| value.is_empty());
        if empty { flag.env(None::<&str>) } else { flag }
    };
    let mut command = everywhere(Cli::command(), &forgotten);
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let matches = command.try_get_matches_from_mut(&typed);
    let matches = matches.and_then(|matches| {
        let fault = contradiction(&command, &matches);
        match fault.or_else(|| stray(&command, &matches, &typed)) {
            Some(fault) => Err(fault),
            None => Ok(matches),
        }
    });
    let cli = matches.and_then(|matches| {
        Cli::from_arg_matches(&matches).map_err(|fault| fault.format(&mut command))
    });
    cli.map_err(|fault| {
        let typed = typed.iter().skip(1).filter_map(|word| word.to_str()).collect::<Vec<_>>();
        Refused { sources: sources(&fault, &command, &typed, lookup), fault }
    })
}

/// Changes every flag of a command and of those below it.
fn everywhere(command: Command, change: &impl Fn(Arg) -> Arg) -> Command {
    let command = command.mut_args(change);
    let names: Vec<_> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    names
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, |one| everywhere(one, change)))
}

/// Nothing is written where loadgate only serves: a directory for reports that is typed beside it
/// is a mistake. One from the environment is there for other commands, and does no harm.
fn contradiction(command: &Command, matches: &ArgMatches) -> Option<clap::Error> {
    let ("demo", demo) = matches.subcommand()? else { return None };
    let typed = demo.value_source("out") == Some(ValueSource::CommandLine);
    if !(typed && demo.get_flag("serve")) {
        return None;
    }
    let mut fault = clap::Error::new(ErrorKind::ArgumentConflict);
    if let Some(demo) = command.find_subcommand("demo") {
        fault = fault.with_cmd(demo);
    }
    fault.insert(ContextKind::InvalidArg, ContextValue::String("--serve".to_owned()));
    fault.insert(ContextKind::PriorArg, ContextValue::String("--out <DIR>".to_owned()));
    Some(fault)
}

/// What calls Locust stands behind `--`: another word behind the gate file is a mistake.
fn stray(command: &Command, matches: &ArgMatches, typed: &[OsString]) -> Option<clap::Error> {
    let (name, asked) = matches.subcommand()?;
    let word = asked.try_get_many::<String>("locust").ok()??.next()?;
    if typed.iter().any(|word| word == "--") {
        return None;
    }
    let mut fault = clap::Error::new(ErrorKind::UnknownArgument);
    if let Some(asked) = command.find_subcommand(name) {
        fault = fault.with_cmd(asked);
    }
    fault.insert(ContextKind::InvalidArg, ContextValue::String(word.clone()));
    Some(fault)
}

impl Refused {
    /// Says why. Help and version are data; anything else is a fault of the flags, and may repeat
    /// hostile ones.
    pub(super) fn tell(&self) -> Exit {
        if self.fault.exit_code() == 0 {
            // A reader who left early has what was wanted.
            let _ = self.fault.print();
            return Exit::Pass;
        }
        let mut text = self.fault.render().to_string();
        for source in &self.sources {
            text.push_str(source);
            text.push('\n');
        }
        voice::bare(Clean::lines(&text).as_str());
        Exit::Usage
    }
}

/// A sentence for each flag of a fault that nobody typed: whoever set the variable behind it may
/// not know the flag.
fn sources(fault: &clap::Error, command: &Command, typed: &[&str], lookup: Lookup) -> Vec<String> {
    let nested = command.get_subcommands().flat_map(|one| {
        one.get_arguments().chain(one.get_subcommands().flat_map(Command::get_arguments))
    });
    let flags: Vec<&Arg> = command.get_arguments().chain(nested).collect();
    let source = |name: &str| {
        let flag = flags.iter().find(|flag| flag.get_long() == Some(name))?;
        let variable = flag.get_env()?.to_str()?;
        let set = lookup(variable).is_some_and(|value| !value.is_empty());
        let unseen = set && !typed.iter().any(|word| means(word, flag));
        unseen.then(|| format!("`--{name}` was set by the variable {variable}"))
    };
    names(fault).into_iter().filter_map(source).collect()
}

/// The long names of the flags that a fault is about: `--out <DIR>` is `out`.
fn names(fault: &clap::Error) -> Vec<&str> {
    let values = [ContextKind::InvalidArg, ContextKind::PriorArg].map(|kind| fault.get(kind));
    let texts = values.into_iter().flatten().flat_map(|value| {
        if let ContextValue::String(text) = value {
            vec![text.as_str()]
        } else if let ContextValue::Strings(texts) = value {
            texts.iter().map(String::as_str).collect()
        } else {
            Vec::new()
        }
    });
    texts.filter_map(|text| text.split([' ', '=']).next()?.strip_prefix("--")).collect()
}

/// Whether a typed word is that flag: `--out`, `--out=DIR`, `-q`, `-qv`.
fn means(word: &str, flag: &Arg) -> bool {
    match word.strip_prefix("--") {
        Some(long) => flag.get_long() == long.split('=').next(),
        None => word.starts_with('-') && flag.get_short().is_some_and(|short| word.contains(short)),
    }
}

//! `rowsafe man` and `rowsafe completions`, generated from the definitions of the command line.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;

use super::outcome::Failure;

#[derive(Args, Debug)]
pub(crate) struct Page {
    /// The verb to describe; the command itself by default
    #[arg(value_name = "VERB")]
    verb: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell that reads them
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes a manual page.
pub(crate) fn write_page(
    arguments: &Page,
    definitions: Command,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let mut definitions = definitions.disable_help_subcommand(true);
    definitions.build();
    let of = match &arguments.verb {
        None => &definitions,
        Some(verb) => definitions.find_subcommand(verb).ok_or_else(|| {
            let verbs = definitions.get_subcommands().map(Command::get_name);
            let verbs: Vec<&str> = verbs.collect();
            Failure::Message(format!(
                "error: unknown verb `{}`\nhint: the verbs are {}\n",
                schema::escape::line(verb),
                verbs.join(", ")
            ))
        })?,
    };
    clap_mangen::Man::new(of.clone()).render(&mut &mut *output)?;
    Ok(())
}

/// Writes the completions for a shell.
pub(crate) fn write_completions(
    arguments: &Completions,
    mut definitions: Command,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    let name = definitions.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut definitions, name, &mut text);
    output.write_all(&text)?;
    Ok(())
}

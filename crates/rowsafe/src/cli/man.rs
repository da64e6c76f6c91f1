//! `rowsafe man` and `completions`: made from the definitions that parse the command line.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;

use super::Failure;

#[derive(Args, Debug)]
pub(crate) struct Page {
    /// The verb of which the page is; the command itself where none is named
    #[arg(value_name = "VERB")]
    verb: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell that shall read them
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes a page for `man`.
pub(crate) fn page(
    arguments: &Page,
    definitions: Command,
    output: &mut dyn Write,
) -> Result<bool, Failure> {
    let mut definitions = definitions.disable_help_subcommand(true);
    definitions.build();
    let of = match &arguments.verb {
        None => &definitions,
        Some(verb) => definitions.find_subcommand(verb).ok_or_else(|| {
            let verbs = definitions.get_subcommands().map(Command::get_name);
            let verbs: Vec<&str> = verbs.collect();
            Failure::Told(format!(
                "error: there is no verb `{}`\nhint: the verbs are {}\n",
                schema::escape::line(verb),
                verbs.join(", ")
            ))
        })?,
    };
    clap_mangen::Man::new(of.clone()).render(&mut &mut *output)?;
    Ok(false)
}

/// Writes what a shell reads to complete words.
pub(crate) fn completions(
    arguments: &Completions,
    mut definitions: Command,
    output: &mut dyn Write,
) -> Result<bool, Failure> {
    let mut text = Vec::new();
    let name = definitions.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut definitions, name, &mut text);
    output.write_all(&text)?;
    Ok(false)
}

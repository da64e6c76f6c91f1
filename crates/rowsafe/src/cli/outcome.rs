//! How a verb ends.

use std::io;

use folders::{InputError, Remedy};

/// The result of a verb that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing was found.
    Clean,
    /// Something was found.
    Found,
    /// Nothing was found, and not everything was read and tried.
    Incomplete,
}

impl Outcome {
    pub(super) fn from_found(found: bool) -> Outcome {
        if found {
            Outcome::Found
        } else {
            Outcome::Clean
        }
    }
}

/// The reason why a verb could not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// A file or a folder was not read or not written.
    Input(InputError),
    /// A whole text: `error: …` and `hint: …`, escaped.
    Message(String),
    /// The result could not be printed.
    Output(io::Error),
}

impl Failure {
    /// The whole text for standard error.
    pub(super) fn report(&self) -> String {
        match self {
            Failure::Input(error) => error.report(),
            Failure::Message(text) => text.clone(),
            Failure::Output(error) => format!(
                "error: the result could not be printed: {error}\n\
                 hint: run it again where the result can be printed; the files that options name \
                 are written\n"
            ),
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Failure {
        Failure::Input(error.with_remedy_as(name_flags))
    }
}

/// The remedy with the flags of this command.
fn name_flags(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Define(name) => format!("give its value: `--define {name}=…`"),
        Remedy::ChooseLayout(layouts) => {
            let flags: Vec<String> = layouts
                .iter()
                .map(|name| format!("`--layout {name}`"))
                .collect();
            format!("name the tool that runs it: {}", flags.join(" or "))
        }
        Remedy::GiveBase => "give the schema that the steps start from: `--base FILE`, a database \
                             or SQL that creates it"
            .to_owned(),
        Remedy::NameFolderOrLayout => {
            "name the folder that holds the migrations, or name the tool \
             that wrote it with `--layout`"
                .to_owned()
        }
        other => other.to_string(),
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

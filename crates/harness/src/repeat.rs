//! The way to repeat a part of the proof.

/// The way to repeat a part of the proof; a report prints it with each finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// A command that takes the settings as options, such as `cargo xtask verify-migrations`.
    Command(String),
    /// A test that takes its settings from the environment, by
    /// [`Settings::from_environment`](crate::Settings::from_environment).
    Test,
}

impl Repeat {
    /// The variable that [`Settings::from_environment`](crate::Settings::from_environment) reads.
    pub const VARIABLE: &str = "ROWSAFE_PROOF";

    /// The command for these options, such as `--journey v3..v4..v3 --seed 7`.
    pub(crate) fn with_options(&self, options: &str) -> String {
        match self {
            Repeat::Command(command) => format!("{command} {options}"),
            // Options with double quotes contain names of several words.
            Repeat::Test if options.contains('"') => {
                format!("{}='{options}' cargo test", Repeat::VARIABLE)
            }
            Repeat::Test => format!("{}=\"{options}\" cargo test", Repeat::VARIABLE),
        }
    }
}

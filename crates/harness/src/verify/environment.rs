//! Settings as a report prints them, from the environment or from text.

#![expect(
    clippy::disallowed_methods,
    reason = "a test takes its settings from the environment"
)]

use std::env;

use super::settings::Settings;
use crate::error::{Error, ErrorKind};
use crate::repeat::Repeat;

impl Settings {
    /// The settings in the variable `ROWSAFE_PROOF`, such as `--journey v3..v4..v3 --seed 7`; the
    /// default ones where it is not set. A report of [`Repeat::Test`] prints the variable with each
    /// finding.
    ///
    /// # Errors
    /// If the variable holds something else.
    pub fn from_environment() -> Result<Settings, Error> {
        match env::var(Repeat::VARIABLE) {
            Ok(options) => Settings::from_options(&options),
            Err(env::VarError::NotPresent) => Ok(Settings::default()),
            Err(error) => Err(refuse(&error.to_string())),
        }
    }

    /// Reads `--journey`, `--fixture`, `--law`, `--seed`, `--cases` and `--deep`, as a report
    /// prints them.
    ///
    /// # Errors
    /// If there is another option, or a value that does not fit.
    pub fn from_options(options: &str) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        let words = shell_words::split(options).map_err(|error| refuse(&error.to_string()))?;
        let mut words = words.into_iter();
        while let Some(option) = words.next() {
            if option == "--deep" {
                settings.deep = true;
                continue;
            }
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| refuse(&format!("`{option}` has no value")))
            };
            let number = |text: &str| refuse(&format!("`{text}` is not a number"));
            match option.as_str() {
                "--journey" => settings.journey = Some(value()?.parse()?),
                "--fixture" => settings.fixture = Some(value()?),
                "--law" => settings.law = Some(value()?),
                "--seed" => {
                    let text = value()?;
                    settings.seed = text.parse().map_err(|_| number(&text))?;
                }
                "--cases" => {
                    let text = value()?;
                    settings.cases = text.parse().map_err(|_| number(&text))?;
                }
                other => return Err(refuse(&format!("unknown option `{other}`"))),
            }
        }
        Ok(settings)
    }
}

fn refuse(why: &str) -> Error {
    let name = Repeat::VARIABLE;
    Error::new(
        ErrorKind::Subject,
        format!("`{name}` cannot be read: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_report_prints_is_read() {
        let options = "--journey v3..v4..v3 --fixture \"filled a\" --law \"up preserves\" --seed 7 --cases 9 --deep";
        let settings = Settings::from_options(options).unwrap();
        assert_eq!(settings.journey, Some("v3..v4..v3".parse().unwrap()));
        assert_eq!(settings.fixture.as_deref(), Some("filled a"));
        assert_eq!(settings.law.as_deref(), Some("up preserves"));
        assert_eq!((settings.seed, settings.cases, settings.deep), (7, 9, true));
        let printed = Repeat::Test.with_options(options);
        assert_eq!(printed, format!("ROWSAFE_PROOF='{options}' cargo test"));
        let printed = Repeat::Test.with_options("--seed 7");
        assert_eq!(printed, "ROWSAFE_PROOF=\"--seed 7\" cargo test");
    }

    #[test]
    fn what_nobody_printed_is_refused() {
        for (options, why) in [
            ("--jorney v1..v2..v1", "unknown option `--jorney`"),
            ("--seed", "`--seed` has no value"),
            ("--seed x", "`x` is not a number"),
            ("--law \"x", "missing closing quote"),
        ] {
            let error = Settings::from_options(options).unwrap_err().to_string();
            assert_eq!(error, format!("`ROWSAFE_PROOF` cannot be read: {why}"));
        }
        assert!(Settings::from_options("--journey v1").is_err());
    }
}

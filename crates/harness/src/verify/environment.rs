//! Reads settings from the environment or from text, in the form in which a report prints them.

#![expect(
    clippy::disallowed_methods,
    reason = "a test takes its settings from the environment"
)]

use std::env;

use super::settings::Settings;
use crate::error::{Error, ErrorKind};
use crate::repeat::Repeat;

impl Settings {
    /// The settings in the variable `ROWSAFE_PROOF`, such as `--journey v3..v4..v3 --seed 7`, or
    /// the default settings if it is not set. A report of [`Repeat::Test`] prints the variable with
    /// each finding.
    ///
    /// # Errors
    /// If the variable contains something else.
    pub fn from_environment() -> Result<Settings, Error> {
        match env::var(Repeat::VARIABLE) {
            Ok(options) => Settings::from_options(&options),
            Err(env::VarError::NotPresent) => Ok(Settings::default()),
            Err(error) => Err(refuse(&error.to_string())),
        }
    }

    /// Reads `--journey`, `--fixture`, `--law`, `--seed`, `--cases` and `--deep`, in the form in
    /// which a report prints them. The journey may end at its turning point: `v3..v4` equals
    /// `v3..v4..v3`.
    ///
    /// # Errors
    /// If there is a different option, or a value that does not fit.
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
    fn printed_options_are_read() {
        let options = "--journey v3..v4..v3 --fixture \"filled a\" --law \"up preserves\" \
                       --seed 7 --cases 9 --deep";
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
    fn a_journey_with_two_ends_returns_to_its_start() {
        let journey = |text: &str| text.parse::<crate::Journey>();
        assert_eq!(journey("v6..v7"), journey("v6..v7..v6"));
        assert_eq!(journey("v7..v6").unwrap().to_string(), "v7..v6..v7");
        let settings = Settings::from_options("--journey v6..v7").unwrap();
        assert_eq!(settings.journey, journey("v6..v7").ok());
        for wrong in ["v6", "v6..v6", "v6..v7..v8", "6..7", "v6..v7..v6..v7"] {
            assert_eq!(
                journey(wrong).unwrap_err().to_string(),
                format!("`{wrong}` is not a journey such as `v3..v4` or `v3..v4..v3`")
            );
        }
    }

    #[test]
    fn unknown_options_are_refused() {
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

//! Commands of the `sqlite3` shell among the statements of a script: `.bail on`, `.read other.sql`.
//!
//! A line that begins with a dot where a statement could begin is one:
//! <https://sqlite.org/cli.html#rules_for_dot_commands_sql_and_more>.

use crate::collect::Reading;
use crate::history::Script;

/// Commands that change what the script does, and not only what the shell prints.
const MATTER: [&str; 9] = [
    ".read", ".import", ".restore", ".open", ".load", ".system", ".shell", ".clone", ".cd",
];

/// The script with each command as a comment; commands that change its effect are reported.
pub(crate) fn without_commands(mut script: Script, reading: &mut Reading) -> Script {
    let mut text = String::with_capacity(script.text.len());
    let mut between = true;
    for (place, line) in script.text.split_inclusive('\n').enumerate() {
        let command = line
            .strip_prefix('.')
            .is_some_and(|rest| between && rest.starts_with(|c: char| c.is_ascii_lowercase()));
        if command {
            let word = line.split_whitespace().next().unwrap_or_default();
            if MATTER.contains(&word) {
                reading.aside(
                    script.file.clone(),
                    format!(
                        "`{word}` in line {} is a command of the sqlite3 shell, which is not run \
                         here",
                        place + 1
                    ),
                );
            }
            text.push_str("--");
        }
        text.push_str(line);
        let said = line.trim();
        if !command && !said.is_empty() && !said.starts_with("--") {
            between = said.ends_with(';') || said.ends_with("*/");
        }
    }
    script.text = text;
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_comments_and_what_matters_is_told() {
        let text = ".bail on\nCREATE TABLE a (b DEFAULT '\n.read x');\n-- why\n\
                    .read seeds.sql\nSELECT 1;\n";
        let mut reading = Reading::default();
        let script = without_commands(Script::whole("a.sql", text), &mut reading);
        assert_eq!(
            script.text,
            "--.bail on\nCREATE TABLE a (b DEFAULT '\n.read x');\n-- why\n\
             --.read seeds.sql\nSELECT 1;\n"
        );
        let gaps: Vec<&str> = reading.gaps.iter().map(|gap| gap.why.as_str()).collect();
        assert_eq!(
            gaps,
            ["`.read` in line 5 is a command of the sqlite3 shell, which is not run here"]
        );
    }
}

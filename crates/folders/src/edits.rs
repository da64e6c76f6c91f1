//! Shipped steps whose content differs: in their SQL, in comments, or in line ends.

use crate::fates::{Comparison, Fate, Step, join};
use crate::fault::{Fault, FaultKind, Harm};
use crate::tool_records::Compared;

impl Comparison<'_> {
    /// The shipped steps whose content differs.
    pub(crate) fn edited(&self, fates: &[Fate]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut line_ends: Vec<&Step<'_>> = Vec::new();
        for (old, fate) in self.shipped.iter().zip(fates) {
            let (Fate::Kept(place) | Fate::Edited(place)) = fate else {
                continue;
            };
            let Some(new) = self.present.get(*place) else {
                continue;
            };
            if self.records.names && old.name() != new.name() {
                faults.push(self.renamed(old, new));
            } else if matches!(fate, Fate::Edited(_)) {
                faults.push(self.rewritten(old, new));
            } else if old.text != new.text {
                if unix(old.text) == unix(new.text) {
                    line_ends.push(new);
                } else {
                    faults.push(self.recommented(new));
                }
            }
        }
        faults.extend(self.line_ends(&line_ends));
        faults
    }

    fn renamed(&self, old: &Step<'_>, new: &Step<'_>) -> Fault {
        let why = format!(
            "`{}` of `{}` is now `{}`: {} compares the name, too, and stops on every database that \
             has it; restore the shipped name",
            old.name(),
            self.since,
            new.name(),
            self.records.tool
        );
        self.fault(
            FaultKind::EditedAfterApply,
            Harm::Certain,
            &[new.file()],
            why,
        )
    }

    fn rewritten(&self, old: &Step<'_>, new: &Step<'_>) -> Fault {
        let tool = self.records.tool;
        let (harm, then) = match self.records.compared {
            Compared::Bytes | Compared::Lines => (
                Harm::Certain,
                format!("{tool} compares checksums, and stops on every database that has it"),
            ),
            Compared::Statements => (
                Harm::Certain,
                format!("{tool} compares the statements, and stops on every database that has it"),
            ),
            Compared::Warns => (
                Harm::Possible,
                format!(
                    "`{tool} migrate deploy` only warns, and `{tool} migrate dev` asks to reset: \
                     databases that have it keep the old schema, and new ones get another"
                ),
            ),
            Compared::Nothing => (
                Harm::Possible,
                format!(
                    "{tool} does not see it: databases that have it keep the old schema, and new \
                     ones get another"
                ),
            ),
        };
        let what = if old.name() == new.name() {
            format!("the SQL of `{}` differs from `{}`", new.name(), self.since)
        } else {
            format!(
                "`{}` has the version of `{}` of `{}`, and different SQL",
                new.name(),
                old.name(),
                self.since
            )
        };
        let why = format!("{what}: {then}; restore the file, and put the change into a new step");
        self.fault(FaultKind::EditedAfterApply, harm, &[new.file()], why)
    }

    fn recommented(&self, new: &Step<'_>) -> Fault {
        let tool = self.records.tool;
        let (harm, then) = match self.records.compared {
            Compared::Bytes | Compared::Lines => (
                Harm::Certain,
                format!(
                    "{tool} compares checksums, and stops on every database that has it; restore \
                     the file"
                ),
            ),
            Compared::Warns => (
                Harm::None,
                format!("`{tool} migrate deploy` warns about it"),
            ),
            Compared::Statements | Compared::Nothing => {
                (Harm::None, format!("{tool} does not compare these"))
            }
        };
        let why = format!(
            "`{}` differs from `{}` only in comments or whitespace: {then}",
            new.name(),
            self.since
        );
        self.fault(FaultKind::EditedAfterApply, harm, &[new.file()], why)
    }

    /// The steps that differ in line ends only, which is one change of a whole folder.
    fn line_ends(&self, steps: &[&Step<'_>]) -> Option<Fault> {
        let (first, tool) = (steps.first()?, self.records.tool);
        let (harm, then) = match self.records.compared {
            Compared::Bytes => (
                Harm::Certain,
                format!(
                    "{tool} compares a checksum of the bytes, and stops on every database that has \
                     a step of these; restore the line ends, and keep them with `*.sql text \
                     eol=lf` in `.gitattributes`"
                ),
            ),
            _ => (Harm::None, format!("{tool} does not compare them")),
        };
        let names = join(&steps.iter().map(|step| step.name()).collect::<Vec<_>>());
        let differ = if steps.len() == 1 {
            "differs"
        } else {
            "differ"
        };
        let old = self
            .shipped
            .iter()
            .find(|old| old.migration.version == first.migration.version);
        let form = match (
            first.text.contains('\r'),
            old.is_some_and(|old| old.text.contains('\r')),
        ) {
            (true, false) => " (CRLF instead of LF)",
            (false, true) => " (LF instead of CRLF)",
            _ => "",
        };
        let why = format!(
            "{names} {differ} from `{}` only in line ends{form}: {then}",
            self.since
        );
        let files: Vec<&str> = steps.iter().map(|step| step.file()).collect();
        Some(self.fault(FaultKind::EditedAfterApply, harm, &files, why))
    }
}

fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

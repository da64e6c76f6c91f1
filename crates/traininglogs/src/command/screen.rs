//! Where the command prints: all output of all verbs goes through here.

use std::fmt::Display;
use std::io::{self, BufWriter, StdoutLock, Write};

use migrations::{AtRisk, Direction, Report};

/// Standard output, and standard error for complaints.
pub(super) struct Screen {
    output: BufWriter<StdoutLock<'static>>,
}

impl Screen {
    pub(super) fn of_process() -> Screen {
        Screen {
            output: BufWriter::new(io::stdout().lock()),
        }
    }

    pub(super) fn line(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.output, "{line}")
    }

    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.output.write_all(text.as_bytes())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Prints to standard error; when nobody listens there, nothing can be told.
    pub(super) fn complain(&mut self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// One line for each step, and one for each row that was left as it is.
    pub(super) fn run(&mut self, report: &Report) -> io::Result<()> {
        for step in &report.steps {
            let direction = match step.direction {
                Direction::Up => "up  ",
                Direction::Down => "down",
            };
            self.line(format_args!("  {direction}  {}", step.folder))?;
        }
        self.remarks(report)
    }

    pub(super) fn remarks(&mut self, report: &Report) -> io::Result<()> {
        for remark in &report.remarks {
            self.line(format_args!(
                "  left as it is: {} {}: {}",
                remark.table, remark.key, remark.reason
            ))?;
        }
        Ok(())
    }

    /// The rows that a plan would cost, counted in the file.
    pub(super) fn at_risk(&mut self, risks: &[AtRisk]) -> io::Result<()> {
        if risks.is_empty() {
            return Ok(());
        }
        self.line("Rows at risk:")?;
        for risk in risks {
            let more = if risk.rows > risk.examples.len() as u64 {
                ", …"
            } else {
                ""
            };
            let rows = if risk.rows == 1 { "row" } else { "rows" };
            self.line(format_args!(
                "  {}: {} {rows} ({}{more}): {}",
                risk.object,
                risk.rows,
                risk.examples.join(", "),
                risk.why
            ))?;
        }
        Ok(())
    }
}

/// Text of the file on one line: what would move the cursor is escaped.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            c if c.is_control() => plain.extend(c.escape_default()),
            c => plain.push(c),
        }
    }
    plain
}

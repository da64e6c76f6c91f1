//! The remedies of an error, as values: the library words them with its API, a command with its
//! flags.

use std::fmt;

use crate::Version;

/// A remedy of an error.
///
/// [`Display`](fmt::Display) names this library's API. A command that shows an error to its users
/// matches on the variants, words those for which it has a flag, and prints the rest unchanged; see
/// [`Error::report_with`](crate::Error::report_with).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// A sentence that does not mention this library.
    Advice(String),
    /// Check the path, or create the file first.
    CreateFile,
    /// Free space for a backup, or run without one.
    MakeRoom,
    /// Free space or set permissions for a backup, or run without one.
    MakeBackupPossible,
    /// Choose a different backup.
    ChooseBackup,
    /// Name the backup first, then the different file to restore.
    NameBackupThenFile,
    /// Adopt a file without a ledger at the version whose schema it has.
    Adopt,
    /// Expect this version: the file is at it, not at the expected one.
    ExpectVersion(Version),
    /// Upgrade to this version, which is a different task from the requested one.
    Upgrade(Version),
    /// Roll back to this version, which is a different task from the requested one.
    RollBack(Version),
    /// Roll a newer file back to this version, for this build.
    RollBackForThisBuild(Version),
    /// Allow more time for a stored down migration.
    RaiseTimeLimit,
    /// Review the losses, then consent to them.
    AcceptLoss,
    /// Fix the rows that a step cannot convert, or keep them unchanged in a run that is not strict.
    MendRows,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Remedy::Advice(sentence) => sentence,
            Remedy::CreateFile => "check the path, or make a new database with `Migrator::create`",
            Remedy::MakeRoom => "make room, or go on without a backup: `Backups::Off`",
            Remedy::MakeBackupPossible => {
                "make room and check the permissions of its directory, or go on without a backup: \
                 `Backups::Off`"
            }
            Remedy::ChooseBackup => "choose another backup; `backups` lists them",
            Remedy::NameBackupThenFile => {
                "give `restore` the backup first, then the file that it is put into"
            }
            Remedy::Adopt => {
                "if it was made before the ledger, adopt it with `Migrator::upgrade_from`, \
                 expecting \
                 the version whose schema it has"
            }
            Remedy::ExpectVersion(found) => {
                return write!(
                    f,
                    "to migrate it from where it is, expect version {found} in \
                     `Migrator::upgrade_from`, or use `Migrator::upgrade_to`"
                );
            }
            Remedy::Upgrade(to) => return write!(f, "to go up, use `Migrator::upgrade_to({to})`"),
            Remedy::RollBack(to) => {
                return write!(f, "to go back, use `Migrator::rollback_to({to})`");
            }
            Remedy::RollBackForThisBuild(to) => {
                return write!(
                    f,
                    "or go back with this build: `Migrator::rollback_to({to})`"
                );
            }
            Remedy::RaiseTimeLimit => {
                "a large file may need more time: `Options::stored_time_limit`"
            }
            Remedy::AcceptLoss => {
                "look at `Plan::describe`, then consent with `Options::accept_loss`; a backup is \
                 taken \
                 first"
            }
            Remedy::MendRows => {
                "fix these rows, or migrate without `Options::strict`: they are kept either way"
            }
        })
    }
}

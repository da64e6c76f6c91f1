//! The way forward after an error, as a value: the library words it with its own API, a command
//! with its flags.

use std::fmt;

use crate::Version;

/// A way forward after an error.
///
/// [`Display`](fmt::Display) names this library's API. A command that shows an error to its users
/// matches on the variants, words those it has a flag for, and prints the rest as they are; see
/// [`Error::report_with`](crate::Error::report_with).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// A sentence that names nothing of this library.
    Advice(String),
    /// The path may be wrong, or the file has to be made first.
    CreateFile,
    /// Room is missing for a backup, or the run does without one.
    MakeRoom,
    /// Room or permissions are missing for a backup, or the run does without one.
    MakeBackupPossible,
    /// Another backup has to be chosen.
    ChooseBackup,
    /// The backup and the file that it is put into are two files.
    NameBackupThenFile,
    /// A file without ledger can be adopted at the version whose schema it has.
    Adopt,
    /// The file is at this version, and not where the caller expected it.
    ExpectVersion(Version),
    /// Going up to this version is another task than the one that was asked for.
    Upgrade(Version),
    /// Going back to this version is another task than the one that was asked for.
    RollBack(Version),
    /// A newer file can go back to this version, for this build.
    RollBackForThisBuild(Version),
    /// A way back that the file stores may need more time.
    RaiseTimeLimit,
    /// The losses can be looked at, and then consented to.
    AcceptLoss,
    /// Rows that a step cannot treat are mended, or stay as they are in a run that is not strict.
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
                "if it was made before the ledger, adopt it with `Migrator::upgrade_from`, expecting \
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
                return write!(f, "or go back with this build: `Migrator::rollback_to({to})`");
            }
            Remedy::RaiseTimeLimit => {
                "a large file may need more time: `Options::stored_time_limit`"
            }
            Remedy::AcceptLoss => {
                "look at `Plan::describe`, then consent with `Options::accept_loss`; a backup is taken \
                 first"
            }
            Remedy::MendRows => {
                "mend these rows, or migrate without `Options::strict`: they are kept either way"
            }
        })
    }
}

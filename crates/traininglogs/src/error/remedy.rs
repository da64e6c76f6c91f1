//! Words the engine's remedies with the verbs and flags of this command.

use migrations::Remedy;

/// The hint for `remedy`. A remedy that names no API of the engine keeps the engine's words.
pub(super) fn word(remedy: &Remedy) -> String {
    match remedy {
        Remedy::CreateFile => "check the path, or make a new database with `init`".to_owned(),
        Remedy::MakeRoom => "make room, or continue without a backup: `--no-backup`".to_owned(),
        Remedy::MakeBackupPossible => {
            "make room and check the permissions of its directory, or continue without a backup: \
             `--no-backup`"
                .to_owned()
        }
        Remedy::ChooseBackup => "choose a different backup; `status` lists them".to_owned(),
        Remedy::NameBackupThenFile => "name the backup first, and the file with `--db`".to_owned(),
        Remedy::Adopt => "if it was made before the ledger, adopt it: `migrate --from-version N`, \
                          where N is the version whose schema it has"
            .to_owned(),
        Remedy::ExpectVersion(found) => {
            format!("to migrate it from its version, use `--from-version {found}` or leave it out")
        }
        Remedy::Upgrade(to) => format!("to go up, use `migrate --to {to}`"),
        Remedy::RollBack(to) => format!("to go back, use `rollback --to {to}`"),
        Remedy::RollBackForThisBuild(to) => {
            format!("or go back with this build: `rollback --to {to}`")
        }
        Remedy::RaiseTimeLimit => {
            "a large file may need more time: `--time-limit SECONDS`".to_owned()
        }
        Remedy::AcceptLoss => {
            "look at `plan`, then consent with `--accept-loss`; a backup is taken first".to_owned()
        }
        Remedy::MendRows => {
            "fix these rows, or migrate without `--strict`: they are kept either way".to_owned()
        }
        _ => remedy.to_string(),
    }
}

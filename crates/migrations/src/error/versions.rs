//! Errors of versions and schemas that were not expected.

use schema::Change;

use super::{Error, ErrorKind};
use crate::Version;
use crate::planned_step::Direction;
use crate::remedy::Remedy;
pub(crate) fn newer(file: Version, current: Version, way_back: bool) -> Error {
    let error = Error::new(
        ErrorKind::Newer,
        format!("the file is at version {file}, this build knows versions up to {current}"),
    )
    .hint("update the application");
    if way_back {
        error.remedy(Remedy::RollBackForThisBuild(current))
    } else {
        error.hint("it has no way back: to go on with this build, restore an earlier backup")
    }
}

pub(crate) fn target_unknown(target: Version, current: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("there is no version {target}: this build knows versions up to {current}"),
    )
    .hint("choose a version that exists, or update the application")
}

pub(crate) fn unexpected_version(found: Version, expected: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file is at version {found}, not {expected}"),
    )
    .remedy(Remedy::ExpectVersion(found))
}

pub(crate) fn unexpected_version_claim(found: i32, expected: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file has no ledger and its user_version is {found}, not {expected}"),
    )
    .hint("adopt it at the version that it claims, or find out who set user_version")
}

pub(crate) fn upgrade_goes_back(file: Version, target: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file is at version {file}, which is past {target}"),
    )
    .remedy(Remedy::RollBack(target))
}

pub(crate) fn rollback_goes_up(file: Version, target: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file is at version {file}, there is nothing to roll back to {target}"),
    )
    .remedy(Remedy::Upgrade(target))
}

pub(crate) fn drifted(version: Version, changes: &[Change]) -> Error {
    let message = format!(
        "the file's schema is not that of version {version}; somebody changed it, as if by:"
    );
    Error::new(ErrorKind::Drifted, message)
        .details(changes)
        .hint("undo these changes, or restore the file from a backup, then try again")
}

/// `changes` is empty if only the fingerprint in the ledger differs.
pub(crate) fn arrived_elsewhere(
    version: Version,
    direction: Direction,
    changes: &[Change],
) -> Error {
    let message = match changes {
        [] => {
            format!("the run does not bring back the schema that the file had at version {version}")
        }
        _ => format!("the run does not lead to the schema of version {version}; it differs by:"),
    };
    let error = Error::new(ErrorKind::Drifted, message).details(changes);
    match direction {
        Direction::Up => error.hint("fix the step; if it was shipped, fix it in a new version"),
        Direction::Down => error
            .hint("restore a backup that was taken before the steps that go back")
            .hint("if the steps are yours, fix their `down.sql`"),
    }
}

pub(crate) fn cannot_adopt(version: Version, changes: &[Change]) -> Error {
    let message =
        format!("the file's schema is not that of version {version}; it differs from it by:");
    Error::new(ErrorKind::Drifted, message)
        .details(changes)
        .hint("adopt it at the version whose schema it has, or undo the differences first")
}

pub(crate) fn irreversible(folder: &str, reason: Option<&str>) -> Error {
    let message = format!("`{folder}` has no way back");
    Error::new(ErrorKind::Irreversible, message)
        .details(reason.unwrap_or_default().trim().lines())
        .hint("restore a backup that was taken before this version")
}

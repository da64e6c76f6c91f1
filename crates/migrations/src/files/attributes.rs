//! The owner, mode and attributes of a file, copied to a new one. Nothing here opens the model
//! file: closing it again would drop the locks that SQLite holds on it in this process.
//! See section 2.2 of <https://sqlite.org/howtocorrupt.html>.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the file system of an application"
)]

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use xattr::FileExt;

/// The initial mode of a new file: only its owner can open it while the rest is copied.
pub(super) const OWNER_ONLY: u32 = 0o600;

/// The permission bits of all classes, without set-user-ID and the like.
const RIGHTS: u32 = 0o777;

/// [Access control lists](https://man7.org/linux/man-pages/man5/acl.5.html), as Linux keeps them.
const ACL: &str = "system.posix_acl_access";

/// Attributes that belong to the content of one file, or to a program.
const OWN: [&str; 3] = ["security.ima", "security.evm", "security.capability"];

/// Gives the new `file` the owner, attributes and mode of the file `like`. Returns the final mode
/// if the owner needs more rights until then.
pub(super) fn copy(like: &Path, file: &File) -> io::Result<Option<u32>> {
    let model = fs::metadata(like)?;
    let mut mode = model.mode() & RIGHTS;
    if !copy_group(&model, file)? {
        mode = without_group(mode);
    }
    if !copy_attributes(like, file) {
        mode &= 0o700;
    }
    let meanwhile = mode | OWNER_ONLY;
    set_mode(file, meanwhile)?;
    Ok((meanwhile != mode).then_some(mode))
}

pub(super) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// Copies owner and group as far as the system allows; returns whether the groups are equal
/// afterwards.
fn copy_group(model: &Metadata, file: &File) -> io::Result<bool> {
    let own = file.metadata()?;
    let (user, group) = (Some(model.uid()), Some(model.gid()));
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) || fchown(file, user, group).is_ok() {
        return Ok(true);
    }
    // Only root can change the owner; a member of the target group can change the group.
    Ok(own.gid() == model.gid() || fchown(file, None, group).is_ok())
}

/// The mode for a file whose group differs. Members of the old group may now be among the others,
/// and the reverse, so each class gets only the rights that both had.
fn without_group(mode: u32) -> u32 {
    let both = (mode >> 3) & mode & 0o7;
    mode & 0o700 | both << 3 | both
}

/// Copies the extended attributes; returns whether all attributes that restrict access are equal
/// afterwards. The file system may not support other attributes.
fn copy_attributes(like: &Path, file: &File) -> bool {
    let Ok(names) = none_where_unsupported(xattr::list(like).map(Iterator::collect::<Vec<_>>))
    else {
        return false;
    };
    let mut kept = true;
    for name in names
        .iter()
        .filter(|name| !OWN.iter().any(|own| name == own))
    {
        let copied = copy_attribute(like, file, name).is_ok();
        kept &= copied || !keeps_out(name);
    }
    // A directory may pass its own list on to new files.
    let inherited = !names.iter().any(|name| name == ACL)
        && file.get_xattr(ACL).is_ok_and(|value| value.is_some());
    kept && (!inherited || file.remove_xattr(ACL).is_ok())
}

fn copy_attribute(like: &Path, file: &File, name: &OsStr) -> io::Result<()> {
    let Some(value) = xattr::get(like, name)? else {
        return Ok(());
    };
    if file
        .get_xattr(name)
        .is_ok_and(|own| own.as_ref() == Some(&value))
    {
        return Ok(());
    }
    file.set_xattr(name, &value)
}

fn none_where_unsupported<T: Default>(found: io::Result<T>) -> io::Result<T> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(T::default()),
        found => found,
    }
}

/// Whether the attribute restricts access: access control lists and the labels of security modules.
fn keeps_out(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"system.") || name.starts_with(b"security.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_group_gets_no_more_than_the_old_one_and_the_others_had() {
        for (mode, without) in [
            (0o600, 0o600),
            (0o640, 0o600),
            (0o660, 0o600),
            (0o644, 0o644),
            (0o664, 0o644),
            (0o604, 0o600),
            (0o646, 0o644),
        ] {
            assert_eq!(without_group(mode), without, "{mode:o}");
        }
    }
}

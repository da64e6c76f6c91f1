//! The parts of a catalogue.

use std::fs;

use migrations::{Catalogue, Down, ErrorKind, Step};

use crate::support::*;

#[test]
fn folders_are_numbered() {
    for (folder, version, name) in [
        ("0001_note", 1, "note"),
        ("12_a_b", 12, "a_b"),
        ("note", 0, "note"),
        ("_note", 0, "note"),
        ("+1_note", 0, "note"),
        ("-1_note", 0, "note"),
        ("0x1_note", 0, "note"),
        ("4294967296_note", 0, "note"),
        ("", 0, ""),
    ] {
        let step = step(folder, "", "");
        assert_eq!((step.version(), step.name()), (version, name), "{folder}");
    }
}

#[test]
fn bad_folders_make_no_catalogue() {
    for folders in [
        vec!["0002_b"],
        vec!["0000_a"],
        vec!["0001_a", "0001_b"],
        vec!["0002_b", "0001_a"],
        vec!["0001_a", "0003_c"],
        vec!["+1_a"],
        vec!["0001_"],
        vec!["first"],
    ] {
        let steps: Vec<_> = folders.iter().map(|folder| step(folder, "", "")).collect();
        let error = Catalogue::new(steps).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadCatalogue, "{folders:?}");
    }
}

#[test]
fn a_folder_is_read() {
    let file = File::none();
    let root = file.directory.path();
    for (folder, back) in [("0001_note", "down.sql"), ("0002_more", "irreversible.md")] {
        fs::create_dir(root.join(folder)).unwrap();
        fs::write(root.join(folder).join("up.sql"), NOTE).unwrap();
        fs::write(root.join(folder).join("notes.md"), "# Title").unwrap();
        fs::write(root.join(folder).join(back), "the way").unwrap();
    }
    fs::write(root.join("README.md"), "not a folder").unwrap();
    let catalogue = Catalogue::read(root).unwrap();
    assert_eq!(catalogue.current_version(), 2);
    let [first, second] = catalogue.steps() else {
        panic!("two steps")
    };
    assert_eq!(
        (first.folder(), first.up(), first.down_sql()),
        ("0001_note", NOTE, Some("the way"))
    );
    assert!(matches!(second.down(), Down::Irreversible(why) if why == "the way"));
    assert_eq!(second.down_sql(), None);
    assert_eq!(catalogue.notes(2).unwrap().title, "Title");
    assert!(catalogue.step(0).is_none() && catalogue.step(3).is_none());

    for missing in ["up.sql", "notes.md"] {
        let path = root.join("0001_note");
        let text = fs::read(path.join(missing)).unwrap();
        fs::remove_file(path.join(missing)).unwrap();
        let error = Step::read(&path).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
        fs::write(path.join(missing), text).unwrap();
    }
    fs::write(root.join("0001_note/down.sql"), [0xff, 0xfe]).unwrap();
    assert_eq!(
        Step::read(&root.join("0001_note")).unwrap_err().kind(),
        ErrorKind::BadCatalogue
    );
}

#[test]
fn it_is_cut_at_a_version() {
    let catalogue = three().with_application_id(9);
    let cut = catalogue.cut_at(2).unwrap();
    assert_eq!((cut.current_version(), cut.application_id()), (2, 9));
    assert_eq!(
        catalogue.cut_at(0).unwrap_err().kind(),
        ErrorKind::BadCatalogue
    );
    assert_eq!(
        catalogue.cut_at(4).unwrap_err().kind(),
        ErrorKind::WrongVersion
    );
}

#[test]
fn schemas_are_built_from_the_steps() {
    let catalogue = three();
    assert!(catalogue.schema_at(0).unwrap().is_empty());
    let tables = |version| {
        let schema = catalogue.schema_at(version).unwrap();
        schema
            .tables()
            .map(|table| table.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(tables(1), ["note"]);
    assert_eq!(tables(3), ["note", "tag"], "and no ledger");
    assert_eq!(
        catalogue.schema_at(4).unwrap_err().kind(),
        ErrorKind::WrongVersion
    );
}

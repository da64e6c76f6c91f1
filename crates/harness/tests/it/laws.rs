//! Each law has a file with a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use harness::LAWS;

#[test]
fn each_law_has_a_file_with_a_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/law");
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let laws: BTreeSet<String> = LAWS.iter().map(|law| law.name.replace(' ', "_")).collect();
    assert_eq!(files, laws);
    for law in LAWS {
        let page =
            fs::read_to_string(folder.join(format!("{}.rs", law.name.replace(' ', "_")))).unwrap();
        let title = page
            .lines()
            .next()
            .unwrap()
            .trim_start_matches("//! # ")
            .to_lowercase();
        assert_eq!(title, law.name);
    }
}

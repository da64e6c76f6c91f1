//! `notes.md`, parsed and judged.

use migrations::Notes;

const GOOD: &str = "# Labels

## Task

Notes get a label.
Backwards compatibility: supported — the column may
be NULL.

## Why

Readers asked.

## Columns

- `note.label`: what it is about,
  in one word
- `note_label` — finds it

## Data migration

- Loses: `note.colour` — nobody used it
- Changes: `note.body`: trimmed
- Adds: `tag` - one a label

## Rollback

- Loses: `note.label`: the labels
";

#[test]
fn everything_is_read() {
    let notes = Notes::parse(GOOD);
    assert_eq!(notes.problems(), Vec::<String>::new());
    assert_eq!(notes.title, "Labels");
    assert_eq!(notes.task, "Notes get a label.");
    assert_eq!(notes.why, "Readers asked.");
    let compatibility = notes.compatibility.as_ref();
    assert!(compatibility.is_some_and(|it| it.supported && it.why == "the column may be NULL."));
    assert_eq!(
        notes.meaning("NOTE.label"),
        Some("what it is about, in one word")
    );
    assert_eq!(notes.meaning("note_label"), Some("finds it"));
    assert_eq!(notes.meaning("note"), None);
    let shown = |declared: &[migrations::Declaration]| -> Vec<String> {
        declared
            .iter()
            .map(|one| format!("{}: {}", one.object(), one.why))
            .collect()
    };
    assert_eq!(shown(&notes.up_losses), ["note.colour: nobody used it"]);
    assert_eq!(shown(&notes.changes), ["note.body: trimmed"]);
    assert_eq!(shown(&notes.adds), ["tag: one a label"]);
    assert_eq!(shown(&notes.down_losses), ["note.label: the labels"]);
    assert!(notes.adds[0].covers("TAG", "anything"));
    assert!(notes.changes[0].covers("Note", "BODY") && !notes.changes[0].covers("note", "id"));
    assert_eq!(Notes::parse(&GOOD.replace('\n', "\r\n")), notes);
}

#[test]
fn problems_are_reported() {
    for (from, to, expected) in [
        ("# Labels\n", "", "has no title (`# …`)"),
        (
            "## Why\n\nReaders asked.\n",
            "",
            "section `## Why` is missing",
        ),
        (
            "## Rollback",
            "## Why\n\nAgain.\n\n## Rollback",
            "section `## Why` occurs twice",
        ),
        (
            "## Why",
            "## Reason",
            "section `## Reason` is not one of Task, Why, Columns, Data migration, Rollback",
        ),
        ("Readers asked.", "", "section `## Why` is empty"),
        (
            "Readers asked.",
            "TODO",
            "section `## Why` still contains TODO",
        ),
        (
            "Backwards compatibility:",
            "Compatible:",
            "section `## Task` lacks `Backwards compatibility: supported` or `not supported`, \
             with why",
        ),
        (
            "supported — the column may\nbe NULL.",
            "not supported",
            "`Backwards compatibility:` gives no reason",
        ),
        (
            "supported — the",
            "perhaps: the",
            "`Backwards compatibility: perhaps: the column may be NULL.` starts with neither \
             `supported` nor `not supported`",
        ),
        (
            "`note_label` — finds it",
            "`note_label`",
            "`note_label` has no description in `## Columns`",
        ),
        (
            "`note.colour` — nobody used it",
            "the colour",
            "`Loses: the colour` names no object in backticks",
        ),
        (
            "`note.label`: the labels",
            "`note.label`",
            "`Loses: `note.label`` gives no reason",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let problems = Notes::parse(&GOOD.replacen(from, to, 1)).problems();
        assert!(
            problems.iter().any(|problem| problem == expected),
            "{expected}\n{problems:#?}"
        );
    }
    // A malformed line is not also reported as missing.
    let perhaps = GOOD.replacen("supported — the", "perhaps: the", 1);
    assert_eq!(Notes::parse(&perhaps).problems().len(), 1);
    let swapped = GOOD
        .replace("## Why", "## X")
        .replace("## Columns", "## Why");
    let swapped = swapped.replace("## X", "## Columns");
    let expected = "sections are not in the order Task, Why, Columns, Data migration, Rollback";
    assert_eq!(Notes::parse(&swapped).problems(), [expected]);
    assert_eq!(Notes::parse("").problems().len(), 6);
}

/// The sample of `docs/notes.md` is complete, and the problems that the page lists are reported.
#[test]
fn the_sample_of_the_page_is_complete() {
    let page = include_str!("../../../../docs/notes.md");
    let (_, rest) = page.split_once("```markdown\n").unwrap();
    let (sample, _) = rest.split_once("```").unwrap();
    let notes = Notes::parse(sample);
    assert_eq!(notes.problems(), Vec::<String>::new());
    let declared = [
        &notes.slower,
        &notes.up_losses,
        &notes.changes,
        &notes.alters,
        &notes.adds,
        &notes.down_losses,
        &notes.remade,
        &notes.down_changes,
    ];
    assert!(declared.iter().all(|declared| declared.len() == 1));
    assert_eq!(notes.renames.len(), 1);
    assert_eq!(notes.meanings.len(), 4);
    for refused in [
        ("# Labels\n", ""),
        ("## Why", "## Reason"),
        ("supported, because", "yes, because"),
        (
            "- Loses: `note.color` — nobody used it.",
            "- Loses: `note.color`",
        ),
        ("- Loses: `note.color`", "- Loses: the colors"),
        ("- Changes: `note.body` — NULL", "- Changes: `note` — NULL"),
        ("`note.text` to `body`", "`note.text` → `body`"),
    ] {
        let wrong = sample.replacen(refused.0, refused.1, 1);
        assert_ne!(
            Notes::parse(&wrong).problems(),
            Vec::<String>::new(),
            "{refused:?}"
        );
    }
}

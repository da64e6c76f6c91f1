//! A backfill fills a table from others, in order. Its three stages overlap: read, compute, write.

pub(crate) mod batch;
mod row_error;
mod write;

use std::panic;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle, scope};

use rusqlite::Connection;

use crate::error::BoxError;
use crate::progress::{Progress, Work};
use crate::skipped_rows::SkippedRows;
use batch::{Batch, Compute, Made, Source};
use write::Writer;

/// The number of batches in flight: one is read or written, one is computed, and one waits on each
/// side.
const ON_THE_WAY: usize = 4;

/// A table that a step's function fills from others.
///
/// ```
/// use migrations::rusqlite::types::ValueRef;
/// use migrations::{BoxError, StepFn, Backfill, Made, Source};
///
/// /// Makes a row for each word of each note; the function of the step `0002_words`.
/// const BACKFILL: Backfill<'_> = Backfill {
///     from: "SELECT id, body FROM note ORDER BY id",
///     into: "word",
///     columns: &["note", "text"],
/// };
///
/// fn words(note: &Source<'_>, made: &mut Made<'_>) -> Result<(), BoxError> {
///     let Ok(body) = note.get(1).as_str() else {
///         // The note stays unchanged and the run's report lists it; a strict run refuses.
///         made.skip("note", note.shown(0), "its body is not text");
///         return Ok(());
///     };
///     for word in body.split_whitespace() {
///         made.row(&[note.get(0), ValueRef::from(word)])?;
///     }
///     Ok(())
/// }
///
/// const CODE: StepFn = StepFn {
///     name: "words::CODE",
///     preflight: |connection, skipped| BACKFILL.preflight(connection, skipped, words),
///     apply: |connection, skipped| BACKFILL.run(connection, skipped, words),
/// };
/// # use migrations::{Down, Catalogue, Migrator, Options, Step, rusqlite::Connection};
/// # let up = "CREATE TABLE note (id INTEGER PRIMARY KEY, body);";
/// # let note = Step::new("0001_note", up, Down::Sql("DROP TABLE note;".into()), "");
/// # let up = "CREATE TABLE word (note INTEGER NOT NULL REFERENCES note, text TEXT NOT NULL);
/// #     CREATE INDEX word_text ON word(text);";
/// # let word = Step::new("0002_words", up, Down::Sql("DROP TABLE word;".into()), "");
/// # let word = word.with_code(CODE);
/// # let catalogue = Catalogue::new(vec![note, word])?;
/// # let options = Options::default().allow_undocumented(true);
/// # let mut file = Migrator::with_connection(&catalogue, Connection::open_in_memory()?, options);
/// # file.upgrade_to(1)?;
/// # file.connection().execute_batch("INSERT INTO note VALUES (1, 'a b c'), (2, x'00')")?;
/// # let report = file.upgrade()?;
/// # assert_eq!((report.skipped_rows.len(), &*report.skipped_rows[0].key), (1, "2"));
/// # let count = "SELECT count(*) FROM word";
/// # let words: i64 = file.connection().query_row(count, [], |row| row.get(0))?;
/// # assert_eq!(words, 3);
/// # Ok::<(), BoxError>(())
/// ```
///
/// # Speed
///
/// Measured on 100 000 documents that become 500 000 rows with text ids and one index. The second
/// column is the factor by which the writing thread slows down without the choice.
///
/// | choice | without it |
/// |---|---|
/// | rows are written in the order read: ascending ids are appended | 7.6 (random ids) |
/// | indexes are built after the rows, with one sort | 2.4 |
/// | one prepared statement writes many rows | 1.4 (a row at a time) |
/// | a second thread computes rows during reading and writing | 1.4 |
///
/// Values stay bytes in reused buffers, so `compute` can borrow from them and a row costs no
/// allocation. A larger page cache, `mmap_size`, `temp_store` and weaker sync settings brought no
/// gain once rows were appended, so a backfill sets none of them.
///
/// A backfill holds a few batches of a quarter of a megabyte each, however large the tables are.
#[derive(Clone, Copy, Debug)]
pub struct Backfill<'a> {
    /// The SELECT whose rows are read. Rows are written in its order, and are appended if that is
    /// the order of their keys. It must not read the table that is filled: rows that were just
    /// written [may or may not be visible](https://sqlite.org/isolation.html).
    pub from: &'a str,
    /// The table that is filled. If it is empty, its indexes are dropped first and created again
    /// after the last row, by their own CREATE statements. UNIQUE indexes stay, so that an error
    /// can name the row that they refuse.
    pub into: &'a str,
    /// The columns that are written.
    pub columns: &'a [&'a str],
}

impl Backfill<'_> {
    /// Reads the rows, calls `compute` for each and writes what it returns; for
    /// [`StepFn::apply`](crate::StepFn).
    ///
    /// `compute` is called in the order of the rows. It runs on a second thread if there is more
    /// than one batch, and has no connection: select the data of other tables in `from`, or read it
    /// before the call. Each batch reports to [`Options::progress`](crate::Options), and an
    /// [interrupt](https://sqlite.org/c3ref/interrupt.html) of the connection takes effect at the
    /// next row.
    ///
    /// # Errors
    /// When SQLite or `compute` fails. The error names the row by its number and its first column.
    /// The run rolls back.
    pub fn run(
        &self,
        connection: &Connection,
        skipped: &mut SkippedRows,
        compute: impl Fn(&Source<'_>, &mut Made<'_>) -> Result<(), BoxError> + Sync,
    ) -> Result<(), BoxError> {
        let indexes = write::put_off_indexes(connection, self.into)?;
        let mut writer = Writer::new(connection, self.into, self.columns)?;
        let mut write = |batch: &Batch| writer.write(batch);
        self.process_rows(connection, skipped, &compute, &mut write)?;
        for index in indexes {
            connection.execute_batch(&index)?;
        }
        Ok(())
    }

    /// Reads and computes as [`Backfill::run`] does, records the skipped rows, and writes nothing;
    /// for [`StepFn::preflight`](crate::StepFn).
    ///
    /// # Errors
    /// As [`Backfill::run`].
    pub fn preflight(
        &self,
        connection: &Connection,
        skipped: &mut SkippedRows,
        compute: impl Fn(&Source<'_>, &mut Made<'_>) -> Result<(), BoxError> + Sync,
    ) -> Result<(), BoxError> {
        self.process_rows(connection, skipped, &compute, &mut |_| Ok(()))
    }

    fn process_rows(
        &self,
        connection: &Connection,
        skipped: &mut SkippedRows,
        compute: &Compute<'_>,
        write: &mut dyn FnMut(&Batch) -> Result<(), BoxError>,
    ) -> Result<(), BoxError> {
        let mut statement = connection.prepare(self.from)?;
        let mut batch = Batch::new(&statement, self.columns.len());
        let mut rows = statement.query([])?;
        let mut finish = |batch: &mut Batch, last: bool| {
            skipped.append(batch.skipped());
            write(batch)?;
            skipped.report_progress(Progress {
                work: Work::Filling,
                done: batch.end(),
                all: if last { batch.end() } else { 0 },
            });
            batch.take_failure().map_or(Ok(()), Err)
        };
        scope(|scope| {
            let mut worker = None;
            loop {
                let more = batch.read(&mut rows)?;
                if more && worker.is_none() {
                    worker = Worker::start(scope, compute);
                }
                let Some(worker) = &mut worker else {
                    batch.compute(compute);
                    finish(&mut batch, !more)?;
                    if more {
                        batch.go_on(batch.end())
                    } else {
                        return Ok(());
                    }
                    continue;
                };
                let end = batch.end();
                let empty = batch.another();
                worker.give(std::mem::replace(&mut batch, empty));
                while worker.on_the_way == ON_THE_WAY || (!more && worker.on_the_way > 0) {
                    let mut done = worker.take();
                    finish(&mut done, !more && worker.on_the_way == 0)?;
                    batch = done;
                }
                if !more {
                    return Ok(());
                }
                batch.go_on(end);
            }
        })
    }
}

/// The second thread. It ends when the channel to it is closed.
struct Worker<'scope> {
    to: Option<SyncSender<Batch>>,
    from: Receiver<Batch>,
    thread: Option<ScopedJoinHandle<'scope, ()>>,
    on_the_way: usize,
}

impl<'scope> Worker<'scope> {
    /// Starts the thread; `None` if the system refuses one, and the caller then computes itself.
    fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        compute: &'env Compute<'_>,
    ) -> Option<Worker<'scope>> {
        let (to, given) = sync_channel::<Batch>(ON_THE_WAY);
        let (done, from) = sync_channel::<Batch>(ON_THE_WAY);
        let work = move || {
            for mut batch in given {
                batch.compute(compute);
                if done.send(batch).is_err() {
                    return;
                }
            }
        };
        let named = Builder::new().name("fill".to_owned());
        let thread = named.spawn_scoped(scope, work).ok()?;
        Some(Worker {
            to: Some(to),
            from,
            thread: Some(thread),
            on_the_way: 0,
        })
    }

    fn give(&mut self, batch: Batch) {
        if self.to.as_ref().is_none_or(|to| to.send(batch).is_err()) {
            self.fell();
        }
        self.on_the_way += 1;
    }

    fn take(&mut self) -> Batch {
        self.on_the_way -= 1;
        match self.from.recv() {
            Ok(batch) => batch,
            Err(_) => self.fell(),
        }
    }

    /// Resumes the thread's panic here, where the run catches it. Only a panic ends the thread
    /// early.
    fn fell(&mut self) -> ! {
        self.to = None;
        let end = self.thread.take().map(ScopedJoinHandle::join);
        match end {
            Some(Err(words)) => panic::resume_unwind(words),
            _ => panic!("the thread that computes rows ended early"),
        }
    }
}

//! Output that is either whole or absent.
//!
//! A file is written beside its place under another name, flushed to the disk and renamed. Until
//! then the old file is untouched; an error, a drop or [`remove_unfinished`] removes the new one.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::error::{Error, Result};

static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static COUNTER: AtomicU64 = AtomicU64::new(0);

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Removes every file that is being written. For a handler of Ctrl-C, just before the program ends: until what it gives is
/// dropped, none appears.
pub fn remove_unfinished() -> impl Sized {
    let mut all = unfinished();
    for path in std::mem::take(&mut *all) {
        let _ = fs::remove_file(path);
    }
    all
}

/// From now on no file appears any more: what is written then ends with [`Error::Interrupted`]. For a handler of Ctrl-C.
pub fn interrupt() {
    // Not between two files that belong together.
    let _all = unfinished();
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// A file that appears under its name only when [`AtomicFile::commit`] is called.
///
/// Devices and pipes (`/dev/stdout`, a FIFO) are written straight through.
#[derive(Debug)]
pub struct AtomicFile {
    writer: Option<BufWriter<File>>,
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl AtomicFile {
    /// Begins to write `path`, which must not be `input`.
    ///
    /// # Errors
    /// [`Error::File`] if the folder or the existing file cannot be written, [`Error::Usage`] if
    /// `path` is `input`.
    pub fn create(path: &Path, input: Option<&Path>) -> Result<Self> {
        refuse_input(path, input)?;
        if is_stream(path) {
            let file = OpenOptions::new().write(true).open(path).map_err(|e| Error::file(path, "write", e))?;
            return Ok(Self { writer: Some(BufWriter::new(file)), temporary: None, target: path.to_owned() });
        }
        // Write through symbolic links instead of replacing them.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if target.is_dir() {
            return Err(Error::file(path, "write", io::Error::other("it is a folder; name a file in it")));
        }
        if target.exists() {
            OpenOptions::new().write(true).open(&target).map_err(|e| Error::file(path, "write", e))?;
        }
        let (file, temporary) = create_beside(&target).map_err(|e| Error::file(path, "write", e))?;
        Ok(Self { writer: Some(BufWriter::with_capacity(1 << 16, file)), temporary: Some(temporary), target })
    }

    /// Makes the file appear under its name, whole and on the disk.
    ///
    /// # Errors
    /// [`Error::File`]; the old file is then untouched.
    pub fn commit(self) -> Result<()> {
        commit_together(vec![self])
    }

    /// Writes `bytes` over those at `place`; what is written next follows the end again.
    ///
    /// # Errors
    /// Those of the system; of a pipe, whose bytes cannot be taken back.
    pub fn overwrite(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.seek(SeekFrom::Start(place))?;
        writer.write_all(bytes)?;
        writer.seek(SeekFrom::End(0)).map(drop)
    }

    /// Brings all that was written to the disk.
    fn flush_to_disk(&mut self) -> io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        if self.temporary.is_none() {
            return Ok(());
        }
        if let Ok(old) = fs::metadata(&self.target) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()
    }

    /// Gives the file its name.
    fn appear(&mut self, all: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        fs::rename(temporary, &self.target)?;
        all.remove(temporary);
        self.temporary = None;
        sync_folder(&self.target);
        Ok(())
    }
}

/// Makes files that belong together appear under their names, all of them or, if the program is interrupted, none.
///
/// # Errors
/// As [`AtomicFile::commit`].
pub fn commit_together(mut files: Vec<AtomicFile>) -> Result<()> {
    for file in &mut files {
        file.flush_to_disk().map_err(|e| Error::file(&file.target, "write", e))?;
    }
    // Let go before files that have not appeared are dropped, which ask for it: variables go before parameters.
    let mut all = unfinished();
    if is_interrupted() {
        return Err(Error::Interrupted);
    }
    for file in &mut files {
        file.appear(&mut all).map_err(|e| Error::file(&file.target, "write", e))?;
    }
    Ok(())
}

/// Whether nothing must appear any more.
fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().map_or(Ok(0), |w| w.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // A dropped BufWriter would flush what it holds; the file goes anyway.
        if let Some(temporary) = self.temporary.take() {
            let _ = fs::remove_file(&temporary);
            unfinished().remove(&temporary);
        }
    }
}

/// A file of passing use in the folder of another, removed when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    writer: BufWriter<File>,
    path: PathBuf,
}

impl Scratch {
    /// An empty file beside `target`, with its ending.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn beside(target: &Path) -> Result<Self> {
        let (file, path) = create_beside(target).map_err(|e| Error::file(target, "write", e))?;
        Ok(Self { writer: BufWriter::with_capacity(1 << 16, file), path })
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself, to be read after [`Write::flush`].
    pub fn file(&mut self) -> &mut File {
        self.writer.get_mut()
    }

    /// Gives the file the name `target`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn commit(mut self, target: &Path) -> Result<()> {
        let failed = |e| Error::file(target, "write", e);
        self.writer.flush().and_then(|()| self.writer.get_ref().sync_all()).map_err(failed)?;
        let _none_else = unfinished();
        if is_interrupted() {
            return Err(Error::Interrupted);
        }
        fs::rename(&self.path, target).map_err(failed)?;
        sync_folder(target);
        Ok(())
    }
}

impl Write for Scratch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Renamed, it is there no more.
        let _ = fs::remove_file(&self.path);
        unfinished().remove(&self.path);
    }
}

/// Writes `path` at once with `fill`; nothing of it appears if `fill` fails.
///
/// # Errors
/// As [`AtomicFile::create`], and what `fill` reports as [`Error::File`].
pub fn write(path: &Path, input: Option<&Path>, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    filled(path, input, fill)?.commit()
}

/// A file that is written and has still to appear, by [`AtomicFile::commit`] or with others by [`commit_together`].
///
/// # Errors
/// As [`write`](fn@write).
pub fn filled(
    path: &Path,
    input: Option<&Path>,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<AtomicFile> {
    let mut file = AtomicFile::create(path, input)?;
    fill(&mut file).map_err(|e| Error::file(path, "write", e))?;
    Ok(file)
}

/// Tells before the work whether `path` can be written and is not `input`. Leaves nothing behind.
///
/// # Errors
/// As [`AtomicFile::create`].
pub fn check_writable(path: &Path, input: Option<&Path>) -> Result<()> {
    if is_stream(path) {
        return refuse_input(path, input);
    }
    AtomicFile::create(path, input).map(drop)
}

/// Whether `path` is a device or a pipe, whose bytes cannot be taken back.
pub fn is_stream(path: &Path) -> bool {
    // What the shell opened is written as it is, whatever it is.
    let is_handed_over = path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
    is_handed_over || path == Path::new("/dev/stdout") || fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// Refuses to write over the input.
///
/// # Errors
/// [`Error::Usage`] if `path` is `input`.
pub fn refuse_input(path: &Path, input: Option<&Path>) -> Result<()> {
    match input {
        Some(input) if is_same_file(path, input) && !is_stream(input) => {
            Err(Error::Usage(format!("{}: the output is the input; choose another name", path.display())))
        }
        _ => Ok(()),
    }
}

/// Whether two names are of one file, which need not be there yet.
pub fn is_same_place(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    a == b || is_same_file(a, b) || place(a).is_some_and(|a| Some(a) == place(b))
}

#[cfg(unix)]
fn is_same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// A new file in the folder of `target`, registered for [`remove_unfinished`].
fn create_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let folder = target.parent().unwrap_or(Path::new(""));
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // The ending stays last: programs that are handed the name go by it.
        let ending = target.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        let temporary = folder.join(format!(".densitas-{}-{number}.part{ending}", std::process::id()));
        // Registered under the lock, so that a handler never misses a file that exists.
        let mut registry = unfinished();
        match OpenOptions::new().read(true).write(true).create_new(true).open(&temporary) {
            Ok(file) => {
                registry.insert(temporary.clone());
                return Ok((file, temporary));
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
}

/// Makes the new name itself survive a power cut; not every file system can.
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("densitas-atomic-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_appears_whole_and_replaces_the_old_one() {
        let scratch = Scratch::new("whole");
        let path = scratch.0.join("out.bin");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path, None).unwrap();
        file.write_all(b"new").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(scratch.names(), ["out.bin"]);
    }

    #[test]
    fn an_error_or_a_drop_leaves_the_old_file_alone() {
        let scratch = Scratch::new("error");
        let path = scratch.0.join("out.bin");
        fs::write(&path, "old").unwrap();
        let failed = write(&path, None, |file| {
            file.write_all(&[0; 100_000])?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().contains("out.bin: cannot write: the disk is full"));
        let mut dropped = AtomicFile::create(&path, None).unwrap();
        dropped.write_all(b"new").unwrap();
        drop(dropped);
        assert_eq!((fs::read(&path).unwrap(), scratch.names()), (b"old".to_vec(), vec!["out.bin".to_owned()]));
    }

    #[test]
    fn writability_is_told_before_the_work_and_nothing_stays() {
        let scratch = Scratch::new("check");
        check_writable(&scratch.0.join("new.png"), None).unwrap();
        assert!(check_writable(&scratch.0.join("no/such/folder/x.png"), None).is_err());
        assert!(check_writable(&scratch.0, None).unwrap_err().to_string().contains("it is a folder"));
        assert_eq!(scratch.names().len(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn the_input_is_never_overwritten_under_any_of_its_names() {
        let scratch = Scratch::new("input");
        let (input, link, hard) = (scratch.0.join("in.csv"), scratch.0.join("link.csv"), scratch.0.join("hard.csv"));
        fs::write(&input, "x").unwrap();
        std::os::unix::fs::symlink(&input, &link).unwrap();
        fs::hard_link(&input, &hard).unwrap();
        for path in [&input, &link, &hard, &scratch.0.join("./in.csv")] {
            let error = check_writable(path, Some(&input)).unwrap_err();
            assert!(matches!(&error, Error::Usage(text) if text.contains("is the input")), "{error}");
        }
        check_writable(&scratch.0.join("other.csv"), Some(&input)).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn links_and_permissions_survive() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::new("links");
        let (real, link) = (scratch.0.join("real"), scratch.0.join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, None, |file| file.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    #[cfg(unix)]
    fn devices_are_written_straight_through() {
        write(Path::new("/dev/null"), None, |file| file.write_all(b"x")).unwrap();
        check_writable(Path::new("/dev/null"), Some(Path::new("/dev/null"))).unwrap();
    }
}

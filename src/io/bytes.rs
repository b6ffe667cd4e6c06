//! The bytes of an input: read once, bounded, unpacked if they are packed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::packed::Packing;
use super::{Source, sniff};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// No stream and no unpacked file is longer, unless the user says so.
const MAX_BYTES: u64 = 4 << 30;
/// Up to here unpacked data are taken whatever their ratio.
const RATIO_FREE_BYTES: u64 = 64 << 20;
/// The most unpacked bytes a packed byte may stand for: DEFLATE reaches 1,032, real tables 3 to 20.
const MAX_RATIO: u64 = 200;
const CHUNK: usize = 1 << 20;
/// How long a pipe may wait for somebody to open it for writing.
const PIPE_PATIENCE: Duration = Duration::from_secs(10);
/// How often a waiting reader looks whether it should stop.
const POLL: Duration = Duration::from_millis(100);

/// All bytes of `source`, unpacked.
///
/// # Errors
/// [`Error::File`] if it cannot be read; [`Error::Input`] if it is a folder, too long, a pipe that
/// nobody writes, or damaged where it is packed.
pub(super) fn load(source: &Source, max: Option<u64>, progress: &dyn Progress) -> Result<Vec<u8>> {
    let name = source.to_string();
    let raw = load_packed(source, max, progress)?;
    if Packing::of(&raw).is_some() { unpack(&raw, &name, max, progress) } else { Ok(raw) }
}

/// All bytes of `source`, as they are.
///
/// # Errors
/// As [`load`].
pub(super) fn load_packed(source: &Source, max: Option<u64>, progress: &dyn Progress) -> Result<Vec<u8>> {
    let name = source.to_string();
    match source {
        Source::Stdin => stream(&name, max, progress, || Ok(Box::new(io::stdin()))),
        Source::Path(path) => file(path, &name, max, progress),
    }
}

fn file(path: &Path, name: &str, max: Option<u64>, progress: &dyn Progress) -> Result<Vec<u8>> {
    let cannot_read = |e| Error::file(path, "read", e);
    let metadata = fs::metadata(path).map_err(cannot_read)?;
    if metadata.is_dir() {
        return Err(Error::input(name, "is a folder; name a file in it"));
    }
    if !metadata.is_file() {
        let path = path.to_owned();
        return stream(name, max, progress, move || Ok(Box::new(File::open(path)?)));
    }
    let mut file = File::open(path).map_err(cannot_read)?;
    progress.begin("reading", metadata.len());
    // A file that grows while it is read is read up to the length it had.
    let mut bytes = Vec::new();
    reserve(&mut bytes, metadata.len(), name)?;
    while (bytes.len() as u64) < metadata.len() {
        let want = (metadata.len() - bytes.len() as u64).min(CHUNK as u64);
        let got = (&mut file).take(want).read_to_end(&mut bytes).map_err(cannot_read)?;
        if got == 0 {
            return Err(Error::input(name, "became shorter while it was read; read it again when it is whole"));
        }
        progress.advance(got as u64);
        progress.check()?;
    }
    Ok(bytes)
}

fn reserve(bytes: &mut Vec<u8>, len: u64, name: &str) -> Result<()> {
    let fits = usize::try_from(len).is_ok_and(|len| bytes.try_reserve_exact(len).is_ok());
    if fits { Ok(()) } else { Err(Error::input(name, format!("its {len} bytes do not fit into memory; split it"))) }
}

type Open = Box<dyn Read + Send>;

/// What the thread that reads a pipe or device tells.
enum Event {
    Opened,
    Bytes(Vec<u8>),
    Failed(io::Error),
}

/// Reads a pipe or device in a thread of its own, so that waiting can be interrupted.
fn stream(
    name: &str,
    max: Option<u64>,
    progress: &dyn Progress,
    open: impl FnOnce() -> io::Result<Open> + Send + 'static,
) -> Result<Vec<u8>> {
    let (sender, events) = sync_channel(4);
    std::thread::spawn(move || pump(open, &sender));
    progress.begin("reading", 0);
    let max = max.unwrap_or(MAX_BYTES);
    let mut bytes = Vec::new();
    let mut is_open = false;
    let begun = Instant::now();
    while let Some(event) = wait(&events, progress)? {
        match event {
            Some(Event::Opened) => is_open = true,
            Some(Event::Bytes(chunk)) => {
                progress.advance(chunk.len() as u64);
                let is_first = bytes.is_empty();
                bytes.extend_from_slice(&chunk);
                // What is packed is told when it is unpacked.
                if is_first && chunk.contains(&0) && Packing::of(&chunk).is_none() {
                    sniff::format(&bytes, name)?;
                }
                if bytes.len() as u64 > max {
                    return Err(too_long(name, max));
                }
            }
            Some(Event::Failed(e)) => return Err(Error::file(Path::new(name), "read", e)),
            None if !is_open && begun.elapsed() > PIPE_PATIENCE => {
                let problem = "nothing has opened this pipe for writing for 10 s; start the program that writes it";
                return Err(Error::input(name, problem));
            }
            None => {}
        }
    }
    Ok(bytes)
}

fn too_long(name: &str, max: u64) -> Error {
    Error::input(name, format!("holds more than {max} bytes; raise --max-decompressed if it is meant"))
}

/// `None`: the reader is done; `Some(None)`: nothing yet.
fn wait(events: &Receiver<Event>, progress: &dyn Progress) -> Result<Option<Option<Event>>> {
    progress.check()?;
    match events.recv_timeout(POLL) {
        Ok(event) => Ok(Some(Some(event))),
        Err(RecvTimeoutError::Timeout) => Ok(Some(None)),
        Err(RecvTimeoutError::Disconnected) => Ok(None),
    }
}

/// Sends what it reads until the end, an error, or until nobody listens.
fn pump(open: impl FnOnce() -> io::Result<Open>, events: &SyncSender<Event>) {
    let mut reader = match open() {
        Ok(reader) => reader,
        Err(e) => {
            let _ = events.send(Event::Failed(e));
            return;
        }
    };
    let mut is_heard = events.send(Event::Opened).is_ok();
    let mut buffer = vec![0; 1 << 16];
    while is_heard {
        let event = match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => Event::Bytes(buffer[..n].to_vec()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => Event::Failed(e),
        };
        is_heard = events.send(event).is_ok();
    }
}

/// The most bytes that `packed` bytes may unpack to, unless the user says `max`.
pub(super) fn unpacked_limit(packed: usize, max: Option<u64>) -> u64 {
    max.unwrap_or_else(|| (packed as u64).saturating_mul(MAX_RATIO).clamp(RATIO_FREE_BYTES, MAX_BYTES))
}

/// The most bytes that `packed` bytes may unpack to where they are not kept, unless the user says `max`.
pub(super) fn streamed_limit(packed: u64, max: Option<u64>) -> u64 {
    max.unwrap_or_else(|| packed.saturating_mul(MAX_RATIO).max(RATIO_FREE_BYTES))
}

/// Unpacks gzip and nothing else, with [`unpack`]'s care.
///
/// # Errors
/// [`Error::Input`] if the data are damaged, cut, or a bomb; [`Error::Interrupted`].
pub(super) fn gunzip(packed: &[u8], name: &str, max: Option<u64>, progress: &dyn Progress) -> Result<Vec<u8>> {
    unpack_as(packed, Packing::Gzip, name, max, progress)
}

/// Unpacks in two passes: the first counts and checks, so that the second allocates exactly and a bomb
/// costs no memory. `name` stands in errors; at most `max` bytes come out (default as
/// [`ReadOptions::max_decompressed`](super::ReadOptions::max_decompressed)). Bytes that are not packed are
/// copied.
///
/// # Errors
/// [`Error::Input`] if the data are cut, damaged or too long, [`Error::Interrupted`].
pub fn unpack(packed: &[u8], name: &str, max: Option<u64>, progress: &dyn Progress) -> Result<Vec<u8>> {
    match Packing::of(packed) {
        Some(packing) => unpack_as(packed, packing, name, max, progress),
        None => Ok(packed.to_vec()),
    }
}

fn unpack_as(
    packed: &[u8],
    packing: Packing,
    name: &str,
    max: Option<u64>,
    progress: &dyn Progress,
) -> Result<Vec<u8>> {
    let limit = unpacked_limit(packed.len(), max);
    let broken = |e: &io::Error| broken(packing, e, name);
    let mut reader = packing.reader(packed);
    let mut buffer = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => len += n as u64,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(broken(&e)),
        }
        if len > limit {
            return Err(bomb(packed.len() as u64, limit, name));
        }
        progress.check()?;
    }
    let mut bytes = Vec::new();
    reserve(&mut bytes, len, name)?;
    packing.reader(packed).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
    Ok(bytes)
}

/// What is wrong with packed data that cannot be unpacked.
pub(super) fn broken(packing: Packing, e: &io::Error, name: &str) -> Error {
    let what = packing.name();
    let problem = match e.kind() {
        io::ErrorKind::UnexpectedEof => format!("the {what} data end too early, the file is cut; fetch it again"),
        _ => format!("the {what} data are damaged ({e}); fetch the file again"),
    };
    Error::input(name, problem)
}

/// What unpacks to more than it should.
pub(super) fn bomb(packed: u64, limit: u64, name: &str) -> Error {
    let problem = format!(
        "{packed} packed bytes unpack to more than {limit}, over {MAX_RATIO} times their size or 4 GiB; \
         raise --max-decompressed if that is meant"
    );
    Error::input(name, problem)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::progress::Silent;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], max: Option<u64>) -> Result<Vec<u8>> {
        super::unpack(packed, "t.gz", max, &Silent)
    }

    #[test]
    fn all_members_of_a_gzip_file_are_read() {
        assert_eq!(unpack(&[pack(b"1,2"), pack(b",3\n")].concat(), None).unwrap(), b"1,2,3\n");
    }

    #[test]
    fn every_cut_and_every_changed_byte_of_data_or_checksum_is_told() {
        let packed = pack(b"x,y,z\n1,2,3\n4,5,6\n");
        for cut in 2..packed.len() {
            let error = unpack(&packed[..cut], None).unwrap_err().to_string();
            assert!(error.contains("t.gz: the gzip data"), "{cut}: {error}");
        }
        for at in 10..packed.len() {
            let mut bad = packed.clone();
            bad[at] ^= 0x55;
            assert!(unpack(&bad, None).is_err(), "byte {at}");
        }
    }

    #[test]
    fn bombs_are_refused_and_the_limit_can_be_moved() {
        let packed = pack(&vec![b'1'; 70 << 20]);
        assert!(packed.len() < 100_000);
        assert!(unpack(&packed, None).unwrap_err().to_string().contains("--max-decompressed"));
        assert_eq!(unpack(&packed, Some(70 << 20)).unwrap().len(), 70 << 20);
        assert!(unpack(&packed, Some((70 << 20) - 1)).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn endless_devices_and_folders_are_refused_at_once() {
        for (path, expected) in [("/dev/zero", "format"), ("/", "folder")] {
            let begun = Instant::now();
            let error = load(&Source::Path(path.into()), None, &Silent).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(begun.elapsed() < Duration::from_secs(1));
        }
    }

    #[test]
    fn a_stream_is_read_to_its_end_but_not_past_its_limit() {
        let open = || Ok(Box::new(&b"1,2,3\n"[..]) as Open);
        assert_eq!(stream("s", None, &Silent, open).unwrap(), b"1,2,3\n");
        assert!(stream("s", Some(5), &Silent, open).unwrap_err().to_string().contains("more than 5 bytes"));
        let endless = || Ok(Box::new(io::repeat(b'1')) as Open);
        assert!(stream("s", Some(1 << 20), &Silent, endless).is_err());
    }

    /// Catches: packed bytes of a pipe that are taken for an unknown format.
    #[test]
    fn packed_streams_are_read() {
        let packed = pack(b"x,y,z\n1,2,3\n");
        assert!(packed.contains(&0));
        let bytes = packed.clone();
        assert_eq!(stream("s", None, &Silent, move || Ok(Box::new(io::Cursor::new(bytes)) as Open)).unwrap(), packed);
    }

    struct Cancelled;
    impl Progress for Cancelled {
        fn begin(&self, _: &'static str, _: u64) {}
        fn advance(&self, _: u64) {}
        fn is_cancelled(&self) -> bool {
            true
        }
    }

    #[test]
    fn waiting_for_a_pipe_can_be_interrupted() {
        let never = || {
            std::thread::sleep(Duration::from_secs(3));
            Ok(Box::new(io::empty()) as Open)
        };
        assert!(matches!(stream("s", None, &Cancelled, never), Err(Error::Interrupted)));
    }
}

//! The log, on standard error. A thread of its own writes it, so that nobody who logs waits for a reader or a disk, or fails with it:
//! a line that finds no room or can't be written is dropped and counted.

use std::any::Any;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{mem, panic, thread};

use guichet::{metrics, settings};
use tracing_subscriber::EnvFilter;

/// Bytes of lines that may wait: some 5,000 requests.
const ROOM: usize = 1 << 20;
/// How long the end of a process waits until all is written.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two tries where a full pipe does not let its writers wait.
const PAUSE: Duration = Duration::from_millis(10);

static LINES: LazyLock<Lines> = LazyLock::new(Lines::default);

/// Begins the log: structured lines, or readable ones on a terminal. Keep what it returns until the process ends.
#[must_use]
pub fn begin() -> End {
    thread::spawn(|| LINES.write_to(io::stderr()));
    let filter = EnvFilter::try_from_env("GUICHET_LOG").unwrap_or_else(|_| EnvFilter::new(settings::LOG));
    // Its internal errors would be printed on the spot, which may panic or take for ever.
    let lines = tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(|| Line);
    if io::stderr().is_terminal() {
        lines.init();
    } else {
        lines.json().init();
    }
    // For the same reason a panic is a line of the log.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, said = literal(panic.payload()), "a part of the portal panicked");
    }));
    End
}

/// Waits until all that was logged is written or dropped. False: it took too long, and nobody may be reading.
pub fn flush() -> bool {
    LINES.flush(PATIENCE)
}

/// The end of the process: what was logged is still written.
pub struct End;

impl Drop for End {
    fn drop(&mut self) {
        flush();
    }
}

/// What a panic says, when it was written in the code: anything else may hold a value that nobody is to read.
fn literal(payload: &(dyn Any + Send)) -> Option<&'static str> {
    payload.downcast_ref::<&'static str>().copied()
}

/// Takes one line, which comes whole in one piece.
struct Line;

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines on their way.
#[derive(Default)]
struct Lines {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Vec<u8>>,
    /// Of those that wait.
    bytes: usize,
    /// Whether the writer holds a line.
    under_way: bool,
    /// Lines dropped since the log told of any.
    untold: u64,
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.under_way
    }

    fn drop_one(&mut self) {
        self.untold += 1;
        metrics::LOG_LINES_DROPPED.inc();
    }
}

impl Lines {
    /// Nothing is written while it is held.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.queue();
        if queue.bytes + line.len() > ROOM {
            queue.drop_one();
        } else {
            queue.bytes += line.len();
            queue.waiting.push_back(line.to_vec());
            self.changed.notify_all();
        }
    }

    fn flush(&self, patience: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.queue(), patience, |queue| !queue.is_idle());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_idle()
    }

    /// Writes what comes, for ever.
    fn write_to(&self, mut out: impl Write) {
        let mut torn = false;
        loop {
            let mut line = self.next();
            if torn {
                // The rest of an unfinished line is lost, not this one with it.
                line.insert(0, b'\n');
            }
            match write(&mut out, &line) {
                Ok(()) => {
                    torn = false;
                    self.tell_dropped();
                }
                Err(written) => {
                    torn = written.checked_sub(1).map_or(torn, |last| line[last] != b'\n');
                    self.queue().drop_one();
                }
            }
        }
    }

    /// The next line, once there is one.
    fn next(&self) -> Vec<u8> {
        let mut queue = self.queue();
        loop {
            if let Some(line) = queue.waiting.pop_front() {
                queue.bytes -= line.len();
                queue.under_way = true;
                return line;
            }
            queue.under_way = false;
            self.changed.notify_all();
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// One line for all that were dropped, when the log has caught up.
    fn tell_dropped(&self) {
        let mut queue = self.queue();
        let lines = if queue.waiting.is_empty() { mem::take(&mut queue.untold) } else { 0 };
        drop(queue);
        if lines > 0 {
            tracing::warn!(lines, "lines of the log were dropped");
        }
    }
}

/// Writes the whole of a line. The error is how much of it was written.
fn write(out: &mut impl Write, line: &[u8]) -> Result<(), usize> {
    let mut written = 0;
    while written < line.len() {
        match out.write(&line[written..]) {
            Ok(0) => return Err(written),
            Ok(more) => written += more,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => thread::sleep(PAUSE),
                _ => return Err(written),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    /// Takes what a test lets it take, one answer for each call, and everything once these are used up.
    struct Scripted {
        answers: VecDeque<Result<usize, ErrorKind>>,
        taken: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let most = self.answers.pop_front().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
            let _ = self.taken.send(bytes[..most].to_vec());
            Ok(most)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(texts: &[&str]) -> Arc<Lines> {
        let lines = Arc::new(Lines::default());
        for text in texts {
            lines.push(text.as_bytes());
        }
        lines
    }

    /// What becomes of the waiting lines.
    fn written(lines: &Arc<Lines>, answers: &[Result<usize, ErrorKind>]) -> String {
        let (taken, took) = mpsc::channel();
        let out = Scripted { answers: answers.iter().copied().collect(), taken };
        let writer = Arc::clone(lines);
        thread::spawn(move || writer.write_to(out));
        assert!(lines.flush(Duration::from_secs(10)));
        took.try_iter().map(|piece| String::from_utf8(piece).unwrap()).collect()
    }

    #[test]
    fn a_write_that_fails_costs_its_own_line() {
        let gone = Err(ErrorKind::StorageFull);
        for (answers, expected, lost) in [
            (&[][..], "one\ntwo\nthree\n", 0),
            (&[Err(ErrorKind::Interrupted), Err(ErrorKind::WouldBlock), Ok(2)], "one\ntwo\nthree\n", 0),
            (&[gone], "two\nthree\n", 1),
            (&[Ok(0)], "two\nthree\n", 1),
            // A piece of a line is there for good; the next one begins anew.
            (&[Ok(2), gone], "on\ntwo\nthree\n", 1),
            (&[Ok(2), gone, gone], "on\nthree\n", 2),
            (&[Ok(2), gone, Ok(1), gone], "on\nthree\n", 2),
            (&[Ok(4), gone, gone], "one\n", 2),
        ] {
            let waiting = lines(&["one\n", "two\n", "three\n"]);
            let before = metrics::LOG_LINES_DROPPED.get();
            assert_eq!(written(&waiting, answers), expected, "{answers:?}");
            assert!(metrics::LOG_LINES_DROPPED.get() >= before + lost, "{answers:?}");
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_and_what_finds_no_room_is_dropped() {
        let waiting = lines(&[]);
        let line = [&b".".repeat(1023)[..], b"\n"].concat();
        let before = metrics::LOG_LINES_DROPPED.get();
        for _ in 0..ROOM / line.len() + 3 {
            waiting.push(&line);
        }
        assert_eq!(waiting.queue().untold, 3);
        assert!(metrics::LOG_LINES_DROPPED.get() >= before + 3);
        assert!(!waiting.flush(Duration::from_millis(10)), "whoever ends does not wait for ever");
        assert_eq!(written(&waiting, &[]).len(), ROOM, "what found room is written");
        waiting.push(&line);
        assert_eq!(waiting.queue().untold, 0, "and there is room again");
    }

    #[test]
    fn a_panic_says_what_the_code_says_and_no_value() {
        assert_eq!(literal(&"no such day"), Some("no such day"));
        assert_eq!(literal(&format!("no voter {}", "77C7654321QQZ")), None);
    }
}

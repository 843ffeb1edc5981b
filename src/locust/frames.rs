//! What the plugin writes, frame by frame: requests, the names in them, and notes.
//!
//! A file grows while it is read, and ends in the middle of a frame where its process was killed.

use std::io::{self, Read};

use serde::Deserialize;

/// What every file begins with.
const MAGIC: &[u8] = b"LGR1";
/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// One frame.
#[derive(Debug)]
pub(super) enum Frame {
    /// A request that came to its end.
    Request(Request),
    /// What a number stands for in the requests behind it: method and name.
    Name(u32, String, String),
    /// The same of an error: its kind and what it says.
    Error(u32, String, String),
    /// Something else that happened.
    Note(Box<Note>),
}

/// A request that came to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Request {
    /// When it was sent, in seconds since 1970.
    pub(super) start: f64,
    /// How long it took, in milliseconds; `None` where the script gave no time.
    pub(super) took: Option<f32>,
    /// Bytes of its answer.
    pub(super) bytes: u32,
    /// The status of its answer; 0 for none.
    pub(super) status: u16,
    /// The number of its name.
    pub(super) name: u32,
    /// The number of its error; 0 for none.
    pub(super) error: u32,
}

/// Something that happened in a process of Locust.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    /// What it was.
    pub(super) event: String,
    /// When, in seconds since 1970.
    pub(super) t: f64,
    /// `local`, `master` or `worker`.
    pub(super) role: Option<String>,
    /// Locust's version.
    pub(super) locust: Option<String>,
    /// The name of the `LoadTestShape`.
    pub(super) shape: Option<String>,
    /// What was asked of Locust, however that was said.
    pub(super) asked: Option<Asked>,
    /// Users alive.
    pub(super) users: Option<u64>,
    /// Locust's state.
    pub(super) state: Option<String>,
    /// An exit code.
    pub(super) code: Option<i64>,
    /// Requests under way.
    pub(super) flying: Option<u64>,
    /// The age of the oldest of them, in seconds.
    pub(super) oldest: Option<f64>,
    /// CPU time of the process, in seconds.
    pub(super) cpu: Option<f64>,
    /// A clock that nobody sets, in seconds.
    pub(super) mono: Option<f64>,
    /// Requests so far.
    pub(super) count: Option<u64>,
    /// Requests that Locust itself counted, in all processes.
    pub(super) known: Option<u64>,
    /// Exceptions of the script so far.
    pub(super) raised: Option<u64>,
    /// Listeners of the plugin that failed.
    pub(super) lost: Option<u64>,
    /// Workers that are there.
    pub(super) workers: Option<u64>,
    /// Workers that are gone.
    pub(super) missing: Option<u64>,
    /// The class of an exception.
    pub(super) kind: Option<String>,
    /// What it says.
    pub(super) text: Option<String>,
    /// The class of the user that met it.
    pub(super) user: Option<String>,
    /// When a request that was cut off had begun, in seconds since 1970.
    pub(super) began: Option<f64>,
    /// Its method.
    pub(super) method: Option<String>,
    /// Its name.
    pub(super) name: Option<String>,
    /// When another machine sent what stands before this, by its own clock.
    pub(super) sent: Option<f64>,
}

/// What was asked of Locust.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Users at most.
    pub(super) num_users: Option<f64>,
    /// Users that begin in a second.
    pub(super) spawn_rate: Option<f64>,
    /// How long the run is to last, in seconds.
    pub(super) run_time: Option<f64>,
    /// Workers that are waited for.
    pub(super) expect_workers: Option<f64>,
    /// Processes that Locust starts.
    pub(super) processes: Option<f64>,
    /// How long users may take to end, in seconds.
    pub(super) stop_timeout: Option<f64>,
    /// Whom the load is put on.
    pub(super) host: Option<String>,
    /// The exit code of a run with failures.
    pub(super) exit_code_on_error: Option<f64>,
    /// The locustfiles by their whole paths, with commas between them.
    pub(super) locustfile: Option<String>,
}

/// A file of the plugin's, read as far as it goes.
pub(super) struct Frames<R> {
    input: R,
    held: Vec<u8>,
    at: usize,
    begun: bool,
    /// Something in it is none of ours; nothing behind that is read.
    pub(super) damaged: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, held: Vec::new(), at: 0, begun: false, damaged: false }
    }

    /// The next whole frame; `None` where there is none yet.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(Some(frame));
            }
            if self.damaged || !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Whether the file ends in the middle of a frame.
    pub(super) fn is_torn(&self) -> bool {
        self.damaged || self.at < self.held.len()
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.held.drain(..self.at);
        self.at = 0;
        let before = self.held.len();
        self.held.resize(before + PIECE, 0);
        let read = self.input.read(&mut self.held[before..]);
        self.held.truncate(before + *read.as_ref().unwrap_or(&0));
        read.map(|count| count > 0)
    }

    fn take(&mut self) -> Option<Frame> {
        if self.damaged {
            return None;
        }
        if !self.begun {
            let head = self.held.get(self.at..self.at + MAGIC.len())?;
            self.damaged = head != MAGIC;
            self.begun = true;
            self.at += MAGIC.len();
        }
        let rest = self.held.get(self.at..)?;
        let (size, frame) = match rest.first()? {
            b'R' => (25, Frame::Request(request(rest.get(..25)?))),
            kind @ (b'N' | b'E') => {
                let size = usize::from(u16_at(rest, 5)?);
                let text = rest.get(7..7 + size)?;
                let (one, other) = pair(text);
                let number = u32_at(rest, 1)?;
                let entry = if *kind == b'N' { Frame::Name } else { Frame::Error };
                (7 + size, entry(number, one, other))
            }
            b'M' => {
                let size = usize::from(u16_at(rest, 1)?);
                let text = rest.get(3..3 + size)?;
                // A note that was cut for its length is no JSON, and tells nothing.
                (3 + size, Frame::Note(serde_json::from_slice(text).unwrap_or_default()))
            }
            _ => {
                self.damaged = true;
                return None;
            }
        };
        self.at += size;
        Some(frame)
    }
}

fn request(bytes: &[u8]) -> Request {
    let part = |at: usize| {
        let mut part = [0; 8];
        let end = (at + 8).min(bytes.len());
        part[..end - at].copy_from_slice(&bytes[at..end]);
        part
    };
    let word = |at: usize| {
        let [a, b, c, d, ..] = part(at);
        u32::from_le_bytes([a, b, c, d])
    };
    let half = |at: usize| {
        let [a, b, ..] = part(at);
        u16::from_le_bytes([a, b])
    };
    let took = f32::from_bits(word(9));
    Request {
        start: f64::from_le_bytes(part(1)),
        took: (took.is_finite() && took >= 0.0).then_some(took),
        bytes: word(13),
        status: half(17),
        name: u32::from(half(19)),
        error: word(21),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn pair(text: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(text);
    let (one, other) = text.split_once('\0').unwrap_or(("", &text));
    (one.to_owned(), other.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let name = b"GET\0/a";
        bytes.extend([b'N', 1, 0, 0, 0, 6, 0]);
        bytes.extend(name);
        bytes.push(b'R');
        bytes.extend(12.5_f64.to_le_bytes());
        bytes.extend(3.25_f32.to_le_bytes());
        bytes.extend(7_u32.to_le_bytes());
        bytes.extend(200_u16.to_le_bytes());
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        let note = br#"{"event":"beat","t":13.0,"users":4,"more":[1]}"#;
        bytes.extend([b'M', u8::try_from(note.len()).expect("short"), 0]);
        bytes.extend(note);
        bytes
    }

    fn told(bytes: &[u8]) -> (Vec<String>, bool) {
        let mut frames = Frames::new(bytes);
        let mut all = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            all.push(match frame {
                Frame::Request(Request { start, took, bytes, status, name, error }) => {
                    format!("{start} {took:?} {bytes} {status} {name} {error}")
                }
                Frame::Name(number, method, name) => format!("{number} {method} {name}"),
                Frame::Error(number, kind, text) => format!("{number} {kind}: {text}"),
                Frame::Note(note) => format!("{} {:?}", note.event, note.users),
            });
        }
        (all, frames.is_torn())
    }

    #[test]
    fn frames_are_read_and_a_torn_one_is_left() {
        let bytes = written();
        let all = ["1 GET /a", "12.5 Some(3.25) 7 200 1 0", "beat Some(4)"].map(str::to_owned);
        assert_eq!(told(&bytes), (all.to_vec(), false));
        for end in 0..bytes.len() {
            let (some, torn) = told(&bytes[..end]);
            assert_eq!(some, all[..some.len()]);
            assert_eq!(torn, ![0, 4, 17, 42].contains(&end), "at {end}");
        }
    }

    #[test]
    fn what_is_none_of_ours_is_not_believed() {
        assert_eq!(told(b"LGR1Xabc"), (Vec::new(), true));
        assert_eq!(told(b"something else"), (Vec::new(), true));
    }
}

//! Properties that hold for every input.

use std::sync::LazyLock;

use loadgate::archive;
use loadgate::ingest::{Format, Unit, Unreadable};
use loadgate::run::{Evidence, Run};
use proptest::prelude::*;

use super::cases::{CASES, Case};
use super::{ASK, Ask, plain, read_all};

/// The longest file that is damaged: the first lines of a long one are as good.
const MOST: usize = 12_000;

/// One file of each format, to be damaged.
static FILES: LazyLock<Vec<(&Case, Vec<u8>)>> = LazyLock::new(|| {
    let short = |case: &'static Case| {
        let mut bytes = case.bytes();
        if case.is_lines() {
            bytes.truncate(MOST);
        }
        (case, bytes)
    };
    CASES.iter().map(short).collect()
});

/// What is done to a file.
#[derive(Clone, Debug)]
enum Damage {
    Set(usize, u8),
    Cut(usize, usize),
    Put(usize, Vec<u8>),
    End(usize),
    /// One bit is another.
    Flip(usize, u8),
    /// A piece is there a second time, somewhere else.
    Again(usize, usize, usize),
    /// A piece of another file is put in.
    Splice(usize, usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = 0..100_000_usize;
    let telling = prop::sample::select(vec![
        b"\"".to_vec(),
        b",".to_vec(),
        b"\n".to_vec(),
        b"-1".to_vec(),
        b"NaN".to_vec(),
        b"<".to_vec(),
        b"99999999999999999999".to_vec(),
        b"1e308".to_vec(),
        b"{".to_vec(),
        b"]".to_vec(),
        b"\xff\xfe".to_vec(),
        b"\0".to_vec(),
        b"N/A".to_vec(),
        b"0".to_vec(),
    ]);
    let one = prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at.clone(), 1..200_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (at.clone(), telling).prop_map(|(at, bytes)| Damage::Put(at, bytes)),
        at.clone().prop_map(Damage::End),
        (at.clone(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (at.clone(), at.clone(), 1..400_usize)
            .prop_map(|(to, from, length)| Damage::Again(to, from, length)),
        (at.clone(), 0..CASES.len(), at, 1..400_usize)
            .prop_map(|(to, file, from, length)| Damage::Splice(to, file, from, length)),
    ];
    prop::collection::vec(one, 1..6)
}

fn damaged(mut bytes: Vec<u8>, all: &[Damage]) -> Vec<u8> {
    for one in all {
        let place = |at: usize| at % (bytes.len() + 1);
        match one {
            Damage::Set(at, byte) => {
                let at = place(*at);
                if let Some(there) = bytes.get_mut(at) {
                    *there = *byte;
                }
            }
            Damage::Cut(at, length) => {
                let from = place(*at);
                let to = (from + length).min(bytes.len());
                bytes.drain(from..to);
            }
            Damage::Put(at, more) => {
                let at = place(*at);
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::End(at) => bytes.truncate(place(*at)),
            Damage::Flip(at, bit) => {
                let at = place(*at);
                if let Some(there) = bytes.get_mut(at) {
                    *there ^= 1 << bit;
                }
            }
            Damage::Again(to, from, length) => {
                let (to, piece) = (place(*to), piece(&bytes, *from, *length).to_vec());
                bytes.splice(to..to, piece);
            }
            Damage::Splice(to, file, from, length) => {
                let (to, piece) = (place(*to), piece(&FILES[*file].1, *from, *length));
                bytes.splice(to..to, piece.iter().copied());
            }
        }
    }
    bytes
}

/// Some bytes of a file, at most so many.
fn piece(bytes: &[u8], from: usize, length: usize) -> &[u8] {
    let from = from % (bytes.len() + 1);
    &bytes[from..(from + length).min(bytes.len())]
}

/// What is read adds up, can be written, and is read again as the same.
fn survives(read: Result<Run, Unreadable>) {
    let Ok(run) = read else { return };
    let count =
        |one: &Evidence| one.quotes.as_ref().map_or(one.whole.count(), |quotes| quotes.count);
    assert_eq!(run.endpoints.iter().map(count).sum::<u64>(), run.load.sent);
    let text = archive::write(&run);
    if let Ok(again) = archive::read(&text) {
        assert_eq!(archive::write(&again), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        format in 0..Format::ALL.len(),
        partial: bool,
    ) {
        let format = Some(Format::ALL[format]);
        let unit = (format == Some(Format::Hlog)).then_some(Unit::Micros);
        for ask in [Ask { format, partial, unit, ..ASK }, Ask { partial, ..ASK }] {
            survives(read_all(&[&bytes], &ask).map_err(|refused| refused.why));
        }
    }

    #[test]
    fn no_damage_makes_a_reader_panic(which in 0..CASES.len(), all in damage(), partial: bool) {
        let (case, bytes) = &FILES[which];
        let bytes = damaged(bytes.clone(), &all);
        survives(case.run(&bytes, &Ask { partial, ..case.ask() }));
    }

    #[test]
    fn files_in_two_parts_are_the_same_as_one(cut in 1..600_usize) {
        let bytes = plain("jmeter/run-5.5.jtl");
        let text = std::str::from_utf8(&bytes).expect("it is UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        // A redirect's parts follow it, and belong into the same file.
        let cut = (cut..lines.len()).find(|at| !lines[*at].contains("redirect")).unwrap_or(1);
        let (one, two) = lines.split_at(cut);
        let parts = [one.join("\n"), format!("{}\n{}", lines[0], two.join("\n"))];
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        let counted = |run: loadgate::run::Run| {
            let mut all: Vec<_> =
                run.endpoints.into_iter().map(|one| (one.name, one.whole.pack())).collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            all.into_iter().map(|(name, packed)| format!("{name}: {packed:?}")).collect::<Vec<_>>()
        };
        let whole = read_all(&[&bytes], &ASK).map(counted).expect("it is whole");
        prop_assert_eq!(read_all(&parts, &ASK).map(counted).expect("both are whole"), whole);
    }
}

//! The live view: drawn on made-up terminals of every size, and on a real one.

mod outsiders;

use std::time::Duration;

use loadgate::metric::Value;
use loadgate::screen::{Check, Flow, Look, Phase, Picture, State, Tiers, Trail, draw};
use loadgate::unit::{Rate, Ratio};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

fn ms(ms: u64) -> Value {
    Value::Time(Duration::from_millis(ms))
}

fn tiers(count: u64, slow: u64, bad: u64) -> Tiers {
    Tiers {
        count,
        p50: Some(ms(4)),
        p95: Some(ms(8 + slow)),
        p99: if bad * 100 > count { Some(Value::Never) } else { Some(ms(20 + slow)) },
        max: if bad > 0 { Some(Value::Never) } else { Some(ms(90)) },
        errors: Ratio::of(bad, count),
    }
}

fn check(of: &str, asked: &str, got: Option<Value>, state: State) -> Check {
    let left = Duration::from_millis(17_300);
    Check { of: of.to_owned(), asked: asked.to_owned(), got, state, left }
}

/// The moment 42 s into a minute, with so many endpoints.
fn picture(endpoints: u64) -> Picture {
    let flow = Flow {
        planned: Rate::per_second(200.0),
        real: Rate::per_second(198.6),
        in_flight: 12,
        ..Flow::default()
    };
    let row = |n: u64| (format!("GET /products/{n}"), tiers(800 + n, n, n % 3), tiers(20, n, 0));
    Picture {
        gate: "thresholds/shop.toml".to_owned(),
        target: "http://shop.test".to_owned(),
        profile: "200/s for 60s".to_owned(),
        phase: Phase::Judged,
        elapsed: Duration::from_millis(42_700),
        whole: Duration::from_mins(1),
        flow,
        now: tiers(199, 1, 0),
        all: tiers(8_200, 0, 90),
        errors: vec![("timeout", 60), ("status", 30)],
        endpoints: (0..endpoints).map(row).collect(),
        checks: vec![
            check("whole run p95", "< 300ms", Some(ms(8)), State::Held),
            check(
                "whole run error_rate",
                "< 0.5%",
                Ratio::of(90, 8_200).map(Value::Share),
                State::Breached,
            ),
            check("GET /products/1 p99", "< 25ms", Some(ms(21)), State::Warned),
            check(
                "whole run p99.9",
                "< 1s",
                Some(ms(40)),
                State::Open("8 200 of 10 000 samples".to_owned()),
            ),
        ],
        generator: (Some(Duration::from_micros(80)), Ratio::new(0.07)),
        note: Some("SIGINT: waiting up to 5 s for answers; once more ends at once".to_owned()),
    }
}

/// What came before it.
fn trail(moments: u32) -> Trail {
    let mut trail = Trail::default();
    for at in 0..moments {
        let real = Rate::per_second(f64::from((at * 10).min(200)));
        let flow = Flow { real, ..Flow::default() };
        let now = if at == 30 { tiers(10, 0, 10) } else { tiers(200, u64::from(at) * 3 % 40, 0) };
        trail.add(&Picture { flow, now, ..Picture::default() });
    }
    trail
}

fn drawn(width: u16, height: u16, picture: &Picture, trail: &Trail, look: Look) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it cannot fail");
    terminal.draw(|frame| draw(frame, picture, trail, look)).expect("it cannot fail");
    terminal.backend().buffer().clone()
}

/// The cells of a terminal as lines, without what is empty at their ends.
fn lines(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    let row = |cells: &[Cell]| {
        let text: String = cells.iter().map(Cell::symbol).collect();
        text.trim_end().to_owned() + "\n"
    };
    rows.map(row).collect()
}

/// What a terminal of that size shows, and what it has no room for.
fn shows(width: u16, height: u16, endpoints: u64, there: &[&str], missing: &[&str]) {
    let text = lines(&drawn(width, height, &picture(endpoints), &trail(42), Look::default()));
    for part in there {
        assert!(text.contains(part), "{part:?} is not on {width}x{height}:\n{text}");
    }
    for part in missing {
        assert!(!text.contains(part), "{part:?} is on {width}x{height}:\n{text}");
    }
}

#[test]
fn terminals_of_each_size_show_what_matters_most() {
    let always = ["42s of 60s", "199/s of 200/s planned", "12 in flight", "timeout 60  status 30"];
    let tables = ["FAIL", "warn", "8 200 of 10 000 samples", "GET /products/2", "p95 now"];
    let trails = ["requests a second", "p95 of each second"];
    let all = [&always[..], &tables, &trails, &["q ends the load"]].concat();
    shows(80, 24, 3, &all, &["GET /products/3"]);
    shows(200, 50, 12, &[&all[..], &["GET /products/11"]].concat(), &[" of 12"]);
    shows(80, 10, 40, &[&always[..], &["endpoint 1 to "]].concat(), &trails);
    shows(40, 8, 3, &["42s of 60s", "q ends the load"], &["GET /products"]);
}

#[test]
fn endpoints_that_do_not_fit_are_counted_and_scrolled_to() {
    let look = Look { scrolled: 30, ..Look::default() };
    let text = lines(&drawn(80, 24, &picture(40), &trail(0), look));
    assert!(text.contains("endpoint 31 to "), "{text}");
    assert!(text.contains("GET /products/30") && !text.contains("GET /products/29"), "{text}");
    let look = Look { scrolled: 4_000, ..Look::default() };
    let text = lines(&drawn(80, 24, &picture(40), &trail(0), look));
    assert!(text.contains("GET /products/39"), "the last one stays in sight:\n{text}");
}

#[test]
fn without_colours_nothing_is_styled_and_nothing_is_lost() {
    let plain = drawn(120, 30, &picture(5), &trail(42), Look::default());
    let painted = drawn(120, 30, &picture(5), &trail(42), Look { paint: true, scrolled: 0 });
    assert_eq!(lines(&plain), lines(&painted));
    let bare = |cell: &Cell| cell.fg == Color::Reset && cell.modifier.is_empty();
    assert!(plain.content.iter().all(bare));
    assert!(!painted.content.iter().all(bare));
}

#[test]
fn nothing_measured_is_no_zero() {
    let nothing = Picture { whole: Duration::from_secs(9), ..Picture::default() };
    let text = lines(&drawn(100, 24, &nothing, &Trail::default(), Look::default()));
    assert!(text.contains("p95 –") && !text.contains("0 ms"), "{text}");
}

proptest! {
    #[test]
    fn no_size_of_a_terminal_is_too_small(
        width in 0_u16..240,
        height in 0_u16..70,
        endpoints in 0_u64..60,
        moments in 0_u32..60,
        scrolled in 0_usize..100,
    ) {
        let look = Look { paint: true, scrolled };
        let text = lines(&drawn(width, height, &picture(endpoints), &trail(moments), look));
        if width >= 20 && height >= 1 {
            prop_assert!(text.contains("s of 60s"), "{}", text);
        }
    }
}

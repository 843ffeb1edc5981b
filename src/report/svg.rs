//! A small builder of plots in SVG: two axes, lines with gaps, bands, limits, and words for who
//! cannot see them.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::words;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 32.0;

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// At even distances.
    Linear,
    /// By their logarithm; for values above zero.
    Log,
}

/// One axis: its range, and the values that are written beside it.
#[derive(Clone, Debug)]
pub struct Axis {
    /// How values lie along it.
    pub scale: Scale,
    /// The value at its beginning.
    pub from: f64,
    /// The value at its end.
    pub to: f64,
    /// Values with their words.
    pub ticks: Vec<(f64, String)>,
}

/// A line through points, in pieces where there are gaps.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it shows; stands in the legend.
    pub name: String,
    /// Its class in the style sheet, which gives colour and dashes.
    pub class: &'static str,
    /// The pieces.
    pub pieces: Vec<Vec<(f64, f64)>>,
}

/// A part of the horizontal axis that is set apart.
#[derive(Clone, Debug)]
pub struct Band {
    /// Its beginning.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// Its class in the style sheet.
    pub class: &'static str,
    /// What stands at its top.
    pub label: String,
}

/// A plot.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Unique within the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What there is to see, for who cannot.
    pub desc: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Parts set apart.
    pub bands: Vec<Band>,
    /// Horizontal limits with their words.
    pub limits: Vec<(f64, String)>,
    /// The lines, drawn in this order.
    pub lines: Vec<Line>,
    /// Bars: from, to, height.
    pub bars: Vec<(f64, f64, f64)>,
    /// What is told where the pointer rests: from, to, words.
    pub spots: Vec<(f64, f64, String)>,
}

impl Axis {
    /// An axis from zero to a round number above every value.
    #[must_use]
    pub fn linear(most: f64, word: &dyn Fn(f64) -> String) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let step = round_step(most / 5.0);
        let steps = (most / step).ceil();
        let mut ticks = Vec::new();
        let mut at = 0.0;
        while at <= steps {
            ticks.push((at * step, word(at * step)));
            at += 1.0;
        }
        Self { scale: Scale::Linear, from: 0.0, to: steps * step, ticks }
    }

    /// A logarithmic axis around every value, with 1, 2 and 5 of each decade where there is room.
    #[must_use]
    pub fn log(least: f64, most: f64, word: &dyn Fn(f64) -> String) -> Self {
        let decades = (most / least).log10();
        let steps: &[f64] = if decades < 2.7 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut ticks = Vec::new();
        let mut power = least.log10().floor();
        while 10_f64.powf(power) <= most {
            // Whole numbers divided, so that 0.2 is written as 0.2.
            let at = |step: &f64| {
                if power < 0.0 { step / 10_f64.powf(-power) } else { step * 10_f64.powf(power) }
            };
            let within = steps.iter().map(at).filter(|at| (least..=most).contains(at));
            ticks.extend(within.map(|at| (at, word(at))));
            power += 1.0;
        }
        Self { scale: Scale::Log, from: least, to: most, ticks }
    }

    /// Where a value lies, as a share of the axis; values beyond it lie at its ends.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => (value / self.from).ln() / (self.to / self.from).ln(),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}

/// The least of 1, 2, 5, 10, 20, … that is not below.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|step| step * decade).find(|step| *step >= least);
    step.unwrap_or(10.0 * decade)
}

impl Plot {
    fn x(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.share(value) * (HEIGHT - TOP - BOTTOM)
    }

    /// The plot with its title above and its legend below.
    #[must_use]
    pub fn figure(&self) -> Markup {
        html! {
            figure {
                figcaption { h3 { (self.title) } }
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
                    aria-labelledby=(format!("{0}-t {0}-d", self.id)) {
                    title id=(format!("{}-t", self.id)) { (self.title) }
                    desc id=(format!("{}-d", self.id)) { (self.desc) }
                    (self.bands())
                    (self.grid())
                    @for (from, to, height) in &self.bars {
                        rect.bar x=(short(self.x(*from))) y=(short(self.y(*height)))
                            width=(short((self.x(*to) - self.x(*from) - 1.0).max(1.0)))
                            height=(short(self.y(self.y.from) - self.y(*height))) {}
                    }
                    @for line in &self.lines {
                        path class=(line.class) d=(self.path(line)) {}
                    }
                    (self.limits())
                    @for (from, to, words) in &self.spots {
                        rect.spot x=(short(self.x(*from))) y=(TOP)
                            width=(short(self.x(*to) - self.x(*from)))
                            height=(HEIGHT - TOP - BOTTOM) { title { (words) } }
                    }
                }
                @if self.lines.len() > 1 {
                    ul.legend {
                        @for line in &self.lines {
                            li {
                                svg viewBox="0 0 28 10" aria-hidden="true" {
                                    path class=(line.class) d="M1 5H27" {}
                                }
                                (line.name)
                            }
                        }
                    }
                }
            }
        }
    }

    fn bands(&self) -> Markup {
        html! {
            @for band in &self.bands {
                @let (from, to) = (self.x(band.from), self.x(band.to));
                rect class=(band.class) x=(short(from)) y=(TOP) width=(short(to - from))
                    height=(HEIGHT - TOP - BOTTOM) {}
                @if to - from > wide(&band.label) {
                    text.band x=(short(from + 4.0)) y=(TOP - 7.0) { (band.label) }
                }
            }
        }
    }

    fn grid(&self) -> Markup {
        html! {
            @for (at, words) in &self.y.ticks {
                @let y = short(self.y(*at));
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
                text.y x=(LEFT - 8.0) y=(y) dy="0.32em" { (words) }
            }
            @for (nth, (at, words)) in self.x.ticks.iter().enumerate() {
                @let x = short(self.x(*at));
                // Where words are near each other, every second one is left out on a narrow screen.
                @let class = if nth % 2 == 1 && self.crowded() { "x spare" } else { "x" };
                line.tick x1=(x) x2=(x) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM + 5.0) {}
                text class=(class) x=(x) y=(HEIGHT - BOTTOM + 20.0) { (words) }
            }
        }
    }

    fn crowded(&self) -> bool {
        self.x.ticks.windows(2).any(|pair| self.x(pair[1].0) - self.x(pair[0].0) < 88.0)
    }

    fn limits(&self) -> Markup {
        let mut limits: Vec<_> =
            self.limits.iter().map(|(at, words)| (self.y(*at), words)).collect();
        limits.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        // Words of limits that lie close together stand side by side.
        let (mut above, mut place) = (f64::NEG_INFINITY, 0.0);
        html! {
            @for (y, words) in limits {
                @let () = place = if y - above < 20.0 { place + 135.0 } else { 0.0 };
                @let () = above = y;
                line.limit x1=(LEFT) x2=(WIDTH - RIGHT) y1=(short(y)) y2=(short(y)) {}
                text.limit x=(WIDTH - RIGHT - 2.0 - place) y=(short(y - 5.0)) { (words) }
            }
        }
    }

    fn path(&self, line: &Line) -> String {
        let mut out = String::new();
        for piece in &line.pieces {
            for (nth, (x, y)) in piece.iter().enumerate() {
                let letter = if nth == 0 { 'M' } else { 'L' };
                let _ = write!(out, "{letter}{} {}", short(self.x(*x)), short(self.y(*y)));
            }
            // A single point is seen as a dot.
            if piece.len() == 1 {
                out.push_str("h0.1");
            }
        }
        out
    }
}

/// About how wide a word is at most: wider than its band it would run into the next one.
fn wide(word: &str) -> f64 {
    9.0 * words::float(word.chars().count() as u64)
}

/// A place with one decimal: finer than any screen shows.
fn short(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

//! A small builder of plots in SVG: two axes, lines with gaps, areas, bars, limits, and words for
//! who cannot see them.
//!
//! Our own and not a crate's: `plotters` writes pictures with fixed colours and sizes and without
//! a word for a screen reader, `charming` and the like need a script to draw at all. What a report
//! needs are marks that a style sheet can turn dark, that stay readable where no style and no
//! script may run, and of which a hundred weigh little.

mod axis;
mod ink;
mod place;

use maud::{Markup, html};

pub use axis::{Axis, Scale};
use ink::ink;
use place::{above, between, path, short, wide};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 82.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 38.0;

/// Points in a row, in pieces where there are gaps.
pub type Pieces = Vec<Vec<(f64, f64)>>;

/// A line through points, in pieces where there are gaps.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it shows; stands in the legend.
    pub name: String,
    /// Its class in the style sheet, which gives colour and dashes.
    pub class: &'static str,
    /// The pieces.
    pub pieces: Pieces,
}

/// An area between two lines.
#[derive(Clone, Debug)]
pub struct Area {
    /// What it shows; stands in the legend. Empty: it only goes with a line.
    pub name: String,
    /// Its class in the style sheet.
    pub class: &'static str,
    /// Place, lower and upper end, in pieces where there are gaps.
    pub pieces: Vec<Vec<(f64, f64, f64)>>,
}

/// Bars of one kind.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What they show; stands in the legend.
    pub name: String,
    /// Their class in the style sheet.
    pub class: &'static str,
    /// Beginning and end, lower and upper end.
    pub bars: Vec<[f64; 4]>,
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
    /// What stands at its top, where there is room.
    pub label: String,
    /// What it is, for the legend; empty where its label says so, or it needs no word.
    pub named: String,
}

/// A plot.
#[derive(Clone, Debug, Default)]
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
    /// Areas, below the lines.
    pub areas: Vec<Area>,
    /// The lines, drawn in this order.
    pub lines: Vec<Line>,
    /// Bars, by kind.
    pub bars: Vec<Bars>,
    /// What is told where the pointer rests: from, to, words.
    pub spots: Vec<(f64, f64, String)>,
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
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) height=(HEIGHT)
                    font-family="sans-serif" role="img"
                    aria-labelledby=(format!("{0}-t {0}-d", self.id)) {
                    title id=(format!("{}-t", self.id)) { (self.title) }
                    desc id=(format!("{}-d", self.id)) { (self.desc) }
                    (self.bands())
                    (self.grid())
                    (self.marks())
                    (self.limits())
                    @for (from, to, words) in &self.spots {
                        rect.spot x=(short(self.x(*from))) y=(TOP)
                            width=(short(self.x(*to) - self.x(*from)))
                            height=(HEIGHT - TOP - BOTTOM) fill-opacity="0" { title { (words) } }
                    }
                }
                (self.legend())
            }
        }
    }

    fn marks(&self) -> Markup {
        html! {
            @for kind in &self.bars {
                @let ink = ink(kind.class);
                g class=(kind.class) fill=(ink.colour) {
                    @for [from, to, low, high] in &kind.bars {
                        rect x=(short(self.x(*from))) y=(short(self.y(*high)))
                            width=(short((self.x(*to) - self.x(*from) - 1.0).max(1.0)))
                            height=(short(self.y(*low) - self.y(*high))) {}
                    }
                }
            }
            @for area in &self.areas {
                @let ink = ink(area.class);
                path.area class=(area.class) fill=(ink.colour) fill-opacity=(ink.opacity)
                    d=(between(&area.pieces, &|x| self.x(x), &|y| self.y(y))) {}
            }
            @for line in &self.lines {
                @let d = path(&line.pieces, &|x| self.x(x), &|y| self.y(y));
                (stroke(line.class, &d))
            }
        }
    }

    /// What is what, where there is more than one thing to tell apart.
    fn legend(&self) -> Markup {
        let areas = self.areas.iter().filter(|area| !area.name.is_empty());
        let boxes = areas.map(|area| (area.class, &area.name));
        let bands = self.bands.iter().filter(|band| !band.named.is_empty());
        let boxes = boxes.chain(self.bars.iter().map(|one| (one.class, &one.name)));
        let boxes: Vec<_> = boxes.chain(bands.map(|band| (band.class, &band.named))).collect();
        html! {
            @if self.lines.len() + boxes.len() > 1 {
                ul.legend {
                    @for line in &self.lines {
                        li {
                            svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true" {
                                (stroke(line.class, "M1 5H27"))
                            }
                            (line.name)
                        }
                    }
                    @for (class, name) in &boxes {
                        @let ink = ink(class);
                        li {
                            svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true" {
                                rect class=(class) x="8" width="12" height="10" fill=(ink.colour)
                                    fill-opacity=(ink.opacity) {}
                            }
                            (name)
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
                @let ink = ink(band.class);
                rect class=(band.class) x=(short(from)) y=(TOP) width=(short(to - from))
                    height=(HEIGHT - TOP - BOTTOM) fill=(ink.colour) fill-opacity=(ink.opacity)
                    stroke=[ink.dashes.map(|_| ink.colour)] stroke-dasharray=[ink.dashes] {}
                // Stages begin where a warm-up does: its word stands at the bottom.
                @let y = if band.class == "warm" { HEIGHT - BOTTOM - 7.0 } else { TOP - 7.0 };
                @if to - from > wide(&band.label) {
                    text.band x=(short(from + 4.0)) y=(y) font-size="12"
                        fill="currentColor" { (band.label) }
                }
            }
        }
    }

    fn grid(&self) -> Markup {
        html! {
            @for (at, words) in &self.y.ticks {
                @let y = short(self.y(*at));
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) stroke="currentColor"
                    stroke-opacity=".15" {}
                text.y x=(LEFT - 8.0) y=(y) dy="0.32em" font-size="12" text-anchor="end"
                    fill="currentColor" { (words) }
            }
            @for (nth, (at, words)) in self.x.ticks.iter().enumerate() {
                @let x = short(self.x(*at));
                // Where words are near each other, every second one is left out on a narrow screen.
                @let class = if nth % 2 == 1 && self.crowded() { "x spare" } else { "x" };
                line.tick x1=(x) x2=(x) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM + 5.0)
                    stroke="currentColor" {}
                text class=(class) x=(x) y=(HEIGHT - BOTTOM + 27.0) font-size="12"
                    text-anchor="middle" fill="currentColor" { (words) }
            }
        }
    }

    fn crowded(&self) -> bool {
        self.x.ticks.windows(2).any(|pair| self.x(pair[1].0) - self.x(pair[0].0) < 88.0)
    }

    fn limits(&self) -> Markup {
        let placed = above(self.limits.iter().map(|(at, words)| (self.y(*at), words)));
        html! {
            @for (y, shift, words) in placed {
                @let d = format!("M{LEFT} {0}H{1}", short(y), WIDTH - RIGHT);
                (stroke("limit", &d))
                text.limit x=(WIDTH - RIGHT - 2.0 - shift) y=(short(y - 5.0)) font-size="12"
                    text-anchor="end" fill=(ink("limit").colour) { (words) }
            }
        }
    }
}

/// A line of a class.
fn stroke(class: &str, d: &str) -> Markup {
    let ink = ink(class);
    html! {
        path class=(class) fill="none" stroke=(ink.colour) stroke-width=(ink.width)
            stroke-dasharray=[ink.dashes] d=(d) {}
    }
}

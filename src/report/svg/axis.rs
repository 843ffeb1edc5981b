//! Axes: which values they hold, which of them are named, and where each lies.

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

impl Default for Axis {
    fn default() -> Self {
        Self { scale: Scale::Linear, from: 0.0, to: 1.0, ticks: Vec::new() }
    }
}

impl Axis {
    /// An axis from zero to a round number above every value.
    #[must_use]
    pub fn linear(most: f64, word: &dyn Fn(f64) -> String) -> Self {
        Self::around(0.0, if most > 0.0 { most } else { 1.0 }, word)
    }

    /// An axis from a round number below every value to one above, with zero among them.
    #[must_use]
    pub fn around(least: f64, most: f64, word: &dyn Fn(f64) -> String) -> Self {
        let (least, most) = (least.min(0.0), most.max(0.0));
        let span = if most > least { most - least } else { 1.0 };
        let step = round_step(span / 5.0);
        let (begin, end) = ((least / step).floor(), (most / step).ceil());
        let mut ticks = Vec::new();
        let mut at = begin;
        while at <= end {
            ticks.push((at * step, word(at * step)));
            at += 1.0;
        }
        Self { scale: Scale::Linear, from: begin * step, to: end * step, ticks }
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

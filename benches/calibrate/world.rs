//! A service under load as it may be on a machine that others use too: what a round of it measures.
//!
//! Latencies of an endpoint are a mixture of log-normal distributions: a fast path, a slow path,
//! and a heavy tail. On top come
//!
//! - a drift of the machine that lasts from round to round (autoregressive) and meets both versions;
//! - noisy neighbours: bursts that slow down everything, for a few seconds, on both sides;
//! - pauses of a process (garbage collection): who arrives meanwhile waits for its end, on one side;
//! - a speed of its own for each process start, and of each endpoint in it.
//!
//! A round is not simulated request by request. Requests are assigned to the two versions by coin
//! as they arrive, so those of one version are independent draws from the round's mixture over its
//! seconds; and the order statistics of n independent draws are the distribution's inverse at the
//! order statistics of n even ones, whose joint distribution is known (spacings of gamma draws).
//! That is exact but for the strata of seconds, whose sizes it lets vary: a little more noise than
//! real rounds have.

use loadgate::stats::side::Pair;

use super::dice::Dice;

/// A path through an endpoint: its share of requests, and a log-normal distribution of
/// milliseconds.
struct Path {
    share: f64,
    middle: f64,
    sigma: f64,
}

/// An endpoint: how often it is asked, and how long it takes.
pub(super) struct Endpoint {
    /// Requests per second, of both versions together.
    pub(super) rate: f64,
    paths: [Path; 3],
}

/// How noisy it is.
#[derive(Clone, Copy)]
pub(super) struct Noise {
    /// Its name.
    pub(super) name: &'static str,
    /// From process start to process start, as a standard deviation of logarithms.
    pub(super) start: f64,
    /// The machine's drift from round to round.
    pub(super) drift: f64,
    /// Bursts per round on average; each lasts 3 s on average.
    bursts: f64,
    /// How many times slower a burst makes everything.
    slower: f64,
    /// Pauses per second of each process.
    pauses: f64,
    /// How long one lasts, in milliseconds.
    pause: f64,
}

/// A machine with nothing else to do.
pub(super) const QUIET: Noise = Noise {
    name: "quiet",
    start: 0.001,
    drift: 0.01,
    bursts: 0.02,
    slower: 1.3,
    pauses: 0.02,
    pause: 10.0,
};
/// A runner of one's own.
pub(super) const TYPICAL: Noise = Noise {
    name: "typical",
    start: 0.003,
    drift: 0.03,
    bursts: 0.2,
    slower: 1.5,
    pauses: 0.1,
    pause: 20.0,
};
/// A runner that others use too.
pub(super) const NOISY: Noise = Noise {
    name: "noisy",
    start: 0.01,
    drift: 0.10,
    bursts: 1.0,
    slower: 2.0,
    pauses: 0.2,
    pause: 50.0,
};

/// The quantiles that are compared.
pub(super) const QUANTILES: [f64; 3] = [0.50, 0.95, 0.99];

/// The length of a round in seconds.
pub(super) const ROUND: f64 = 30.0;

/// The four endpoints: 350 requests per second together.
pub(super) fn endpoints() -> [Endpoint; 4] {
    let of = |rate: f64, middle: f64, sigma: f64, slow: f64| {
        let path = |share: f64, times: f64, sigma: f64| {
            let middle = (middle * times).ln();
            Path { share, middle, sigma }
        };
        let paths =
            [path(1.0 - slow - 0.005, 1.0, sigma), path(slow, 3.0, 0.5), path(0.005, 8.0, 0.8)];
        Endpoint { rate, paths }
    };
    [
        of(200.0, 20.0, 0.35, 0.06),
        of(100.0, 35.0, 0.5, 0.02),
        of(40.0, 60.0, 0.5, 0.02),
        of(10.0, 120.0, 0.5, 0.02),
    ]
}

/// What makes a version slower than another: a factor for each endpoint and quantile.
pub(super) type Slower = [[f64; 3]; 4];

/// A version that is as fast as the other.
pub(super) const SAME: Slower = [[1.0; 3]; 4];

/// How a stretch of time slows everything down, and the share of time it takes.
type Stretch = (f64, f64);

impl Endpoint {
    /// The share of requests within a time, among seconds of several kinds and the pauses of a
    /// process.
    fn within(&self, log: f64, stretches: &[Stretch], pauses: Stretch) -> f64 {
        const PARTS: [f64; 4] = [0.125, 0.375, 0.625, 0.875];
        let (share, length) = pauses;
        let calm = self.calm(log, stretches);
        if share <= 0.0 {
            return calm;
        }
        let waited = PARTS.iter().map(|part| {
            let rest = log.exp() - length * part;
            if rest > 0.0 { self.calm(rest.ln(), stretches) } else { 0.0 }
        });
        (1.0 - share) * calm + share * waited.sum::<f64>() / 4.0
    }

    fn calm(&self, log: f64, stretches: &[Stretch]) -> f64 {
        let paths = |shift: f64| -> f64 {
            let each = self.paths.iter();
            each.map(|path| path.share * normal_below((log - shift - path.middle) / path.sigma))
                .sum()
        };
        stretches.iter().map(|(share, shift)| share * paths(*shift)).sum()
    }

    /// The logarithm of the time within which a share of requests has an answer.
    fn quantile(&self, share: f64, stretches: &[Stretch], pauses: Stretch) -> f64 {
        let (mut low, mut high) = (self.paths[0].middle - 3.0, self.paths[2].middle + 5.0);
        let miss = |log: f64| self.within(log, stretches, pauses) - share;
        let (mut below, mut above) = (miss(low), miss(high));
        // False position, with the side that stays halved (Illinois): 1e-5 is far below what a
        // round can tell.
        let mut held = 0;
        while high - low > 1e-5 {
            let cut = (low * above - high * below) / (above - below);
            let cut = if cut > low && cut < high { cut } else { f64::midpoint(low, high) };
            let here = miss(cut);
            if here < 0.0 {
                (low, below) = (cut, here);
                if held == 1 {
                    above /= 2.0;
                }
                held = 1;
            } else {
                (high, above) = (cut, here);
                if held == 2 {
                    below /= 2.0;
                }
                held = 2;
            }
            if here.abs() < 1e-9 {
                return cut;
            }
        }
        f64::midpoint(low, high)
    }
}

/// The share of a normal distribution below a value (Abramowitz and Stegun 26.2.17, to 1e-7).
pub(super) fn normal_below(at: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * at.abs());
    let series = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-0.5 * at * at).exp() / (2.0 * std::f64::consts::PI).sqrt() * series;
    if at > 0.0 { 1.0 - tail } else { tail }
}

/// The rounds of one gate run, one after the other.
pub(super) struct World {
    noise: Noise,
    dice: Dice,
    endpoints: [Endpoint; 4],
    drift: f64,
}

impl World {
    /// The world of one gate run.
    pub(super) fn new(noise: Noise, seed: u64, run: u64) -> Self {
        let mut dice = Dice::new(seed, run);
        let drift = noise.drift * dice.normal();
        Self { noise, dice, endpoints: endpoints(), drift }
    }

    /// The dice of this world, for what else happens in it.
    pub(super) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// One round with fresh processes: a pair for each endpoint and quantile.
    pub(super) fn round(&mut self, slower: &Slower) -> Vec<Option<Pair>> {
        let noise = self.noise;
        self.drift = 0.8 * self.drift + 0.6 * noise.drift * self.dice.normal();
        let bursts = self.dice.events(noise.bursts);
        let lasted: f64 = (0..bursts).map(|_| 3.0 * self.dice.wait()).sum();
        let burst = (lasted / ROUND).min(1.0);
        let factor = 1.0 + (noise.slower - 1.0) * self.dice.wait();
        let stretches = [(1.0 - burst, self.drift), (burst, self.drift + factor.ln())];
        let stretches = if burst > 0.0 { &stretches[..] } else { &stretches[..1] };
        let base = self.side(stretches, &SAME);
        let new = self.side(stretches, slower);
        let pair = |(base, new): (&Seen, &Seen)| {
            let tail = base.tail.min(new.tail);
            Some(Pair { base: base.log, new: new.log, tail })
        };
        base.iter().zip(&new).map(pair).collect()
    }

    /// What one version shows in a round.
    fn side(&mut self, stretches: &[Stretch], slower: &Slower) -> Vec<Seen> {
        let noise = self.noise;
        let start = noise.start * self.dice.normal();
        let pauses = self.dice.events(noise.pauses * ROUND);
        let length: f64 = (0..pauses).map(|_| noise.pause * self.dice.wait()).sum();
        let waiting = (length / 1000.0 / ROUND).min(1.0);
        let mean = if pauses > 0 { length / super::dice::real(pauses) } else { 0.0 };
        let mut seen = Vec::with_capacity(12);
        for (endpoint, slower) in self.endpoints.iter().zip(slower) {
            let own = start + 0.5 * noise.start * self.dice.normal();
            let count = self.dice.events(endpoint.rate * ROUND / 2.0);
            let n = super::dice::real(count);
            // Spacings between the order statistics of n even draws, at the ranks asked for.
            let ranks = QUANTILES.map(|share| (share * n).ceil());
            let steps = [ranks[0], ranks[1] - ranks[0], ranks[2] - ranks[1], n + 1.0 - ranks[2]];
            let gaps = steps.map(|step| if step >= 1.0 { self.dice.gamma(step) } else { 0.0 });
            let all: f64 = gaps.iter().sum();
            let mut share = 0.0;
            for (at, gap) in gaps[..3].iter().enumerate() {
                share += gap / all;
                let log = endpoint.quantile(share, stretches, (waiting, mean));
                let tail = n * (1.0 - QUANTILES[at]);
                seen.push(Seen { log: log + own + slower[at].ln(), tail });
            }
        }
        seen
    }
}

/// A quantile that a version shows in a round.
struct Seen {
    log: f64,
    tail: f64,
}

//! Student's t and the regularised incomplete beta function, to ten digits and better.

/// The 0.99 quantile of the standard normal distribution.
pub const Z_99: f64 = 2.326_347_874_040_841;

/// The series of Lanczos with g = 607/128 (Godfrey; Press et al., Numerical Recipes, 3rd ed., 6.1).
const LANCZOS: [f64; 14] = [
    57.156_235_665_862_92,
    -59.597_960_355_475_49,
    14.136_097_974_741_746,
    -0.491_913_816_097_620_2,
    0.339_946_499_848_118_9e-4,
    0.465_236_289_270_485_8e-4,
    -0.983_744_753_048_795_6e-4,
    0.158_088_703_224_912_5e-3,
    -0.210_264_441_724_104_9e-3,
    0.217_439_618_115_212_64e-3,
    -0.164_318_106_536_763_9e-3,
    0.844_182_239_838_527_4e-4,
    -0.261_908_384_015_814_1e-4,
    0.368_991_826_595_316_23e-5,
];

/// The logarithm of the gamma function of a positive number.
#[must_use]
pub fn ln_gamma(at: f64) -> f64 {
    let shifted = at + 607.0 / 128.0 + 0.5;
    let (mut below, mut series) = (at, 0.999_999_999_999_997_1);
    for part in LANCZOS {
        below += 1.0;
        series += part / below;
    }
    (at + 0.5) * shifted.ln() - shifted + ((2.0 * std::f64::consts::PI).sqrt() * series / at).ln()
}

/// The regularised incomplete beta function of a and b, by its continued fraction (Lentz; Numerical
/// Recipes, 6.4). Its limits hold too: 1 where only `b` is positive, 0 where only `a` is.
#[must_use]
pub fn beta(at: f64, a: f64, b: f64) -> f64 {
    if a <= 0.0 || at >= 1.0 {
        return 1.0;
    }
    if b <= 0.0 || at <= 0.0 {
        return 0.0;
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * at.ln() + b * (-at).ln_1p();
    if at < (a + 1.0) / (a + b + 2.0) {
        front.exp() * fraction(at, a, b) / a
    } else {
        1.0 - front.exp() * fraction(1.0 - at, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function.
fn fraction(at: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MOST: u32 = 100_000;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / away(1.0 - (a + b) * at / (a + 1.0));
    let mut whole = lower;
    for step in 1..MOST {
        let m = f64::from(step);
        let even = m * (b - m) * at / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * at / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = whole;
        for part in [even, odd] {
            lower = 1.0 / away(1.0 + part * lower);
            upper = away(1.0 + part / upper);
            whole *= lower * upper;
        }
        if (whole - before).abs() <= 1e-15 * whole.abs() {
            break;
        }
    }
    whole
}

/// Where the regularised incomplete beta function of a and b reaches a share, by bisection.
#[must_use]
pub fn beta_quantile(share: f64, a: f64, b: f64) -> f64 {
    if a <= 0.0 || share <= 0.0 {
        return 0.0;
    }
    if b <= 0.0 || share >= 1.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if beta(middle, a, b) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The chance that Student's t exceeds a value.
#[must_use]
pub fn t_above(value: f64, freedom: f64) -> f64 {
    let square = value * value;
    if square.is_infinite() {
        return if value > 0.0 { 0.0 } else { 1.0 };
    }
    let one_side = 0.5 * beta(freedom / (freedom + square), freedom / 2.0, 0.5);
    if value > 0.0 { one_side } else { 1.0 - one_side }
}

/// The value that Student's t exceeds with a given chance, by Newton's steps on logarithms within
/// a bracket.
#[must_use]
pub fn t_critical(chance: f64, freedom: f64) -> f64 {
    if chance > 0.5 {
        return -t_critical(1.0 - chance, freedom);
    }
    if chance <= 0.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while t_above(high, freedom) > chance {
        low = high;
        high *= 2.0;
    }
    let half = f64::midpoint(freedom, 1.0);
    let scale =
        ln_gamma(half) - ln_gamma(freedom / 2.0) - 0.5 * (freedom * std::f64::consts::PI).ln();
    let mut value = f64::midpoint(low, high);
    for _ in 0..200 {
        let above = t_above(value, freedom);
        if above > chance {
            low = value;
        } else {
            high = value;
        }
        let density = (scale - half * (value * value / freedom).ln_1p()).exp();
        let newton = value + (above / chance).ln() * above / density;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - value).abs() <= 1e-13 * value.abs().max(1e-3) {
            return next;
        }
        value = next;
    }
    value
}

/// The value that a standard normal distribution exceeds with a given chance: that of Student's t
/// with many degrees of freedom, less what those make of it (Abramowitz and Stegun 26.7.5).
#[must_use]
pub fn z_critical(chance: f64) -> f64 {
    const MANY: f64 = 1e5;
    let t = t_critical(chance, MANY);
    let more = |z: f64| {
        let first = (z.powi(3) + z) / (4.0 * MANY);
        first + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * MANY * MANY)
    };
    t - more(t - more(t))
}

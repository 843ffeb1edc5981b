//! Chance that is the same on every machine: a hash of a seed and a counter, no state, no floats.

/// Where a stream of chance begins: what was drawn with one key says nothing about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

/// The step of the splitmix64 sequence: 2^64 divided by the golden ratio, made odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Key {
    /// The key of a stream of draws under a seed.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(STEP)) ^ stream))
    }

    /// The key of a stream that belongs to two numbers which may be alike, such as a seed and a
    /// user.
    #[must_use]
    pub fn of(seed: u64, number: u64) -> Self {
        Self::new(seed, mix(number.wrapping_mul(STEP).wrapping_add(1)))
    }

    /// The key as a seed of further keys.
    #[must_use]
    pub fn seed(self) -> u64 {
        self.0
    }

    /// The `n`-th draw: 64 even bits, the n-th value of splitmix64 (Steele, Lea and Flood, 2014).
    #[must_use]
    pub fn bits(self, n: u64) -> u64 {
        mix(self.0.wrapping_add(n.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// The `n`-th draw of an exponential distribution with mean 1, in units of 2^-62.
    #[must_use]
    pub fn exponential(self, n: u64) -> u128 {
        minus_ln(self.bits(n))
    }
}

/// A drawn number brought below a limit (Lemire 2019; without his rejection the bias is
/// limit / 2^64).
#[must_use]
pub fn below(drawn: u64, limit: u64) -> u64 {
    let scaled = (u128::from(drawn) * u128::from(limit)) >> 64;
    u64::try_from(scaled).expect("the product of two u64 has 64 high bits")
}

/// The finaliser of splitmix64: every bit of the result depends on every bit given.
#[must_use]
pub fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// 1 in the fixed point of logarithms.
pub const ONE: u128 = 1 << 62;
/// Logarithms of 1 + i/128, so that the series below has little left to do.
const LOGS: [u64; 129] = logs();
const LN_2: u64 = LOGS[128];

/// ln(1 + i/128) for i from 0 to 128, by ln((k + 1)/k) = 2 artanh(1/(2k + 1)).
const fn logs() -> [u64; 129] {
    let mut logs = [0; 129];
    let mut i = 1;
    while i <= 128 {
        let odd = 2 * (127 + i as u64) + 1;
        let (mut power, mut sum, mut k) = ((1 << 62) / odd, 0, 1);
        while power > 0 {
            sum += power / k;
            power /= odd * odd;
            k += 2;
        }
        logs[i] = logs[i - 1] + 2 * sum;
        i += 1;
    }
    logs
}

/// -ln((bits + 1) / 2^64) in units of 2^-62; right to about 2^-55.
fn minus_ln(bits: u64) -> u128 {
    let Some(bits) = bits.checked_add(1) else { return 0 };
    let shift = bits.leading_zeros();
    let mantissa = bits << shift;
    let near = (mantissa >> 56) & 127;
    // mantissa = 2^56 (128 + near) (1 + rest), with rest below 1/128.
    let rest = ((mantissa & ((1 << 56) - 1)) << 6) / (128 + near);
    let times = |power: u64| {
        u64::try_from((u128::from(power) * u128::from(rest)) >> 62).expect("both are below 2^62")
    };
    let (two, three) = (times(rest), times(times(rest)));
    let (four, five, six) = (times(three), times(times(three)), times(times(times(three))));
    let series = rest - two / 2 + three / 3 - four / 4 + five / 5 - six / 6;
    let slot = usize::try_from(near).expect("seven bits");
    let whole = u128::from(shift + 1) * u128::from(LN_2);
    whole.saturating_sub(u128::from(LOGS[slot] + series))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "compared to twelve digits")]
    fn logarithms_agree_with_the_library() {
        for bits in [0, 1, 2, 1000, u64::MAX / 3, 1 << 63, (1 << 63) - 1, u64::MAX - 1, u64::MAX] {
            let truth = -((bits as f64 + 1.0) / 2_f64.powi(64)).ln();
            let ours = minus_ln(bits) as f64 / ONE as f64;
            assert!((ours - truth).abs() < 1e-12, "{bits}: {ours} against {truth}");
        }
    }

    #[test]
    fn chance_is_the_published_sequence() {
        // The first values of splitmix64 from state 0, as in its authors' reference code.
        let zero = Key(0);
        assert_eq!(zero.bits(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(zero.bits(1), 0x6e78_9e6a_a1b9_65f4);
    }
}

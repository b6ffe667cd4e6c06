//! Round values along an axis, and how they are written.

use crate::geometry::without_trailing_zeros;

/// Round values at equal distances within a range: `k * mantissa * 10^exponent` for a run of whole
/// numbers `k`, kept as whole numbers so that they are written without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticks {
    /// 1, 2 or 5.
    mantissa: i128,
    exponent: i32,
    /// First and last `k`.
    first: i128,
    last: i128,
}

/// How the numbers along an axis are to be read: `value = offset + number * 10^power`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Labels {
    /// One text a tick, ascending; all with the same number of decimals.
    pub numbers: Vec<String>,
    /// What to add to the numbers, as text with its sign reversed: `x − 1000` or `x + 1000`.
    pub offset: Option<String>,
    /// The power of ten that the numbers are to be multiplied by.
    pub power: i32,
}

/// Longer numbers (digits before and after the point) are written as differences.
const MOST_DIGITS: i32 = 6;

/// Ranges narrower than this against their values are taken for a single value: f64 has 16 digits.
const LEAST_RELATIVE_SPAN: f64 = 1e-12;

impl Ticks {
    /// The closest ticks of which no more than `most` (at least 1) lie within `low..=high`, with
    /// steps of 1, 2 or 5 times a power of ten; `None` unless the range is finite and wide enough
    /// for its values to be told apart.
    pub fn within(low: f64, high: f64, most: usize) -> Option<Self> {
        let span = high - low;
        if !(low.is_finite() && span.is_finite() && span > LEAST_RELATIVE_SPAN * low.abs().max(high.abs())) {
            return None;
        }
        if !(span / most as f64).is_normal() {
            return None;
        }
        let least_exponent = (span / most as f64).log10().floor() as i32;
        let steps = (least_exponent..).flat_map(|exponent| [1, 2, 5].map(|mantissa| (mantissa, exponent)));
        steps
            .take(9)
            .map(|(mantissa, exponent)| {
                let step = decimal_value(mantissa, exponent);
                // A tick that rounding puts just outside still belongs to the range.
                let first = (low / step - 1e-9).ceil() as i128;
                let last = (high / step + 1e-9).floor() as i128;
                Self { mantissa, exponent, first, last }
            })
            .find(|ticks| ticks.last - ticks.first < most as i128)
    }

    /// The values, ascending.
    pub fn values(&self) -> Vec<f64> {
        self.whole_numbers().map(|n| decimal_value(n, self.exponent)).collect()
    }

    /// Whether two of the ticks, counted from the first, are regular without those in between: neighbours among the
    /// multiples of their distance, which is 1, 2 or 5 times a power of ten, or as far below 0 as above.
    pub fn are_regular(&self, a: usize, b: usize) -> bool {
        let [a, b] = [a, b].map(|i| self.first + i as i128);
        let is_round = |mut step: i128| {
            while step % 10 == 0 {
                step /= 10;
            }
            matches!(step, 1 | 2 | 5)
        };
        a == -b || (a < b && a % (b - a) == 0 && is_round((b - a) * self.mantissa))
    }

    /// The values as they are written. The power of ten is 0 or a multiple of `power_step`.
    pub fn labels(&self, power_step: i32) -> Labels {
        let largest = |offset: i128| self.whole_numbers().map(|n| (n - offset).abs()).max().unwrap_or(0);
        let digits = |n: i128| n.to_string().len() as i32;
        let offset = if digits(largest(0)) > MOST_DIGITS { self.round_part_in_common() } else { 0 };
        let leading = self.exponent + digits(largest(offset)) - 1;
        let plain = self.exponent >= -3 && leading <= 4;
        let power = if plain { 0 } else { leading.div_euclid(power_step) * power_step };
        Labels {
            numbers: self.whole_numbers().map(|n| decimal_text(n - offset, self.exponent - power)).collect(),
            offset: (offset != 0).then(|| {
                let sign = if offset > 0 { '−' } else { '+' };
                format!("{sign} {}", without_trailing_zeros(&decimal_text(offset.abs(), self.exponent)))
            }),
            power,
        }
    }

    /// The values in units of `10^exponent`.
    fn whole_numbers(&self) -> impl Iterator<Item = i128> + '_ {
        (self.first..=self.last).map(|k| k * self.mantissa)
    }

    /// The largest multiple of a power of ten no smaller than the span that is below all values.
    fn round_part_in_common(&self) -> i128 {
        let span = (self.last - self.first).max(1) * self.mantissa;
        let mut unit = 1;
        while unit < span {
            unit *= 10;
        }
        (self.first * self.mantissa).div_euclid(unit) * unit
    }
}

/// The largest of 1, 2 and 5 times a power of ten that is no longer than `most`, and how it is
/// written; `None` unless `most` is finite and above 0.
pub fn round_length(most: f64) -> Option<(f64, String)> {
    let exponent = most.log10().floor();
    if !exponent.is_finite() {
        return None;
    }
    let exponent = exponent as i32;
    // The power of ten may round to just above a length that is one.
    let steps = [(5, exponent), (2, exponent), (1, exponent), (5, exponent - 1)];
    let (mantissa, exponent) = steps.into_iter().find(|&(m, e)| decimal_value(m, e) <= most)?;
    let text = match exponent {
        -3..=4 => decimal_text(mantissa, exponent),
        _ => format!("{mantissa}×{}", power_of_ten(exponent)),
    };
    Some((decimal_value(mantissa, exponent), text))
}

/// `10` with a raised power.
pub fn power_of_ten(power: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    };
    "10".chars().chain(power.to_string().chars().map(raised)).collect()
}

/// The number nearest to `n * 10^exponent`.
fn decimal_value(n: i128, exponent: i32) -> f64 {
    format!("{n}e{exponent}").parse().expect("whole numbers with an exponent are numbers")
}

/// `n * 10^exponent` in decimals, with a typographic minus.
fn decimal_text(n: i128, exponent: i32) -> String {
    let minus = if n < 0 { "−" } else { "" };
    let digits = n.unsigned_abs().to_string();
    if exponent >= 0 {
        let zeros = if n == 0 { 0 } else { exponent as usize };
        return format!("{minus}{digits}{}", "0".repeat(zeros));
    }
    let decimals = exponent.unsigned_abs() as usize;
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    format!("{minus}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, most: usize) -> Labels {
        Ticks::within(low, high, most).unwrap().labels(3)
    }

    #[test]
    fn ticks_lie_within_are_few_and_all_different() {
        let ranges = [(0.0, 1.0), (-3.25, 3.96), (1e-9, 7e-9), (22882.0, 27777.0), (-1e-3, 1e-3), (1e6, 1e6 + 1e-3)];
        for (low, high) in ranges {
            for most in 1..9 {
                let ticks = Ticks::within(low, high, most).unwrap();
                let values = ticks.values();
                let slack = 1e-8 * (high - low);
                assert!(values.len() <= most, "{low} {high} {most}: {values:?}");
                assert!(most < 3 || values.len() >= 2, "{low} {high} {most}: {values:?}");
                assert!(values.iter().all(|v| (low - slack..=high + slack).contains(v)), "{values:?}");
                assert!(values.windows(2).all(|w| w[0] < w[1]));
                let numbers = ticks.labels(3).numbers;
                assert!((1..numbers.len()).all(|i| !numbers[..i].contains(&numbers[i])), "{numbers:?}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_one_would() {
        assert_eq!(labels(-3.25, 3.96, 7).numbers, ["−3", "−2", "−1", "0", "1", "2", "3"]);
        assert_eq!(labels(0.0, 1.0, 4).numbers, ["0.0", "0.5", "1.0"]);
        assert_eq!(labels(22882.0, 27777.0, 7).numbers, ["23000", "24000", "25000", "26000", "27000"]);
        assert_eq!(labels(22882.0, 27777.0, 7).power, 0);
    }

    #[test]
    fn small_and_large_ranges_share_a_power_of_ten() {
        let tiny = labels(-0.001, 0.001, 5);
        assert_eq!((tiny.numbers, tiny.power), (["−1.0", "−0.5", "0.0", "0.5", "1.0"].map(String::from).to_vec(), -3));
        let nano = labels(1e-9, 4e-9, 5);
        assert_eq!((nano.numbers, nano.power), (["1", "2", "3", "4"].map(String::from).to_vec(), -9));
        let million = labels(0.0, 1e6, 3);
        assert_eq!((million.numbers, million.power), (["0.0", "0.5", "1.0"].map(String::from).to_vec(), 6));
        let bar = Ticks::within(0.0, 5.2e-5, 7).unwrap().labels(1);
        assert_eq!((bar.numbers[5].as_str(), bar.power), ("5", -5));
    }

    #[test]
    fn a_large_value_in_common_is_taken_out() {
        let far = labels(1_000_000.001, 1_000_000.005, 5);
        assert_eq!(far.offset.as_deref(), Some("− 1000000"));
        assert_eq!((far.numbers[0].as_str(), far.power), ("0.001", 0));
        let below = labels(-123_456.75, -123_456.25, 6);
        assert_eq!(below.offset.as_deref(), Some("+ 123457"));
        assert_eq!(below.numbers[0], "0.3");
    }

    /// Catches: -2 and 4, or 0 and 4, of -2, 0, 2, 4, and 15 and 30 of 15, 20, 25, 30.
    #[test]
    fn two_ticks_alone_are_regular_where_one_would_write_them_alone() {
        let regular = |low: f64, high: f64, most: usize| -> Vec<[f64; 2]> {
            let ticks = Ticks::within(low, high, most).unwrap();
            let values = ticks.values();
            let all = (0..values.len()).flat_map(|a| (a + 1..values.len()).map(move |b| [a, b]));
            all.filter(|&[a, b]| ticks.are_regular(a, b)).map(|pair| pair.map(|i| values[i])).collect()
        };
        assert_eq!(regular(-2.5, 4.5, 4), [[-2.0, 0.0], [-2.0, 2.0], [0.0, 2.0], [2.0, 4.0]]);
        assert_eq!(regular(14.0, 31.0, 4), [[15.0, 20.0], [20.0, 25.0], [20.0, 30.0], [25.0, 30.0]]);
    }

    #[test]
    fn there_is_no_minus_zero_and_no_tick_in_nothing() {
        for (low, high) in [(-1e-12, 1e-12), (-0.3, 0.1), (-5e5, 5e5)] {
            let zero = labels(low, high, 5).numbers.into_iter().find(|n| !n.contains(|c| ('1'..='9').contains(&c)));
            assert!(!zero.unwrap().contains('−'));
        }
        for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (1.0, 1.0_f64.next_up())] {
            assert_eq!(Ticks::within(low, high, 5), None);
        }
    }

    #[test]
    fn lengths_are_rounded_down_to_1_2_or_5() {
        for (most, wanted) in
            [(1.0, "1"), (1.99, "1"), (0.37, "0.2"), (73.0, "50"), (1999.0, "1000"), (1e-9, "1×10⁻⁹"), (2.3e7, "2×10⁷")]
        {
            let (length, text) = round_length(most).unwrap();
            assert!(length <= most && length > 0.4 * most, "{most}: {length}");
            assert_eq!(text, wanted, "{most}");
        }
        for none in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(round_length(none), None);
        }
    }

    #[test]
    fn powers_are_raised() {
        assert_eq!(power_of_ten(-15), "10⁻¹⁵");
    }
}

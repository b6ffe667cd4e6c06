//! Eight doubles at a time: AVX-512, AVX2 with FMA, or plain Rust, chosen while running.
//!
//! A loop is written once as a [`Job`] over [`Simd`] and compiled for each of the three: the
//! auto-vectoriser alone differs by a factor of ten from one form of a loop to the next.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Lanes of a vector, on every machine.
pub(super) const LANES: usize = 8;
/// Eight doubles in memory.
pub(super) type Eight = [f64; LANES];

/// Coefficients of `2^r` for |r| <= 1/2, lowest first: Chebyshev interpolation of degree 10,
/// relative error 3.2e-16 (computed with 60 digits). The second is ln 2 but for 5e-15, with intent.
#[allow(clippy::approx_constant)]
const EXP2: [f64; 11] = [
    1.0,
    0.693_147_180_559_95,
    0.240_226_506_959_100_97,
    0.055_504_108_664_447_72,
    0.009_618_129_107_606_888,
    0.001_333_355_823_016_497_4,
    0.000_154_035_304_417_360_5,
    1.525_265_726_020_083_7e-5,
    1.321_544_258_792_169e-6,
    1.020_869_029_995_830_6e-7,
    7.072_585_949_269_224e-9,
];
/// Exponents below this are taken as this: no underflow, which costs a factor of seven in time.
/// `2^-1010` is the `exp(-700)` of the usual clamp.
const LOWEST: f64 = -1010.0;
/// Added and subtracted, rounds a double below 2^51 to an integer, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Arithmetic on eight doubles. A value exists only where its instructions do.
pub(super) trait Simd: Copy {
    /// Eight doubles in registers.
    type V: Copy;
    fn splat(self, value: f64) -> Self::V;
    fn load(self, values: &Eight) -> Self::V;
    fn store(self, v: Self::V, to: &mut Eight);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c - a * b`
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The nearest integers.
    fn round(self, a: Self::V) -> Self::V;
    /// `a * 2^n` for integers `n` between -1022 and 1022.
    fn scale(self, a: Self::V, n: Self::V) -> Self::V;

    /// `2^y` to a relative error of 4e-16 for y between -1010 and 1010; below, `2^-1010`.
    #[inline(always)]
    fn exp2(self, y: Self::V) -> Self::V {
        let y = self.max(y, self.splat(LOWEST));
        let n = self.round(y);
        let r = self.sub(y, n);
        let mut p = self.splat(EXP2[10]);
        for c in EXP2[..10].iter().rev() {
            p = self.mul_add(p, r, self.splat(*c));
        }
        self.scale(p, n)
    }

    /// The sum of the lanes, always in the same order.
    #[inline(always)]
    fn sum(self, v: Self::V) -> f64 {
        let mut e = [0.0; LANES];
        self.store(v, &mut e);
        ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7]))
    }
}

/// Work to be compiled for each kind of machine; `run` is `#[inline(always)]`.
pub(super) trait Job {
    /// Does the work.
    fn run<S: Simd>(self, simd: S);
}

/// Runs `job` with the widest instructions this machine has.
#[inline]
pub(super) fn dispatch(job: impl Job) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the instructions are there.
            return unsafe { run_avx512(job) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the instructions are there.
            return unsafe { run_avx2(job) };
        }
    }
    job.run(Portable);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn run_avx512(job: impl Job) {
    job.run(Avx512(()));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(job: impl Job) {
    job.run(Avx2(()));
}

/// Plain Rust.
#[derive(Clone, Copy)]
struct Portable;

#[inline(always)]
fn each(f: impl Fn(usize) -> f64) -> Eight {
    std::array::from_fn(f)
}

impl Simd for Portable {
    type V = Eight;
    #[inline(always)]
    fn splat(self, value: f64) -> Eight {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, values: &Eight) -> Eight {
        *values
    }
    #[inline(always)]
    fn store(self, v: Eight, to: &mut Eight) {
        *to = v;
    }
    #[inline(always)]
    fn add(self, a: Eight, b: Eight) -> Eight {
        each(|l| a[l] + b[l])
    }
    #[inline(always)]
    fn sub(self, a: Eight, b: Eight) -> Eight {
        each(|l| a[l] - b[l])
    }
    #[inline(always)]
    fn mul(self, a: Eight, b: Eight) -> Eight {
        each(|l| a[l] * b[l])
    }
    #[inline(always)]
    fn max(self, a: Eight, b: Eight) -> Eight {
        each(|l| if a[l] > b[l] { a[l] } else { b[l] })
    }
    #[inline(always)]
    fn mul_add(self, a: Eight, b: Eight, c: Eight) -> Eight {
        each(|l| a[l] * b[l] + c[l])
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Eight, b: Eight, c: Eight) -> Eight {
        each(|l| c[l] - a[l] * b[l])
    }
    #[inline(always)]
    fn round(self, a: Eight) -> Eight {
        each(|l| (a[l] + ROUND) - ROUND)
    }
    #[inline(always)]
    fn scale(self, a: Eight, n: Eight) -> Eight {
        each(|l| a[l] * f64::from_bits((n[l] + ROUND).to_bits().wrapping_add(1023) << 52))
    }
}

/// 512-bit registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Avx512(());

// SAFETY of every block: an `Avx512` is made only in `run_avx512`, where the instructions are known to be.
#[cfg(target_arch = "x86_64")]
impl Simd for Avx512 {
    type V = __m512d;
    #[inline(always)]
    fn splat(self, value: f64) -> __m512d {
        unsafe { _mm512_set1_pd(value) }
    }
    #[inline(always)]
    fn load(self, values: &Eight) -> __m512d {
        unsafe { _mm512_loadu_pd(values.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, v: __m512d, to: &mut Eight) {
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), v) }
    }
    #[inline(always)]
    fn add(self, a: __m512d, b: __m512d) -> __m512d {
        unsafe { _mm512_add_pd(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m512d, b: __m512d) -> __m512d {
        unsafe { _mm512_sub_pd(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m512d, b: __m512d) -> __m512d {
        unsafe { _mm512_mul_pd(a, b) }
    }
    #[inline(always)]
    fn max(self, a: __m512d, b: __m512d) -> __m512d {
        unsafe { _mm512_max_pd(a, b) }
    }
    #[inline(always)]
    fn mul_add(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        unsafe { _mm512_fmadd_pd(a, b, c) }
    }
    #[inline(always)]
    fn neg_mul_add(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        unsafe { _mm512_fnmadd_pd(a, b, c) }
    }
    #[inline(always)]
    fn round(self, a: __m512d) -> __m512d {
        unsafe { _mm512_roundscale_pd::<0>(a) }
    }
    #[inline(always)]
    fn scale(self, a: __m512d, n: __m512d) -> __m512d {
        unsafe { _mm512_scalef_pd(a, n) }
    }
}

/// Pairs of 256-bit registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Avx2(());

// SAFETY of every block: an `Avx2` is made only in `run_avx2`, where the instructions are known to be.
#[cfg(target_arch = "x86_64")]
impl Simd for Avx2 {
    type V = [__m256d; 2];
    #[inline(always)]
    fn splat(self, value: f64) -> Self::V {
        unsafe { [_mm256_set1_pd(value); 2] }
    }
    #[inline(always)]
    fn load(self, values: &Eight) -> Self::V {
        unsafe { [_mm256_loadu_pd(values.as_ptr()), _mm256_loadu_pd(values.as_ptr().add(4))] }
    }
    #[inline(always)]
    fn store(self, v: Self::V, to: &mut Eight) {
        unsafe {
            _mm256_storeu_pd(to.as_mut_ptr(), v[0]);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), v[1]);
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        unsafe { [_mm256_add_pd(a[0], b[0]), _mm256_add_pd(a[1], b[1])] }
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        unsafe { [_mm256_sub_pd(a[0], b[0]), _mm256_sub_pd(a[1], b[1])] }
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        unsafe { [_mm256_mul_pd(a[0], b[0]), _mm256_mul_pd(a[1], b[1])] }
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        unsafe { [_mm256_max_pd(a[0], b[0]), _mm256_max_pd(a[1], b[1])] }
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        unsafe { [_mm256_fmadd_pd(a[0], b[0], c[0]), _mm256_fmadd_pd(a[1], b[1], c[1])] }
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        unsafe { [_mm256_fnmadd_pd(a[0], b[0], c[0]), _mm256_fnmadd_pd(a[1], b[1], c[1])] }
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        unsafe { [_mm256_round_pd::<0>(a[0]), _mm256_round_pd::<0>(a[1])] }
    }
    #[inline(always)]
    fn scale(self, a: Self::V, n: Self::V) -> Self::V {
        let power = |n: __m256d| unsafe {
            let bits = _mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(ROUND)));
            _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_add_epi64(bits, _mm256_set1_epi64x(1023))))
        };
        self.mul(a, [power(n[0]), power(n[1])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2^y` of each value.
    struct Powers<'a>(&'a mut [Eight]);

    impl Job for Powers<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            for eight in self.0 {
                let v = s.exp2(s.load(eight));
                s.store(v, eight);
            }
        }
    }

    fn worst(run: impl Fn(&mut [Eight])) -> f64 {
        let inputs: Vec<Eight> = (0..25_000).map(|i| each(|l| -1010.0 + (i * 8 + l) as f64 * 0.010_1)).collect();
        let mut outputs = inputs.clone();
        run(&mut outputs);
        let errors = inputs.iter().flatten().zip(outputs.iter().flatten()).map(|(y, v)| (v / y.exp2() - 1.0).abs());
        errors.fold(0.0, |worst: f64, e: f64| if worst.is_nan() || e <= worst { worst } else { e })
    }

    #[test]
    fn powers_of_two_are_right_to_two_roundings_on_every_kind_of_machine() {
        assert!(worst(|v| Powers(v).run(Portable)) < 5e-16);
        assert!(worst(|v| dispatch(Powers(v))) < 5e-16);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the instructions are there.
            assert!(worst(|v| unsafe { run_avx2(Powers(v)) }) < 5e-16);
        }
    }

    #[test]
    fn exponents_below_the_clamp_give_the_clamp() {
        let mut v = [[-1e300, -1011.0, -f64::INFINITY, -1010.0, 0.0, 1.0, -1.0, 1000.0]];
        dispatch(Powers(&mut v));
        assert_eq!(v[0][..3], [2f64.powi(-1010); 3]);
        assert_eq!(v[0][4..], [1.0, 2.0, 0.5, 2f64.powi(1000)]);
    }
}

//! Random choices that are the same on every machine: a fixed generator, and no function of the platform's libm.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The one source of every random choice of a storm.
#[derive(Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The same seed and stream give the same choices everywhere.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 0 up to but not including `n`; 0 for no choice at all.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Both ends included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// 0 up to but not including 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True in this share of cases (0 to 1).
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// An index, by weight.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (i, weight) in weights.iter().enumerate() {
            if left < *weight {
                return i;
            }
            left -= weight;
        }
        weights.iter().rposition(|w| *w > 0.0).unwrap_or(0)
    }

    /// Near enough to a standard normal: the sum of eight uniform numbers, cut at 4.9 deviations.
    fn normal(&mut self) -> f64 {
        let mut sum = 0u64;
        for _ in 0..2 {
            let bits = self.bits();
            sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        }
        // 8 * 32767.5, and sqrt(8 / 12) * 65536
        (sum as f64 - 262_140.0) / 53_509.9
    }

    /// Log-normal around a median.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// A random (version 4) UUID.
    pub fn uuid(&mut self) -> u128 {
        let bits = u128::from(self.bits()) << 64 | u128::from(self.bits());
        bits & !(0xf << 76 | 0xc << 60) | 0x4 << 76 | 0x8 << 60
    }
}

/// e to the x for small x, from additions and multiplications alone, so that every machine gets the same bits.
pub fn exp(x: f64) -> f64 {
    // exp(x) = exp(x / 64) ^ 64; |x / 64| < 0.1, where six terms are exact to 1e-10
    let y = x / 64.0;
    let mut r = 1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0 * (1.0 + y / 5.0))));
    for _ in 0..6 {
        r *= r;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bits_on_every_machine() {
        let mut random = Random::new(7, 0);
        let first = [random.bits(), random.bits()];
        let mut again = Random::new(7, 0);
        assert_eq!(first, [again.bits(), again.bits()]);
        assert_ne!(first[0], Random::new(8, 0).bits());
        assert_ne!(first[0], Random::new(7, 1).bits());
    }

    #[test]
    fn a_log_normal_has_its_median_and_spread() {
        let mut random = Random::new(1, 0);
        let mut values: Vec<f64> = (0..20_001).map(|_| random.log_normal(2500.0, 0.6)).collect();
        values.sort_by(f64::total_cmp);
        assert!((values[10_000] - 2500.0).abs() < 60.0, "{}", values[10_000]);
        // the 84.1th percentile is one sigma above: 2500 * e^0.6
        assert!((values[16_827] / 4555.3 - 1.0).abs() < 0.05, "{}", values[16_827]);
    }

    #[test]
    fn exp_agrees_with_the_platform() {
        for x in [-3.0, -0.5, 0.0, 0.6, 1.0, 4.0] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let text = crate::registration::session::Uuid(Random::new(3, 0).uuid()).to_string();
        assert_eq!(&text[14..15], "4");
        assert!("89ab".contains(&text[19..20]), "{text}");
    }
}

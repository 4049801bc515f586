//! `METRIC=FACTOR,...` in, how much longer each step takes out: a Satellite that a change made faster or slower.

use super::error::SimulateError;
use super::steps::Step;

/// Names that can be scaled: metrics that a step decides, and every request.
const NAMES: [&str; 5] =
    ["all", "consumer_create_ms", "fact_update_ms", "host_register_ms", "script_fetch_ms"];
/// Beyond it a storm is no storm any more.
const FACTORS: std::ops::RangeInclusive<f64> = 0.01..=100.0;

/// Factors in the order of `NAMES`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales([f64; NAMES.len()]);

impl Scales {
    /// Reads the option; nothing of it is scaled where it is empty.
    ///
    /// # Errors
    /// A name that is none, a factor that is none.
    pub fn parse(text: &str) -> Result<Self, SimulateError> {
        let mut scales = Self([1.0; NAMES.len()]);
        let refused = |problem| SimulateError::Option {
            option: "--scale",
            value: text.to_owned(),
            problem,
            way_out: format!(
                "give METRIC=FACTOR,... with any of {}, and factors from {} to {}",
                NAMES.join(", "),
                FACTORS.start(),
                FACTORS.end()
            ),
        };
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (name, factor) =
                part.split_once('=').ok_or_else(|| refused("a part is not METRIC=FACTOR"))?;
            let at = NAMES
                .iter()
                .position(|n| *n == name.trim())
                .ok_or_else(|| refused("there is no such metric to scale"))?;
            let factor: f64 = factor.trim().parse().map_err(|_| refused("a factor is not a number"))?;
            if !FACTORS.contains(&factor) {
                return Err(refused("a factor is too small or too large"));
            }
            scales.0[at] = factor;
        }
        Ok(scales)
    }

    /// How many times longer a step takes.
    pub const fn of(&self, step: Step) -> f64 {
        let [all, create, facts, host, script] = self.0;
        all * match step {
            Step::Create | Step::CreateInEnvironment => create,
            Step::Facts => facts,
            Step::HostRegister => host,
            Step::Script => script,
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_scaled_by_their_metric_and_by_all() {
        let scales = Scales::parse("consumer_create_ms=1.5, all=2").unwrap();
        assert_eq!(
            (scales.of(Step::Create), scales.of(Step::Facts), scales.of(Step::Status)),
            (3.0, 2.0, 2.0)
        );
        assert_eq!(Scales::parse("").unwrap().of(Step::Create), 1.0);
    }

    #[test]
    fn what_is_no_factor_is_refused() {
        for bad in ["x", "speed=2", "all=0", "all=NaN", "all=1e9", "all=", "all=2,"] {
            let told = Scales::parse(bad).unwrap_err().to_string();
            assert!(told.starts_with("--scale") && told.contains("consumer_create_ms"), "{bad}: {told}");
        }
    }
}

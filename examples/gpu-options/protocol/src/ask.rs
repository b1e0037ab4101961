//! An option and how to price it.

use serde::{Deserialize, Serialize};

/// Which way it pays.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What the price is above the strike.
    Call,
    /// What it is below.
    Put,
}

/// Which price counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// That at the end.
    European,
    /// The arithmetic average over the steps.
    Asian,
}

/// An option and how to price it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ask {
    pub kind: Kind,
    pub style: Style,
    pub spot: f64,
    pub strike: f64,
    /// Of interest, for a year, continuously compounded: 0.03 is 3 %.
    pub rate: f64,
    /// Of dividends, the same way.
    pub dividend: f64,
    /// Of the logarithm of the price, for a year.
    pub volatility: f64,
    /// Until it ends.
    pub years: f64,
    /// Times at which an Asian option looks at the price.
    pub steps: u32,
    pub paths: u64,
    pub seed: u64,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            kind: Kind::Call,
            style: Style::European,
            spot: 100.0,
            strike: 105.0,
            rate: 0.03,
            dividend: 0.0,
            volatility: 0.2,
            years: 1.0,
            steps: 64,
            paths: 1_000_000,
            seed: 1,
        }
    }
}

/// The most steps of all paths together: some seconds of a CPU.
pub const MOST_STEPS: u64 = 1 << 31;

impl Ask {
    /// Steps that are simulated: a European option looks once.
    #[must_use]
    pub fn looks(&self) -> u32 {
        match self.style {
            Style::European => 1,
            Style::Asian => self.steps,
        }
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut within = |name: &str, value: f64, least: f64, most: f64| {
            if !(least..=most).contains(&value) {
                problems.push(format!("{name} is from {least} to {most}, not {value}"));
            }
        };
        within("spot", self.spot, 0.01, 1e6);
        within("strike", self.strike, 0.01, 1e6);
        within("rate", self.rate, -0.5, 1.0);
        within("dividend", self.dividend, -0.5, 1.0);
        within("volatility", self.volatility, 0.001, 5.0);
        within("years", self.years, 0.001, 50.0);
        within("steps", f64::from(self.steps), 1.0, 1024.0);
        within("paths", self.paths as f64, 2.0, 1e9);
        if problems.is_empty() && self.paths * u64::from(self.looks()) > MOST_STEPS {
            let most = MOST_STEPS / u64::from(self.looks());
            problems.push(format!("paths is at most {most} with so many steps"));
        }
        problems
    }
}

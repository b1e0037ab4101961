//! What a European option costs by the formula of Black, Scholes and Merton, to compare with.

use crate::{Ask, Estimates, Kind, Style};

/// The exact price and its changes; none for an option that has no such formula.
#[must_use]
pub fn closed_form(ask: &Ask) -> Option<Estimates<f64>> {
    if ask.style != Style::European {
        return None;
    }
    let sign = match ask.kind {
        Kind::Call => 1.0,
        Kind::Put => -1.0,
    };
    let root = ask.years.sqrt();
    let spread = ask.volatility * root;
    let growth = ask.rate - ask.dividend + ask.volatility * ask.volatility / 2.0;
    let d1 = ((ask.spot / ask.strike).ln() + growth * ask.years) / spread;
    let d2 = d1 - spread;
    let spot = ask.spot * (-ask.dividend * ask.years).exp();
    let strike = ask.strike * (-ask.rate * ask.years).exp();
    let density = (-d1 * d1 / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let below = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
    let (n1, n2) = (below(sign * d1), below(sign * d2));
    Some(Estimates {
        price: sign * (spot * n1 - strike * n2),
        delta: sign * spot / ask.spot * n1,
        gamma: spot * density / (ask.spot * ask.spot * spread),
        vega: spot * density * root,
        theta: -spot * density * ask.volatility / (2.0 * root)
            + sign * (ask.dividend * spot * n1 - ask.rate * strike * n2),
        rho: sign * strike * ask.years * n2,
    })
}

//! `examples/gpu-options` on the software adapter: its generator beside published vectors, its prices beside formulas and
//! QuantLib.

mod quantlib;

use quantlib::Case;
use serde_json::Value;
use weft_host::Running;
use weft_testkit::{example, within};

use crate::manifest::Manifest;
use crate::operated::Operated;

/// Standard errors that an estimate may be away from the truth.
const AWAY: f64 = 4.0;
const GREEKS: [&str; 5] = ["delta", "gamma", "vega", "theta", "rho"];

struct Prices {
    operated: Operated,
    manifest: Manifest,
    _running: Running,
}

impl Prices {
    /// The example, once its service listens.
    async fn served() -> Self {
        let operated = Operated::with_gpu("software").await;
        let manifest = Manifest::new("acme", "options", &example("gpu-options-front"))
            .service(&example("gpu-options"), "")
            .gpu(&[("memory", "64Mi")]);
        let running = operated.start(&manifest).await;
        let client = operated.client(&manifest);
        // Each request waits for an answer; there is none but 503 before the service listens.
        within(async { while client.get("/adapter").await.unwrap().status != 200 {} }).await;
        Self {
            operated,
            manifest,
            _running: running,
        }
    }

    async fn ask(&self, path: &str) -> (u16, Value) {
        let client = self.operated.client(&self.manifest);
        let reply = within(client.get(path)).await.unwrap();
        let body = serde_json::from_str(&reply.text).unwrap_or_else(|_| panic!("{}", reply.text));
        (reply.status, body)
    }

    async fn price(&self, query: &str) -> Value {
        let (status, quote) = self.ask(&format!("/price?{query}")).await;
        assert_eq!(status, 200, "{query}: {quote}");
        quote
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn assert_near(what: &str, estimate: f64, error: f64, truth: f64) {
    let away = (estimate - truth).abs() / error;
    assert!(
        away <= AWAY,
        "{what}: {estimate} +- {error} is {away:.1} errors from {truth}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generator_has_the_published_numbers() {
    let prices = Prices::served().await;
    // Of the known answers that Random123 comes with, for philox4x32-10.
    for (counter, key, numbers) in [
        (
            [0; 4],
            [0; 2],
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
        ),
        (
            [u32::MAX; 4],
            [u32::MAX; 2],
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
        ),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1_u32],
        ),
    ] {
        let list = |words: &[u32]| {
            words
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(",")
        };
        let path = format!("/philox?counter={}&key={}", list(&counter), list(&key));
        let (status, answer) = prices.ask(&path).await;
        assert_eq!(
            (status, &answer["numbers"]),
            (200, &numbers.to_vec().into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn european_prices_and_their_greeks_are_those_of_the_formula() {
    let prices = Prices::served().await;
    for kind in ["call", "put"] {
        for (strike, volatility, years, rate, dividend) in [
            (80, 0.2, 1.0, 0.03, 0.0),
            (100, 0.1, 0.25, 0.05, 0.02),
            (105, 0.4, 2.0, 0.0, 0.0),
            (130, 0.3, 1.0, -0.01, 0.04),
        ] {
            let query = format!(
                "kind={kind}&strike={strike}&volatility={volatility}&years={years}&rate={rate}&dividend={dividend}&paths=400000"
            );
            let quote = prices.price(&query).await;
            let exact = &quote["closed_form"];
            let error = number(&quote["standard_error"]);
            assert_near(
                &query,
                number(&quote["price"]),
                error,
                number(&exact["price"]),
            );
            for name in GREEKS {
                let greek = &quote["greeks"][name];
                let (value, error) = (number(&greek["value"]), number(&greek["standard_error"]));
                assert_near(
                    &format!("{name} of {query}"),
                    value,
                    error,
                    number(&exact[name]),
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asian_prices_are_those_of_quantlib() {
    let cases = [
        Case {
            kind: "call",
            strike: 105.0,
            rate: 0.03,
            dividend: 0.0,
            volatility: 0.2,
            weeks: 52,
        },
        Case {
            kind: "put",
            strike: 100.0,
            rate: 0.05,
            dividend: 0.02,
            volatility: 0.4,
            weeks: 26,
        },
        Case {
            kind: "call",
            strike: 80.0,
            rate: 0.0,
            dividend: 0.0,
            volatility: 0.6,
            weeks: 10,
        },
    ];
    let theirs = quantlib::prices(&cases);
    let prices = Prices::served().await;
    for (case, theirs) in cases.iter().zip(theirs) {
        let query = case.query();
        let quote = prices.price(&query).await;
        let ours = number(&quote["standard_error"]);
        let error = ours.hypot(number(&theirs["standard_error"]));
        assert_near(
            &query,
            number(&quote["price"]),
            error,
            number(&theirs["value"]),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asian_greeks_are_the_slopes_of_the_prices() {
    let prices = Prices::served().await;
    let common = "style=asian&steps=16&paths=200000";
    let quote = prices.price(common).await;
    // The same paths, with one parameter a little more and a little less. Theta is for time that passes.
    for (greek, parameter, at, by, sign) in [
        ("delta", "spot", 100.0, 0.5, 1.0),
        ("vega", "volatility", 0.2, 0.002, 1.0),
        ("theta", "years", 1.0, 0.01, -1.0),
        ("rho", "rate", 0.03, 0.001, 1.0),
    ] {
        let more = prices
            .price(&format!("{common}&{parameter}={}", at + by))
            .await;
        let less = prices
            .price(&format!("{common}&{parameter}={}", at - by))
            .await;
        let slope = sign * (number(&more["price"]) - number(&less["price"])) / (2.0 * by);
        let estimate = &quote["greeks"][greek];
        let (value, error) = (
            number(&estimate["value"]),
            number(&estimate["standard_error"]),
        );
        assert_near(greek, value, error, slope);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_has_the_same_answer_and_another_has_another() {
    let prices = Prices::served().await;
    let of = async |seed: u64| {
        let quote = prices.price(&format!("paths=100001&seed={seed}")).await;
        (quote["price"].clone(), quote["greeks"].clone())
    };
    let first = of(7).await;
    assert_eq!(first, of(7).await);
    assert_ne!(first, of(8).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ask_at_once() {
    let prices = Prices::served().await;
    let alone = prices.price("paths=50000&strike=101").await;
    let asked = (0..16).map(|_| prices.price("paths=50000&strike=101"));
    for quote in futures::future::join_all(asked).await {
        assert_eq!(quote["price"], alone["price"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_question_is_told_at_once() {
    let prices = Prices::served().await;
    for (query, told) in [
        (
            "/price?kind=gift&style=roman&colour=red",
            vec!["gift", "roman", "colour"],
        ),
        (
            "/price?spot=-1&volatility=0&paths=0",
            vec!["spot", "volatility", "paths"],
        ),
        ("/price?spot=NaN", vec!["spot"]),
        (
            "/price?style=asian&steps=1024&paths=900000000",
            vec!["paths is at most 2097152"],
        ),
        ("/philox?counter=1,2&key=x", vec!["counter", "key"]),
    ] {
        let (status, answer) = prices.ask(query).await;
        assert_eq!(status, 400, "{query}: {answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), told.len(), "{errors:?}");
        for (error, word) in errors.iter().zip(told) {
            assert!(
                error.as_str().unwrap().contains(word),
                "{error} has no {word}"
            );
        }
    }
}

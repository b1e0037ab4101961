//! Prices by QuantLib, which is installed from the Python package index into the folder of the test's own files.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const PACKAGE: &str = "QuantLib==1.44";
const SPOT: f64 = 100.0;
/// Paths of ours, for a standard error near that of QuantLib, which has a control variate.
const PATHS: u64 = 400_000;

/// An Asian option that looks at the price at the end of each week.
pub(super) struct Case {
    pub(super) kind: &'static str,
    pub(super) strike: f64,
    pub(super) rate: f64,
    pub(super) dividend: f64,
    pub(super) volatility: f64,
    pub(super) weeks: u32,
}

impl Case {
    pub(super) fn query(&self) -> String {
        let Self {
            kind,
            strike,
            rate,
            dividend,
            volatility,
            weeks,
        } = self;
        let years = f64::from(7 * weeks) / 365.0;
        format!(
            "style=asian&kind={kind}&spot={SPOT}&strike={strike}&rate={rate}&dividend={dividend}&volatility={volatility}&steps={weeks}&years={years}&paths={PATHS}"
        )
    }
}

/// Value and standard error of each.
pub(super) fn prices(cases: &[Case]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE);
    if !folder.join("QuantLib").is_dir() {
        run(Command::new("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--root-user-action", "ignore", "--target"])
            .arg(&folder)
            .arg(PACKAGE));
    }
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!([
                case.kind,
                SPOT,
                case.strike,
                case.rate,
                case.dividend,
                case.volatility,
                case.weeks
            ])
        })
        .collect();
    let prices = run(Command::new("python3")
        .args(["-c", include_str!("asian.py")])
        .arg(Value::from(cases).to_string())
        .env("PYTHONPATH", &folder));
    serde_json::from_str(&prices).unwrap_or_else(|_| panic!("{prices}"))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|why| {
        panic!("python3 cannot be started (`cargo xtask setup` gets it): {why}")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

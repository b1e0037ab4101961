//! A strict reader of the text format of OpenMetrics: what it takes, Prometheus takes too.

use std::collections::{BTreeMap, BTreeSet};

/// A page that has been read and found in order.
#[derive(Debug)]
pub(crate) struct Page {
    types: BTreeMap<String, String>,
    samples: BTreeMap<Series, f64>,
}

/// A sample's name and its labels in order.
type Series = (String, BTreeMap<String, String>);

impl Page {
    /// Reads a page.
    pub(crate) fn parse(text: &str) -> Self {
        let body = text
            .strip_suffix("# EOF\n")
            .expect("the page ends with # EOF");
        let mut page = Self {
            types: BTreeMap::new(),
            samples: BTreeMap::new(),
        };
        let mut family = String::new();
        let mut units = BTreeSet::new();
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect(line);
                name.clone_into(&mut family);
                let old = page.types.insert(name.to_owned(), kind.to_owned());
                assert!(old.is_none(), "{name} is there twice");
            } else if let Some(rest) = line.strip_prefix("# UNIT ") {
                let (name, unit) = rest.split_once(' ').expect(line);
                assert!(name.ends_with(&format!("_{unit}")), "{line}");
                units.insert(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect(line);
                assert!(!page.types.contains_key(name), "{line} comes late");
                assert!(help.ends_with('.'), "{line}");
            } else {
                page.sample(line, &family);
            }
        }
        for name in page.types.keys() {
            let has_unit = name.ends_with("_seconds") || name.ends_with("_bytes");
            assert_eq!(has_unit, units.contains(name), "unit of {name}");
        }
        page.check_histograms();
        page
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (series, value) = line.rsplit_once(' ').expect(line);
        let (name, labels) = match series.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').expect(line))),
            None => (series, BTreeMap::new()),
        };
        let suffixes: &[&str] = match self.types.get(family).map(String::as_str) {
            Some("counter") => &["_total"],
            Some("gauge") => &[""],
            Some("histogram") => &["_bucket", "_sum", "_count"],
            Some("info") => &["_info"],
            other => panic!("{line} follows a metric of type {other:?}"),
        };
        let belongs = suffixes
            .iter()
            .any(|suffix| name == format!("{family}{suffix}"));
        assert!(belongs, "{line} stands below {family}");
        let value: f64 = value.parse().expect(line);
        assert!(value >= 0.0, "{line}");
        let old = self.samples.insert((name.to_owned(), labels), value);
        assert!(old.is_none(), "{line} is there twice");
    }

    fn check_histograms(&self) {
        for ((name, labels), count) in &self.samples {
            let Some(family) = name.strip_suffix("_count") else {
                continue;
            };
            let bucket = format!("{family}_bucket");
            let mut buckets: Vec<(f64, f64)> = self
                .samples
                .iter()
                .filter(|((name, _), _)| *name == bucket)
                .filter_map(|((_, of), value)| {
                    let mut rest = of.clone();
                    let end = rest.remove("le")?.replace("+Inf", "inf");
                    (rest == *labels).then(|| (end.parse().unwrap(), *value))
                })
                .collect();
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(buckets.is_sorted_by_key(|(_, value)| *value), "{buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{name}");
        }
    }

    /// The value of a sample that has exactly these labels; 0 if it is not there.
    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let series = (name.to_owned(), labels);
        self.samples.get(&series).copied().unwrap_or_default()
    }

    /// The sum over all samples that have these labels among others.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |of: &BTreeMap<String, String>| {
            labels
                .iter()
                .all(|(label, value)| of.get(*label).is_some_and(|is| is == value))
        };
        self.samples
            .iter()
            .filter(|((sample, of), _)| sample == name && fits(of))
            .map(|(_, value)| value)
            .sum()
    }

    /// All values of a label.
    pub(crate) fn values(&self, label: &str) -> BTreeSet<&str> {
        let labels = self.samples.keys().filter_map(|(_, of)| of.get(label));
        labels.map(String::as_str).collect()
    }

    /// Names of metrics and their types.
    pub(crate) fn types(&self) -> &BTreeMap<String, String> {
        &self.types
    }

    /// How many samples there are.
    pub(crate) fn len(&self) -> usize {
        self.samples.len()
    }
}

/// Reads `a="b",c="d"`. No value here has escapes: names of tenants and workloads are DNS names.
fn labels(text: &str) -> BTreeMap<String, String> {
    text.split(',')
        .map(|label| {
            let (name, value) = label.split_once('=').expect(text);
            let value = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            (name.to_owned(), value.expect(text).to_owned())
        })
        .collect()
}

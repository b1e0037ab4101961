//! Which traces are recorded: the samplers that OpenTelemetry has by name.

use crate::context::SpanContext;
use crate::id::TraceId;

/// Decides whether a trace is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampler {
    /// One that asks nobody.
    Root(Root),
    /// What whoever started the trace has decided; the other one decides about traces that start here.
    ParentBased(Root),
}

/// Decides by the id alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Root {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share of them, the same on every host: it depends on the id alone.
    Ratio(Ratio),
}

/// A share of all traces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Ids whose randomness is below this are recorded.
    below: u64,
}

/// How many values the randomness of an id has.
const VALUES: f64 = (1_u64 << 56) as f64;

impl Ratio {
    /// The share, from 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then(|| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 2^56"
            )]
            let below = (share * VALUES).round() as u64;
            Self { below }
        })
    }
}

impl Root {
    fn records(self, trace: TraceId) -> bool {
        match self {
            Self::AlwaysOn => true,
            Self::AlwaysOff => false,
            Self::Ratio(ratio) => trace.randomness() < ratio.below,
        }
    }
}

impl Sampler {
    /// Whether a trace is recorded that came with this context, or starts here with this id.
    pub fn records(&self, parent: Option<&SpanContext>, trace: TraceId) -> bool {
        match (self, parent) {
            (Self::ParentBased(_), Some(parent)) => parent.sampled,
            (Self::Root(root) | Self::ParentBased(root), _) => root.records(trace),
        }
    }
}

impl Default for Sampler {
    /// What OpenTelemetry does where nothing is said.
    fn default() -> Self {
        Self::ParentBased(Root::AlwaysOn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::TraceState;
    use crate::id::SpanId;

    fn parent(sampled: bool) -> SpanContext {
        SpanContext {
            trace: TraceId::random(),
            span: SpanId::random(),
            sampled,
            remote: true,
            state: TraceState::default(),
        }
    }

    fn ratio(share: f64) -> Root {
        Root::Ratio(Ratio::new(share).expect("it is a share"))
    }

    #[test]
    fn each_sampler_asks_the_parent_or_not_as_its_name_says() {
        let (yes, no) = (parent(true), parent(false));
        let id = TraceId::random();
        // The decision without a parent, with one that is recorded, with one that is not.
        for (sampler, decisions) in [
            (Sampler::Root(Root::AlwaysOn), [true, true, true]),
            (Sampler::Root(Root::AlwaysOff), [false, false, false]),
            (Sampler::Root(ratio(1.0)), [true, true, true]),
            (Sampler::Root(ratio(0.0)), [false, false, false]),
            (Sampler::ParentBased(Root::AlwaysOn), [true, true, false]),
            (Sampler::ParentBased(Root::AlwaysOff), [false, true, false]),
            (Sampler::ParentBased(ratio(1.0)), [true, true, false]),
            (Sampler::ParentBased(ratio(0.0)), [false, true, false]),
        ] {
            let found = [None, Some(&yes), Some(&no)].map(|parent| sampler.records(parent, id));
            assert_eq!(found, decisions, "{sampler:?}");
        }
    }

    #[test]
    fn a_share_of_the_traces_is_recorded() {
        let sampler = Sampler::ParentBased(ratio(0.1));
        let recorded = (0..20_000)
            .filter(|_| sampler.records(None, TraceId::random()))
            .count();
        assert!((1_700..2_300).contains(&recorded), "{recorded} of 20,000");
    }

    #[test]
    fn a_trace_that_a_small_share_records_a_larger_one_records_too() {
        for _ in 0..1_000 {
            let id = TraceId::random();
            let recorded = [0.01, 0.1, 0.5, 0.9].map(|share| ratio(share).records(id));
            assert!(recorded.is_sorted(), "{id}: {recorded:?}");
        }
    }

    #[test]
    fn a_share_is_between_nothing_and_everything() {
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Ratio::new(wrong), None, "{wrong}");
        }
    }
}

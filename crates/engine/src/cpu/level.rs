//! Virtual time among equals: the tenants of a host, or the workloads of a tenant.
//!
//! Each has a virtual time that grows by what it used, divided by its weight. The floor is where newcomers start, so
//! that nobody saves up credit by being idle. Those that are held back keep their place below the others until they
//! got their due; those that ask for less than their due are drawn upwards, so that they cannot claim long ago's share
//! at once.

use super::{BURST, LAG, Nanos};

/// The floor decays towards the foremost by this part of the distance at each tick. With somebody `LAG` ahead, all that
/// use less than `LAG / DECAY` at each tick (about 60 % of a core) are never in debt.
const DECAY: Nanos = 16;

#[derive(Debug, Default)]
pub(super) struct Level {
    floor: Nanos,
    /// How many are active.
    pub(super) active: usize,
}

/// What is known of those that are active, gathered in one pass.
#[derive(Debug, Default)]
pub(super) struct Survey {
    least: Option<Nanos>,
    lead: Nanos,
    held_back: Option<Nanos>,
}

impl Survey {
    /// `held_back`: it had to wait since the last tick.
    pub(super) fn add(&mut self, vtime: Nanos, held_back: bool) {
        let least = |other: Option<Nanos>| Some(other.map_or(vtime, |other| other.min(vtime)));
        self.least = least(self.least);
        self.lead = self.lead.max(vtime);
        if held_back {
            self.held_back = least(self.held_back);
        }
    }
}

impl Level {
    /// Moves the floor up, never above one that is held back.
    pub(super) fn raise(&mut self, survey: &Survey) {
        let Some(least) = survey.least else { return };
        let ahead = survey.lead.saturating_sub(self.floor);
        let decayed = self.floor.saturating_add(ahead / DECAY);
        let floor = least.max(survey.lead.saturating_sub(LAG)).max(decayed);
        let floor = survey.held_back.map_or(floor, |other| other.min(floor));
        self.floor = self.floor.max(floor);
    }

    /// The virtual time of one that had `vtime` when it was last seen.
    pub(super) fn at_least(&self, vtime: Nanos) -> Nanos {
        vtime.max(self.floor)
    }

    /// Whether one is ahead of another that is active.
    pub(super) fn in_debt(&self, vtime: Nanos) -> bool {
        self.active > 1 && vtime > self.floor.saturating_add(BURST)
    }
}

//! What the blocks of a project file ask for and what they get: the sources read, the values of each component put
//! together, and everything that is missing told at once.
//!
//! Layout: `plan` (who asks for which source), `lack` (what is missing, in words), `example` (the names that
//! `.env.example` files document).

mod example;
mod lack;
mod plan;

pub(crate) use self::lack::{At, Lacking, missing};
pub(crate) use self::plan::{Outcome, Owner, Plan, Row};

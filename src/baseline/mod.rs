//! Earlier runs that a run may be compared with: what is kept of them, which of them are alike, and
//! what their values were. Pure: where they lie is known to [`crate::shelf`].

pub mod class;
pub mod load;
pub mod mark;
pub mod kept;
pub mod choose;
pub mod course;
pub mod group;

pub use choose::{History, Lineage, Past, choose};
pub use class::Class;
pub use kept::{Kept, Proof, Shelf};
pub use mark::{Mark, Meaning};

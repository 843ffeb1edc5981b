//! What bounds a measured value, and what is said where that leaves its limit open.

use std::fmt;
use std::time::Duration;

use crate::metric::Value;
use crate::unit::{Ratio, show_duration};

/// Between which values the true one surely lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// It is not below this; `None` where too little was measured for a bound.
    pub lower: Option<Value>,
    /// It is not above this.
    pub upper: Option<Value>,
    /// How sure each of the two is, on its own.
    pub confidence: Ratio,
}

/// A value that is neither surely within its limit nor surely beyond it.
#[derive(Clone, Debug, PartialEq)]
pub struct Close {
    /// What was seen, without confidence, lies within the limit.
    pub passes: bool,
    /// The bound that lies on the other side; `None` where there is none.
    pub bound: Option<Value>,
    /// How sure that is.
    pub confidence: Ratio,
    /// How much longer the run would have to be; `None` where nobody would wait for it.
    pub more: Option<Duration>,
}

impl fmt::Display for Close {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lean = if self.passes { "pass" } else { "fail" };
        write!(out, "leaning {lean}: ")?;
        match self.bound {
            Some(bound) => write!(out, "its {} bound is {bound}", self.confidence)?,
            None => write!(out, "it has no {} bound", self.confidence)?,
        }
        match self.more {
            Some(more) => write!(out, "; about {} more would decide it", show_duration(more)),
            None => out.write_str("; it lies too near its limit for any run to tell"),
        }
    }
}

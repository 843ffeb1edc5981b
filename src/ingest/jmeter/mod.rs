//! JMeter's JTL, as CSV and as XML, and Taurus's `kpi.jtl`, which is the same.
//!
//! Rows that are no requests of their own are left out, as JMeter's own summary does: transaction
//! controllers, and the redirects and embedded resources of a sample.

pub(super) mod csv;
pub(super) mod xml;

use std::time::Duration;

use super::intake::Intake;
use super::number::MILLI;
use crate::run::Precision;

/// What must be known of JMeter's times.
fn told(intake: &mut Intake, left_out: &LeftOut) {
    if intake.told.precision == Precision::Exact {
        intake.told.precision = Precision::Step(Duration::from_nanos(MILLI));
    }
    if left_out.transactions > 0 {
        intake.note(format!(
            "{} rows of transaction controllers are left out: they are sums of other rows",
            left_out.transactions
        ));
    }
    if left_out.parts > 0 {
        intake.note(format!(
            "{} rows of redirects and embedded resources are left out: they are parts of samples",
            left_out.parts
        ));
    }
    intake.note("a request that was still waiting when JMeter ended is in no line of its JTL");
}

/// Rows that are no requests of their own.
#[derive(Debug, Default)]
struct LeftOut {
    transactions: u64,
    parts: u64,
}

/// How the message of a transaction controller begins.
const TRANSACTION: &[u8] = b"Number of samples in transaction";

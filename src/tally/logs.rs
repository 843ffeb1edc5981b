//! What is read off a tally for statistics: natural logarithms, told apart within buckets.

use super::{Frame, Tally, Times};
use crate::metric::Metric;
use crate::stats::quantile::log_quantile;
use crate::unit::Quantile;

impl Tally {
    /// The natural logarithm of a metric in its own unit (quantiles in microseconds, interpolated
    /// within their bucket); infinite for *never*, and `None` where nothing was counted.
    #[must_use]
    pub fn read_log(&self, metric: Metric, frame: Frame) -> Option<f64> {
        let at = |times: &Times, failed: u64, quantile: Quantile| {
            log_quantile(&times.cells(), failed, quantile.share())
        };
        match metric {
            Metric::Latency(quantile) => at(&self.latency, self.bad(), quantile),
            Metric::GoodLatency(quantile) => at(&self.latency, 0, quantile),
            Metric::Timing(timing, quantile) => {
                let lap = self.lap(timing)?;
                at(&lap.whole, lap.broken.count(), quantile)
            }
            Metric::Mean
            | Metric::Max
            | Metric::ErrorRate
            | Metric::Throughput
            | Metric::Status(_)
            | Metric::Count
            | Metric::EventsPerSecond => {
                let value = self.read(metric, frame)?;
                Some(value.number().map_or(f64::INFINITY, f64::ln))
            }
        }
    }
}

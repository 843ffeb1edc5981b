//! `confidence` of `[sla]`: how sure a judgement by limits must be.

use schemars::Schema;

use super::Load;
use super::axis::judged_span;
use super::reader::{At, Node, Reader};
use super::value::shaped;
use crate::stats::sla::SHORTEST;
use crate::unit::Ratio;

/// The key.
pub(super) const CONFIDENCE: &str = "confidence";
/// The least confidence that means anything, and the most that a run of an hour can reach.
const CONFIDENT: (f64, f64) = (0.80, 0.9999);

/// Reads `"95%"`.
pub(super) fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<At<Ratio>> {
    let span = node.value.span();
    let share = reader.united(node, "a share such as \"95%\"", Ratio::parse)?;
    if !(CONFIDENT.0..=CONFIDENT.1).contains(&share.share()) {
        let hint = "write `confidence = \"95%\"`".to_owned();
        reader.fault(span.clone(), "`confidence` is not between 80% and 99.99%", hint);
        return None;
    }
    Some(At { value: share, span })
}

/// Says that a load is too short for it, and gives its value.
pub(super) fn in_time(
    written: Option<&At<Ratio>>,
    load: Option<&Load>,
    reader: &mut Reader<'_>,
) -> Option<Ratio> {
    let at = written?;
    let span =
        load.and_then(|load| judged_span(load, None)).map(|(from, to)| to.saturating_sub(from));
    if span.is_some_and(|span| span < SHORTEST) {
        let message = "`confidence` takes a minute of judged time, and this load has less";
        let hint = "lengthen `duration`, or leave `confidence` out".to_owned();
        reader.warn(at.span.clone(), message.to_owned(), Some(hint));
    }
    Some(at.value)
}

/// Its schema.
pub(super) fn schema() -> Schema {
    let mut schema = shaped(r"[0-9]+(\.[0-9]{1,4})?\s*%", "95%");
    let told = "How sure a judgement must be: what is neither surely within its limit nor surely \
                beyond it is inconclusive. Without it, values are compared as they are.";
    schema.insert("description".to_owned(), told.into());
    schema
}

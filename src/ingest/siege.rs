//! siege: the JSON that 4.1 prints, with texts before it. It tells no percentile.

use std::time::Duration;

use super::MOST_SUMMARY;
use super::fault::Unreadable;
use super::head::Head;
use super::input::Input;
use super::intake::Intake;
use super::json::{count, parse, time};
use super::number::SECOND;
use super::printed;
use crate::run::{Band, Quotes, Subject};

/// What siege rounds its times to.
const STEP: Duration = Duration::from_millis(10);

/// Whether it is this format.
pub(super) fn claims(head: &Head<'_>) -> bool {
    ["\"transactions\":", "\"availability\":", "\"longest_transaction\":"]
        .iter()
        .all(|key| head.has(key))
}

/// Reads it.
pub(super) fn read(input: Input<'_>, intake: &mut Intake) -> Result<(), Unreadable> {
    if intake.told.whole.is_some() {
        return Err(Unreadable::NotAdded);
    }
    let text = input.text(MOST_SUMMARY)?;
    let from = text.find('{').ok_or(Unreadable::Unclosed)?;
    let to = text.rfind('}').filter(|to| *to > from).ok_or(Unreadable::Unclosed)?;
    let file = parse(&text[from..=to], "siege")?;
    let number = |name: &str| {
        let lacks = || Unreadable::Unlike("siege", format!("it lacks `{name}`"));
        count(&file[name]).ok_or_else(lacks)
    };
    // A transaction is an answer below 400; what failed is counted apart.
    let (good, failed) = (number("transactions")?, number("failed_transactions")?);
    let all = good.saturating_add(failed);
    let why = "siege does not print the status of answers";
    intake.told.untold.insert(Subject::Statuses, why.to_owned());
    intake.told.lasted = time(&file["elapsed_time"], SECOND);
    intake.told.whole = Some(Quotes {
        mean: time(&file["response_time"], SECOND).map(|mean| Band::rounded(mean, STEP)),
        ..printed::quotes(all, failed, all)
    });
    intake
        .note("siege rounds times to 10 ms and prints no percentile: a limit on one is not judged");
    Ok(())
}

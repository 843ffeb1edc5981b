//! What was asked beside a load, and answered, over its time.

use std::time::Duration;

/// The answers of one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The probe's name.
    pub name: String,
    /// The unit of its answers.
    pub unit: String,
    /// Each question, in the order of time: when it was asked, from the begin of the load, and the
    /// answer; `None` where none came that is a number.
    pub readings: Vec<(Duration, Option<f64>)>,
    /// What was wrong with the last question that has no answer, in words.
    pub said: String,
}

impl Series {
    /// The answers to questions that were asked within a time, and how many questions those were.
    #[must_use]
    pub fn within(&self, from: Duration, to: Duration) -> (Vec<f64>, u64) {
        let asked = self.readings.iter().filter(|(at, _)| (from..=to).contains(at));
        let (mut answers, mut questions) = (Vec::new(), 0);
        for (_, answer) in asked {
            questions += 1;
            answers.extend(answer);
        }
        (answers, questions)
    }
}

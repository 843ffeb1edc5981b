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
    /// The same with every question that was due by then: one that was left out, because the
    /// answer before it took longer than the pause between two, has no answer.
    #[must_use]
    pub fn whole(self, every: Duration, until: Duration) -> Self {
        let place = |at: Duration| at.as_nanos() / every.as_nanos().max(1);
        let time = |place: u128| every.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX));
        let (mut all, mut next) = (Vec::with_capacity(self.readings.len()), 0);
        let mut left_out = false;
        for (at, answer) in self.readings {
            left_out |= next < place(at);
            all.extend((next..place(at)).map(|place| (time(place), None)));
            all.push((at, answer));
            next = place(at) + 1;
        }
        left_out |= next < place(until);
        all.extend((next..place(until)).map(|place| (time(place), None)));
        let said = match self.said {
            said if said.is_empty() && left_out => "answers came after the next was due".to_owned(),
            said => said,
        };
        Self { readings: all, said, ..self }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(readings: &[(u64, Option<f64>)], until: u64) -> (Vec<(u64, bool)>, bool) {
        let readings = readings.iter().map(|(at, answer)| (Duration::from_millis(*at), *answer));
        let (name, unit, said) = ("cpu".to_owned(), String::new(), String::new());
        let series = Series { name, unit, readings: readings.collect(), said };
        let series = series.whole(Duration::from_secs(1), Duration::from_millis(until));
        let told = |(at, answer): &(Duration, Option<f64>)| (at.as_secs(), answer.is_some());
        (series.readings.iter().map(told).collect(), !series.said.is_empty())
    }

    #[test]
    fn questions_that_were_left_out_have_no_answer() {
        let one = Some(1.0);
        // A little late is not left out.
        let even = [(5, one), (1_900, one), (2_010, one)];
        assert_eq!(whole(&even, 3_500), (vec![(0, true), (1, true), (2, true)], false));
        let slow = [(5, one), (3_100, one)];
        let all = vec![(0, true), (1, false), (2, false), (3, true), (4, false)];
        assert_eq!(whole(&slow, 5_200), (all, true));
        assert_eq!(whole(&[], 2_500), (vec![(0, false), (1, false)], true));
        assert_eq!(whole(&[], 900), (Vec::new(), false));
    }
}

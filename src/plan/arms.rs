//! Which of two versions an arrival goes to: a pure function of the seed and its number.

use std::sync::Arc;
use std::time::Duration;

use super::axis::Piece;
use super::profile::{Profile, Stage};
use super::regression::{Mode, Regression};
use super::{Drive, Load};
use crate::chance::Key;
use crate::run::Model;

/// The stream of chance by which arrivals are shared; requests, rows and turns have others.
const ARMS: u64 = u64::MAX - 2;
/// About how long a turn of one version lasts, where they take turns.
const TURN: Duration = Duration::from_secs(2);
/// What of each turn is not counted: answers to the turn before are still under way.
pub const DROPPED: Duration = Duration::from_millis(500);

/// The two versions of a round: 0 is the one judged, 1 the one compared with.
#[derive(Clone, Debug)]
pub struct Arms {
    key: Key,
    warm_up: Duration,
    /// How long a turn is; `None` where both are under load at once.
    turn: Option<Duration>,
}

/// How many versions there are.
pub const VERSIONS: usize = 2;

impl Arms {
    /// The sharing of a round under a seed.
    #[must_use]
    pub fn new(regression: &Regression, load: &Load, seed: u64) -> Self {
        let turn = match regression.mode {
            Mode::Duet => None,
            Mode::Alternate => Some(turn(regression.round())),
        };
        Self { key: Key::new(seed, ARMS), warm_up: load.warm_up, turn }
    }

    /// The version of an arrival: by a fair draw, or by whose turn it is when it is due. Turns go
    /// one, other, other, one; the first is drawn.
    #[must_use]
    pub fn of_arrival(&self, number: u64, due: Duration) -> usize {
        let Some(turn) = self.turn else { return self.coin(number) };
        let turns = due.saturating_sub(self.warm_up).as_nanos() / turn.as_nanos().max(1);
        let middle = matches!(turns % 4, 1 | 2);
        self.coin(0) ^ usize::from(middle)
    }

    /// The version of a virtual user: of each two that follow each other, one goes to each.
    #[must_use]
    pub fn of_user(&self, user: u64) -> usize {
        self.coin(user / 2) ^ usize::from(user % 2 == 1)
    }

    fn coin(&self, number: u64) -> usize {
        usize::from(self.key.bits(number) >> 63 == 1)
    }
}

/// The length of a turn: about 2 s, so that a round has each version as often in front.
fn turn(round: Duration) -> Duration {
    let fours = round.as_nanos().div_ceil((TURN * 4).as_nanos()).max(1);
    round / (u32::try_from(fours).unwrap_or(u32::MAX / 4) * 4)
}

/// The load of one round: the highest level of the gate's own, as long as warm-up and round are.
/// Users are shared evenly between the versions, and each has one at least.
#[must_use]
pub fn round_of(drive: &Drive, regression: &Regression) -> Drive {
    let mut drive = drive.clone();
    let warm_up = regression.warm_up(&drive.load);
    let lasts = warm_up + regression.round();
    drive.load.profile = steady(&drive.load.profile, lasts);
    drive.load.warm_up = warm_up;
    // Scenarios of one load share it by identity.
    let mut known: Vec<(Arc<Profile>, Arc<Profile>)> = Vec::new();
    for scenario in &mut drive.scenarios {
        let Some(own) = &scenario.load else { continue };
        let found = known.iter().find(|(old, _)| Arc::ptr_eq(old, own));
        let new = found.map(|(_, new)| Arc::clone(new));
        let new = new.unwrap_or_else(|| Arc::new(steady(own, lasts)));
        known.push((Arc::clone(own), Arc::clone(&new)));
        scenario.load = Some(new);
    }
    drive
}

fn steady(profile: &Profile, lasts: Duration) -> Profile {
    let level = match profile.model {
        Model::Open => profile.peak(),
        Model::Closed => (profile.peak().div_ceil(1_000_000) / 2).max(1) * 2 * 1_000_000,
    };
    let stage = Stage { name: None, duration: lasts, from: level, to: level };
    Profile { model: profile.model, stages: vec![stage] }
}

/// The slices of a round: the warm-up, and what is judged; where versions take turns, each turn
/// with its beginning that is not.
#[must_use]
pub fn pieces(regression: &Regression, load: &Load) -> Vec<Piece> {
    let (from, to) = (load.warm_up, load.profile.duration());
    let piece = |from, to, warm_up| Piece { from, to, stage: 0, warm_up };
    let mut pieces = vec![piece(Duration::ZERO, from, true)];
    match regression.mode {
        Mode::Duet => pieces.push(piece(from, to, false)),
        Mode::Alternate => {
            let turn = turn(regression.round());
            let starts = std::iter::successors(Some(from), |at| Some(*at + turn));
            for start in starts.take_while(|start| *start < to) {
                let end = if to.saturating_sub(start) < turn * 2 { to } else { start + turn };
                let judged = (start + DROPPED).min(end);
                pieces.push(piece(start, judged, true));
                pieces.push(piece(judged, end, false));
                if end == to {
                    break;
                }
            }
        }
    }
    pieces.retain(|piece| piece.from < piece.to);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(turn: Option<Duration>) -> Arms {
        Arms { key: Key::new(7, ARMS), warm_up: Duration::from_secs(1), turn }
    }

    #[test]
    fn arrivals_are_shared_by_a_fair_coin_that_a_seed_fixes() {
        let arms = arms(None);
        let ones =
            |from: u64| (from..from + 10_000).map(|n| arms.of_arrival(n, TURN)).sum::<usize>();
        for from in [0, 10_000, 1 << 40] {
            assert!((4_800..=5_200).contains(&ones(from)), "{}", ones(from));
            assert_eq!(ones(from), ones(from));
        }
    }

    #[test]
    fn turns_give_each_version_as_much_time_in_the_same_middle() {
        let round = Duration::from_secs(30);
        let length = turn(round);
        assert_eq!(round.as_nanos() % (length * 4).as_nanos(), 0);
        let arms = arms(Some(length));
        let at = |turns: u32| arms.of_arrival(3, arms.warm_up + length * turns + DROPPED);
        for four in 0..4 {
            let [a, b, c, d] = [0, 1, 2, 3].map(|nth| at(four * 4 + nth));
            assert!(a == d && b == c && a != b, "{a}{b}{c}{d}");
        }
    }

    #[test]
    fn of_two_users_one_goes_to_each_version() {
        let arms = arms(None);
        assert!((0..100).all(|pair| arms.of_user(2 * pair) != arms.of_user(2 * pair + 1)));
    }
}

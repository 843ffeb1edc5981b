//! Pieces of a load as they are written, and the load that a scenario has for itself.

use super::reader::{Text, table};
use super::value::{Int, Lasting, Level, MOST_USERS, Many, Pace, Time};

table! {
    /// A piece of the load, linear from the level before it; the first begins at zero.
    Stage as "`[[load.stage]]` with `duration = \"30s\"` and `to = \"200/s\"`" {
        /// Its name, for `during` in a limit.
        name: Text,
        /// How long it lasts; zero is a jump.
        duration (required): Time,
        /// The level it leads to: a rate such as 200/s in quotes, or a whole number of users.
        to (required): Level,
    }
}

table! {
    /// A load that a scenario has for itself, beside that of the others.
    Own as "`[scenario.load]` with `rate = \"5/s\"` and `duration = \"30s\"`" {
        /// Open model: arrivals per second, whatever the service does.
        rate: Pace,
        /// Closed model: virtual users, each of which waits for its answer before it asks again.
        users: Int<1, MOST_USERS>,
        /// How long it lasts, ramps included.
        duration: Lasting,
        /// It grows from zero, linearly, for so long. Part of the duration.
        ramp: Time,
        /// Closed model, instead of a ramp: so many users begin in a second.
        spawn_rate: Pace,
        /// It falls to zero, linearly, for so long at its end. Part of the duration.
        ramp_down: Time,
        /// Instead of all that: piece by piece.
        stage: Many<Stage>,
        /// How long after the others it begins.
        after: Time,
    }
}

//! `[[scenario]]` exactly as it is written.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::auth::AuthAsk;
use super::reader::{Node, Read, Reader, Text, table};
use super::request::request_table;
use super::scenario::{Per, Think};
use super::stage::Own;
use super::take::Take;
use super::value::{
    DURATION, Dict, Flag, Int, Lasting, MOST_HOPS, MOST_USERS, Many, One, OneOrMany, Pace, Word,
    schemas, shaped,
};
use crate::script::feeder::OnEnd;
use crate::unit::{BadUnit, parse_duration};

table! {
    /// A kind of user: what it does, how often, with which data.
    Scenario as "`[[scenario]]` with `name = \"shopper\"` and `steps = [{ get = \"/\" }]`" {
        /// Its name in every report.
        name (required): Text,
        /// Its part of the users or arrivals in relation to the others. Default: 1.
        weight: Int<1, MOST_USERS>,
        /// Closed model, instead of a weight: exactly so many users.
        fixed: Int<1, MOST_USERS>,
        /// Words by which it is chosen or left out.
        tags: OneOrMany<Text>,
        /// Think time between tasks, or between steps where there are no tasks.
        wait: Wait,
        /// Instead of think time: a turn begins every so often, however long each takes.
        paced: Lasting,
        /// Instead of think time: so many turns of each user, as in "0.2/s" or "6/min".
        rate: Pace,
        /// A load of its own, beside that of the other scenarios.
        load: Own,
        /// What its requests prove their sender by, from where its values are known; instead of
        /// the target's.
        auth: AuthAsk,
        /// Redirects that are followed, at most; instead of what the target says.
        follow: Int<0, MOST_HOPS>,
        /// Each user keeps the cookies that answers set, and sends them back: true (default) or
        /// false.
        cookies: Flag,
        /// Files whose rows its users take.
        data: OneOrMany<Data>,
        /// What each user does once, before all else: logging in.
        start: Many<Step>,
        /// What each user does once, at the very end: logging out.
        stop: Many<Step>,
        /// What it does, one after the other.
        steps: Many<Step>,
        /// Instead of steps: what it may do, one of them drawn by weight for each turn.
        task: Many<Task>,
    }
}

table! {
    /// Something a user does as a whole.
    Task as "`[[scenario.task]]` with `name = \"browse\"` and `steps = [{ get = \"/\" }]`" {
        /// Its name.
        name (required): Text,
        /// How often it is drawn in relation to the others. Default: 1.
        weight: Int<1, MOST_USERS>,
        /// Words by which it is chosen or left out.
        tags: OneOrMany<Text>,
        /// How many times in a row: 3, or "1..3" for a number drawn each time. Default: 1.
        repeat: Repeat,
        /// Again until this is true: "{{ state == 'done' }}". At most as often as `repeat` says
        /// (100 times without it), and where that is not enough, the turn fails.
        until: Text,
        /// What it consists of, one after the other.
        steps: Many<Step>,
        /// Instead of steps: smaller tasks, one of them drawn by weight.
        tasks: Many<Task>,
    }
}

request_table! {
    /// One request of a user, and what is taken from its answer.
    Step as "`{ get = \"/path\" }`" {
        /// What it proves its sender by, instead of what its scenario or the target says; false:
        /// nothing.
        auth: AuthAsk,
        /// Redirects that are followed, at most; instead of what its scenario or the target says.
        /// One that `expect.status` names is not.
        follow: Int<0, MOST_HOPS>,
        /// What is taken from the answer, by the name that templates know it by.
        extract: Dict<Take>,
        /// The group it belongs to, as in "checkout" or "checkout / pay": steps of one group that
        /// follow each other are judged together, by `[sla."group:checkout"]`. Their times are
        /// added up, without rests.
        group: Text,
        /// A rest after this step.
        wait: Wait,
    }
}

table! {
    /// A file whose rows users take.
    Data as "`data = { csv = \"users.csv\", as = \"row\" }`" {
        /// A CSV file beside the gate file, with the names of the columns in its first line.
        csv: Text,
        /// A file with a JSON object in each line.
        jsonl: Text,
        /// The name that templates know the row by: row in `{{ row.email }}`. Default: row.
        r#as: Text,
        /// Rows in order over all users (default), at random, or each one once.
        pick: One<PickAsk>,
        /// Behind the last row: begin again (default), or stop.
        at_end: One<OnEnd>,
        /// Closed model: a new row for each turn of a user (default), or one for its whole life.
        per: One<Per>,
    }
}

table! {
    /// Think time as people have it: mostly short, sometimes long.
    Exponential as "`wait = { exponential = \"2s\" }`" {
        /// The mean.
        exponential (required): Lasting,
    }
}

/// How rows are picked, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PickAsk {
    Next,
    Random,
    Once,
}

/// Think time: "2s", "1s..3s" or `{ exponential = "2s" }`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait(pub(super) Think);

/// How many times: 3 or "1..3".
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat(pub(super) u32, pub(super) u32);

const MOST_REPEATS: u64 = 10_000;

impl Word for PickAsk {
    const NAME: &'static str = "Pick";
    const ALL: &'static [(&'static str, Self)] =
        &[("next", Self::Next), ("random", Self::Random), ("once", Self::Once)];
}

impl Word for OnEnd {
    const NAME: &'static str = "OnEnd";
    const ALL: &'static [(&'static str, Self)] = &[("wrap", Self::Wrap), ("stop", Self::Stop)];
}

impl Word for Per {
    const NAME: &'static str = "Per";
    const ALL: &'static [(&'static str, Self)] = &[("turn", Self::Turn), ("user", Self::User)];
}

impl Read for Wait {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if node.value.get_ref().is_table() {
            let table = Exponential::read(node, reader)?;
            return table.exponential.value().map(|mean| Self(Think::Exponential(mean.0)));
        }
        let expected = "a duration such as \"2s\", or a range such as \"1s..3s\"";
        reader.united(node, expected, think).map(Self)
    }
}

fn think(text: &str) -> Result<Think, BadUnit> {
    let Some((from, to)) = text.split_once("..") else {
        return parse_duration(text).map(Think::Constant);
    };
    let (from, to): (Duration, Duration) = (parse_duration(from)?, parse_duration(to)?);
    if from > to {
        return Err(BadUnit::new("ends before it begins", "write the shorter time first"));
    }
    Ok(Think::Between(from, to))
}

impl Read for Repeat {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.value.get_ref().as_str().filter(|text| text.contains(".."));
        if text.is_none() {
            let Int(times) = Int::<1, MOST_REPEATS>::read(node, reader)?;
            let times = u32::try_from(times).unwrap_or(u32::MAX);
            return Some(Self(times, times));
        }
        let text = reader.text(node, "a number such as 3, or a range such as \"1..3\"")?;
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let range = text.value.split_once("..").and_then(|(from, to)| number(from).zip(number(to)));
        let within =
            range.filter(|(from, to)| from <= to && u64::from(*to) <= MOST_REPEATS && *to > 0);
        if within.is_none() {
            let hint = format!("write `\"1..3\"`: from and to, {MOST_REPEATS} at most");
            reader.bad(node, "is not a range of numbers", hint);
        }
        within.map(|(from, to)| Self(from, to))
    }
}

schemas! {
    Wait, |generator| {
        let one = format!(r"{DURATION}(\.\.\s*{DURATION})?");
        json_schema!({
            "anyOf": [shaped(&one, "1s..3s"), generator.subschema_for::<Exponential>()],
        })
    };
    Repeat, |generator| json_schema!({
        "anyOf": [
            generator.subschema_for::<Int<1, MOST_REPEATS>>(),
            { "type": "string", "pattern": r"^\s*[0-9]+\s*\.\.\s*[0-9]+\s*$|\$\{" },
        ],
    });
}

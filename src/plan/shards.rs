//! Whether the machines that share a load can.

use super::Drive;
use super::fault::Fault;
use super::parts::parts;
use super::timetable::Timetable;
use crate::run::Model;

/// Why a load cannot be shared like that.
pub(super) fn unfit(drive: &Drive) -> Option<Fault> {
    let (load, flag) = (&drive.load, "--shard");
    if load.shard.is_alone() {
        return None;
    }
    if load.seed.is_none() {
        let hint = "give all shards the same `--seed`, or write `seed` in `[load]`".to_owned();
        return Some(Fault::outside(flag, "shards draw alike only from one seed", Some(hint)));
    }
    let parts = parts(&drive.scenarios, &load.profile);
    let tables = Timetable::of_parts(&parts, load, load.seed.unwrap_or(0));
    let mut most = parts.iter().zip(&tables).map(|(part, table)| match part.profile.model {
        Model::Open => table.planned(),
        Model::Closed => part.profile.peak().div_ceil(1_000_000),
    });
    let idle = most.all(|most| most < load.shard.of());
    idle.then(|| {
        let hint = Some("use fewer shards".to_owned());
        Fault::outside(flag, "there are more shards than arrivals or users", hint)
    })
}

//! Properties that hold for every input.

use std::time::Duration;

use loadgate::plan::Load;
use loadgate::plan::axis::{MOST_PIECES, axis, judged_span, windows};
use loadgate::plan::threshold::Threshold;
use proptest::prelude::*;

use crate::support::made::{asked, during, load, ms, over, stage};

fn loads() -> impl Strategy<Value = Load> {
    let lengths = prop::collection::vec(0_u64..400_000, 1..6);
    (lengths, 0_u64..60_000).prop_filter_map(
        "a load lasts longer than its warm-up",
        |(all, warm)| {
            let stages = all.iter().map(|length| stage("", ms(*length))).collect();
            (all.iter().sum::<u64>() > warm).then(|| load(stages, ms(warm)))
        },
    )
}

fn windowed() -> impl Strategy<Value = Vec<Threshold>> {
    let one = (1_u64..200_000, prop::option::of(0_usize..6)).prop_map(|(length, stage)| {
        let whole = over(ms(length), asked("p95", "< 300ms"));
        stage.map_or(whole.clone(), |stage| during(stage, whole))
    });
    prop::collection::vec(one, 0..4)
}

proptest! {
    #[test]
    fn the_axis_has_no_gaps_and_is_bounded(load in loads(), thresholds in windowed()) {
        let pieces = axis(&load, &thresholds);
        prop_assert!(pieces.len() <= MOST_PIECES);
        prop_assert_eq!(pieces[0].from, Duration::ZERO);
        prop_assert_eq!(pieces[pieces.len() - 1].to, load.profile.duration());
        prop_assert!(pieces.iter().all(|piece| piece.from < piece.to));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].to == pair[1].from));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].stage <= pair[1].stage));
        for piece in &pieces {
            prop_assert_eq!(piece.warm_up, piece.to <= load.warm_up);
            let stages = &load.profile.stages;
            let start: Duration = stages[..piece.stage].iter().map(|stage| stage.duration).sum();
            prop_assert!(start <= piece.from && piece.to <= start + stages[piece.stage].duration);
        }
    }

    #[test]
    fn every_window_is_a_sum_of_whole_slices(load in loads(), thresholds in windowed()) {
        let pieces = axis(&load, &thresholds);
        let wanted: Vec<_> = thresholds.iter().filter_map(|threshold| {
            let (from, to) = judged_span(&load, threshold.window.during)?;
            Some(windows(from, to, threshold.window.over?))
        }).collect();
        // Windows are only left out where there are more than an axis can hold.
        prop_assume!(wanted.iter().map(Vec::len).sum::<usize>() < MOST_PIECES / 2 - 100);
        for (from, to) in wanted.into_iter().flatten() {
            prop_assert!(pieces.iter().any(|piece| piece.from == from));
            prop_assert!(pieces.iter().any(|piece| piece.to == to));
        }
    }

    #[test]
    fn windows_cover_their_span(from in 0_u64..100_000, length in 1_u64..100_000, over in 1_u64..50_000) {
        let (from, to, over) = (ms(from), ms(from + length), ms(over));
        let windows = windows(from, to, over);
        if let Some((first, last)) = windows.first().zip(windows.last()) {
            prop_assert_eq!((first.0, last.1), (from, to));
            prop_assert!(windows.iter().all(|(start, end)| *start + over == *end));
            prop_assert!(windows.windows(2).all(|pair| pair[1].0 <= pair[0].1));
        }
    }
}

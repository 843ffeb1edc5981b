use loadgate::plan::draw::Draw;
use proptest::prelude::*;

#[test]
fn weights_are_reduced_to_the_smallest_block() {
    assert_eq!(Draw::new(&[300, 100], 1).block(), 4);
    assert_eq!(Draw::new(&[5], 1).block(), 1);
}

#[test]
fn every_place_of_a_block_is_as_likely_for_each_request() {
    // The lone request of weight 1 stands first in about a fifth of 5,000 blocks: 1,000, deviation
    // 28.
    for (seed, lone) in (0..8).zip([[1, 4], [4, 1]].iter().cycle()) {
        let draw = Draw::new(lone, seed);
        let index = lone.iter().position(|weight| *weight == 1).expect("one of them");
        for place in 0..5 {
            let there = (0..5_000).filter(|block| draw.nth(0, block * 5 + place) == index).count();
            assert!((860..=1_140).contains(&there), "seed {seed}, place {place}: {there}");
        }
    }
}

#[test]
fn two_equal_requests_do_not_simply_alternate() {
    let draw = Draw::new(&[1, 1], 5);
    let first = (0..4_000).filter(|block| draw.nth(0, block * 2) == 0).count();
    assert!((1_840..=2_160).contains(&first), "{first}");
}

proptest! {
    #[test]
    fn every_block_holds_each_request_by_its_weight(
        weights in prop::collection::vec(1..30_u32, 1..8),
        seed: u64,
        stream in 0..50_u64,
        block in 0..1_000_u64,
    ) {
        let draw = Draw::new(&weights, seed);
        let length = draw.block();
        let mut counts = vec![0_u32; weights.len()];
        for n in block * length..(block + 1) * length {
            counts[draw.nth(stream, n)] += 1;
        }
        let common = weights[0] / counts[0];
        let whole: Vec<u32> = counts.iter().map(|count| count * common).collect();
        prop_assert_eq!(whole, weights);
    }

    #[test]
    fn counts_are_those_of_the_draws(
        weights in prop::collection::vec(1..9_u32, 1..5),
        seed: u64,
        from in 0..200_u64,
        more in 0..200_u64,
    ) {
        let draw = Draw::new(&weights, seed);
        let mut counts = vec![0_u64; weights.len()];
        for n in from..from + more {
            counts[draw.nth(0, n)] += 1;
        }
        prop_assert_eq!(draw.counts(0, from, from + more), counts);
    }

    #[test]
    fn the_same_seed_draws_the_same(seed: u64, n: u64) {
        let weights = [3, 2, 1, 7];
        prop_assert_eq!(Draw::new(&weights, seed).nth(0, n), Draw::new(&weights, seed).nth(0, n));
    }
}

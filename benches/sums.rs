//! Micro-benchmarks of the pure sums: when a request is due, counting, merging, judging.

fn main() {
    divan::main();
}

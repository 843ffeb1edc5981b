//! Kept runs in storage that speaks S3, played on loopback.

use super::{add, gate, id};
use crate::support::bucket::Bucket;
use crate::support::gate::{Done, Gate};

const PLACE: [&str; 2] = ["--baseline", "s3://runs/team/api"];

/// A gate that may use a bucket.
fn with(bucket: &Bucket) -> Gate {
    gate()
        .set("AWS_ENDPOINT_URL", &bucket.url())
        .set("AWS_REGION", "eu-central-1")
        .set("AWS_ACCESS_KEY_ID", "me")
        .set("AWS_SECRET_ACCESS_KEY", "canary-secret")
}

fn list(gate: &Gate) -> Done {
    gate.run(&[&["baseline", "list"][..], &PLACE].concat())
}

#[test]
fn a_bucket_keeps_runs_once_and_whole() {
    let bucket = Bucket::open();
    let gate = with(&bucket);
    list(&gate).code(0);
    for nth in [0, 1, 1] {
        add(&gate, nth, 200, &PLACE).code(0);
    }
    let name = |nth: u32| format!("team/api/runs/{}.json", id(nth));
    assert_eq!(bucket.names(), [name(0), name(1)]);
    assert!(list(&gate).code(0).stdout.contains(&id(1)));
    let promote = ["baseline", "promote", &id(1)];
    gate.run(&[&promote[..], &PLACE].concat()).code(0);
    assert!(list(&gate).code(0).stdout.contains("anchor"));
    bucket.cut(&name(0));
    list(&gate).code(3).says("ends in the middle");
    gate.run(&[&["baseline", "prune", "--damaged"][..], &PLACE].concat()).code(0);
    assert!(!bucket.names().contains(&name(0)));
    assert!(list(&gate).code(0).stdout.contains(&id(1)));
}

#[test]
fn storage_that_is_out_of_order_is_asked_again_a_few_times() {
    let bucket = Bucket::open();
    let gate = with(&bucket);
    add(&gate, 0, 200, &PLACE).code(0);
    bucket.refuse(2, 503, "SlowDown");
    assert!(list(&gate).code(0).stdout.contains(&id(0)));
    let before = bucket.refuse(usize::MAX, 503, "SlowDown");
    let done = list(&gate);
    done.code(3).says("the kept runs in `s3://runs/team/api` cannot be read").says("SlowDown");
    assert_eq!(bucket.requests() - before, 4, "one question, and three times again");
}

#[test]
fn a_refusal_is_told_at_once_and_without_what_was_signed() {
    let bucket = Bucket::open();
    let gate = with(&bucket);
    let before = bucket.refuse(usize::MAX, 403, "AccessDenied");
    for done in [list(&gate), add(&gate, 0, 200, &PLACE)] {
        done.code(3).says("the storage says no (403 AccessDenied)").says("AWS_SECRET_ACCESS_KEY");
        for secret in ["canary-secret", "Credential=", "Signature="] {
            assert!(!done.stderr.contains(secret), "{}", done.stderr);
        }
    }
    assert_eq!(bucket.requests() - before, 2);
    bucket.refuse(usize::MAX, 404, "NoSuchBucket");
    list(&gate).code(3).says("no such bucket or object (404 NoSuchBucket)");
    // Storage that is not there is no empty one.
    let lost = list(&gate.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9"));
    assert!(!lost.code(3).stderr.contains("canary-secret"), "{}", lost.stderr);
}

#[test]
fn nobody_is_asked_in_the_clear_or_for_credentials_that_were_not_named() {
    let clear = gate().set("AWS_ENDPOINT_URL", "http://storage.example").set("AWS_REGION", "x");
    list(&clear).code(3).says("must not cross a network in the clear");
    let nameless = gate().set("AWS_REGION", "x");
    list(&nameless).code(3).says("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    let half = nameless.set("AWS_ACCESS_KEY_ID", "me");
    list(&half).code(3).says("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    for place in ["s3://runs", "s3://Runs/x", "s3://runs/../x", "s3://runs//x", "s3://r/x"] {
        let done = half.run(&["baseline", "list", "--baseline", place]);
        done.code(2).says("write `s3://BUCKET/PREFIX`");
    }
}

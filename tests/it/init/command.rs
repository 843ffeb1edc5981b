//! `loadgate init` as a user meets it.

use crate::support::gate::Gate;

fn nothing() -> Gate {
    Gate::new("")
}

#[test]
fn a_first_gate_file_is_written_and_can_be_planned() {
    let home = nothing();
    let done = home.run(&["init", "first.toml", "--target", "http://127.0.0.1:9/api"]);
    done.code(0).says("wrote first.toml");
    home.run(&["plan", "first.toml"]).code(0);
}

#[test]
fn a_gate_file_that_is_there_is_left_alone() {
    let home = nothing().file("first.toml", "mine");
    let done = home.run(&["init", "first.toml"]);
    done.code(2).says("first.toml").says("name another file");
    assert_eq!(std::fs::read_to_string(home.path("first.toml")).ok().as_deref(), Some("mine"));
}

#[test]
fn a_gate_file_can_be_printed_instead() {
    let done = nothing().run(&["init", "-"]);
    done.code(0);
    assert!(done.stdout.contains("[target]") && done.stdout.contains("[sla]"), "{}", done.stdout);
}

#[test]
fn what_is_left_out_of_a_description_is_said() {
    let description = include_bytes!("../../data/init/openapi/fastapi.json");
    let home = nothing().file("api.json", description);
    home.run(&["init", "first.toml", "--from-openapi", "api.json"]).code(0).says("include-writes");
    home.set("API_TOKEN", "secret-token").run(&["plan", "first.toml"]).code(0);
}

#[test]
fn what_no_gate_file_can_be_made_from_is_said_and_nothing_is_written() {
    let home = nothing().file("odd.json", "{}").file("empty.har", "");
    for (flag, file) in [("--from-openapi", "odd.json"), ("--from-har", "empty.har")] {
        home.run(&["init", "first.toml", flag, file]).code(2).says(file);
    }
    home.run(&["init", "first.toml", "--from-har", "absent.har"]).code(2).says("absent.har");
    home.run(&["init", "first.toml", "--target", "ftp://x"]).code(2).says("--target");
    assert!(!home.path("first.toml").exists());
}

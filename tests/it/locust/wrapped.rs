//! A command that calls Locust with words of its own.

use super::{COUNTED, go, run_of, sent, server};
use crate::pipes::tool;
use crate::support::gate::{Done, Gate, turn};
use crate::support::server::Server;

const SLA: &str = "p50 = \"< 9s\"";

/// A gate file that asks these things of Locust, beside a script that calls it so.
fn wrapper(load: &str, script: &str) -> Gate {
    let load = if load.is_empty() {
        String::new()
    } else {
        format!("[load]\nengine = \"locust\"\n{load}")
    };
    let python = tool("python3").display().to_string();
    let script = script.replace("LOCUST", &format!("{python} -m locust"));
    let gate = Gate::new(&format!("{load}\n[sla]\n{SLA}\n"))
        .file("visit.py", COUNTED)
        .file("load.sh", format!("#!/bin/sh\n{script}\n"))
        .set("PYTHONDONTWRITEBYTECODE", "1");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let rights = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(gate.path("load.sh"), rights).expect("a file of ours");
    }
    gate
}

fn run(gate: &Gate, server: &Server) -> Done {
    let _turn = turn();
    let url = server.url("");
    gate.run(&["run", "gate.toml", "-v", "--target", &url, "--", "./load.sh", "visit.py"])
}

#[test]
fn its_locust_is_counted_exactly_and_another_sitecustomize_has_its_turn() {
    // The script leaves to the gate file what it does not say itself, and passes over a failure.
    let script = "LOCUST -V\nLOCUST -f \"$1\" --users 4 || true";
    let (server, load) = (server(), "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"6s\"");
    let gate = wrapper(load, script)
        .file("sitecustomize.py", "open('site.txt', 'w').write('had its turn')\n");
    let home = gate.path("").display().to_string();
    let done = run(&gate.set("PYTHONPATH", &home), &server);
    done.code(0).reports().says("`./load.sh visit.py` calls Locust").says("4 users at 9/s for 6s");
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (100, 100));
    assert!(std::path::Path::new(&home).join("site.txt").is_file());
}

#[test]
fn a_master_with_workers_of_its_own_is_counted_exactly() {
    let port = super::many::port();
    let worker = format!("LOCUST -f $1 --worker --master-port {port} &\n");
    let script = format!(
        "{worker}{worker}LOCUST -f $1 -u 4 -r 9 -t 6s --master --master-bind-host 127.0.0.1 \
         --master-bind-port {port} --expect-workers 2 --expect-workers-max-wait 40\nwait"
    );
    let server = server();
    let done = run(&wrapper("", &script), &server);
    done.code(0).reports();
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (100, 100));
}

#[test]
fn one_that_asks_less_or_reaches_no_locust_is_not_judged() {
    let (server, load) = (server(), "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"5s\"");
    let done = run(&wrapper(load, "LOCUST -f $1 -u 2 -r 9"), &server);
    done.code(3).says("the gate file asks for 4 users, and `./load.sh visit.py` for 2");
    let done = run(&wrapper(load, "echo \"$@\""), &server);
    done.code(3).says("called no Locust that loadgate could reach");
    let hidden = wrapper(load, "LOCUST -f $1 || true").file("visit.py", "import absent_module");
    run(&hidden, &server).code(3).says("No module named 'absent_module'");
}

#[test]
fn a_command_of_the_gate_file_is_asked_once_and_told_the_rest() {
    let (server, load) = (server(), "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"5s\"");
    let gate = wrapper(load, "LOCUST -f visit.py \"$@\"").set("LOADGATE_LOCUST_CMD", "./load.sh");
    let done = go(&gate, &server);
    done.code(0).reports().says("`./load.sh` calls Locust");
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (100, 100));
    // What it would not hand on is told before anything is sent.
    let both = wrapper(&format!("{load}\nlocustfile = \"other.py\""), "LOCUST -f visit.py");
    let done = both.run(&["run", "gate.toml", "--", "./load.sh"]);
    done.code(2).no_reports().says("names a locustfile of its own");
    let flags = ["run", "gate.toml", "--locust-cmd", "locust", "--", "./load.sh"];
    both.run(&flags).code(2).says("leave out `--locust-cmd`");
    both.run(&["run", "gate.toml", "--", "./absent.sh"]).code(2).says("is not on the PATH");
}

/// A container as far as Locust can tell: of the variables it has those that are named.
const DOCKER: &str = "
shift
while [ \"$1\" != locustio/locust ]; do
  case $1 in
    -e) named=\"$named $2=$(printenv $2)\"; shift 2 ;;
    --network | --user | -v | -w) shift 2 ;;
    *) shift ;;
  esac
done
shift
exec env -i PATH=\"$PATH\" $named LOCUST \"$@\"";

#[test]
fn a_locust_in_a_container_needs_what_the_readme_shows_it() {
    let (server, load) = (server(), "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"5s\"");
    let gate = wrapper(load, DOCKER);
    std::fs::rename(gate.path("load.sh"), gate.path("docker")).expect("a file of ours");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", gate.path("").display());
    let gate = gate.set("PATH", &path);
    let readme = crate::pipes::text("README.md");
    let (_, line) = readme.split_once("loadgate run gate.toml -- docker ").expect("it is there");
    let (line, _) = line.split_once(" -f locustfile.py`").expect("it ends so");
    let line = format!("docker {line} -f visit.py").replace('"', "");
    let url = server.url("");
    let mut words = vec!["run", "gate.toml", "-v", "--target", &url, "--"];
    words.extend(line.split_whitespace());
    let done = {
        let _turn = turn();
        gate.run(&words)
    };
    done.code(0).reports();
    assert_eq!((sent(&run_of(&done)), server.hits("/page")), (100, 100));
}

#[test]
fn a_locust_without_the_plugin_beside_others_is_not_judged() {
    let load = "users = 4\nspawn_rate = \"9/s\"\nrun_time = \"6s\"\nexpect_workers = 1";
    let port = super::many::port();
    // A worker that brings its own locustfile takes nothing from the master.
    let script = format!(
        "env -u PYTHONPATH LOCUST -f $1 --worker --master-port {port} &\n\
         LOCUST -f $1 --master --master-bind-host 127.0.0.1 --master-bind-port {port} \
         --expect-workers-max-wait 40\nwait"
    );
    let done = run(&wrapper(load, &script), &server());
    done.code(3).says("1 of 1 workers told nothing of their requests");
}

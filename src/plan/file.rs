//! The gate file exactly as it is written: each table with its keys, its reader and its schema.

use super::accept::AcceptAsk;
use super::auth::AuthAsk;
use super::compare::Compare;
use super::engine::Engine;
use super::export::ExportAsk;
use super::gauge::ProbeAsk;
use super::reader::{Text, table};
use super::request::request_table;
use super::sla::Sla;
pub(super) use super::stage::Stage;
use super::story::Scenario;
use super::value::{
    Dict, Flag, Int, Lasting, MOST_HOPS, MOST_USERS, Many, One, OneOrMany, Pace, Time,
};
use super::{Arrivals, Http};

table! {
    /// A gate file of loadgate: whom to ask, how much, what, and what is expected.
    File as "`[target]`, `[load]`, `[[request]]` and `[sla]`" {
        /// Whom to ask, and how to reach them.
        target: Target,
        /// How much load, for how long: an open model (`rate`), a closed one (`users`), or stages.
        load: Load,
        /// What to ask. Each request is an endpoint of its own in every report.
        request: Many<Request>,
        /// What kinds of users there are. Each does its steps one after the other.
        scenario: Many<Scenario>,
        /// What is expected: of the whole run, or of endpoints in tables of their own.
        sla: Sla,
        /// How much worse than an earlier version it may be, and how the two are compared.
        regression: Compare,
        /// Regressions that are known, and let pass until a day.
        accept: Many<AcceptAsk>,
        /// What the service, or the machine it is on, is asked while the load is under way, by
        /// name; judged by `probe` in `[sla]`.
        probe: Dict<ProbeAsk>,
        /// Where the numbers go while the run is under way, beside the reports.
        export: ExportAsk,
    }
}

table! {
    /// Whom to ask, and how to reach them.
    Target as "`[target]`" {
        /// The service's address, `http://` or `https://`, without query and credentials.
        url: super::address::Url,
        /// Headers of every request.
        headers: Dict<Text>,
        /// Other addresses that redirects may lead to, each with a scheme, a host and a
        /// port alone.
        also: OneOrMany<Text>,
        /// Redirects that are followed, at most, to `url` and `also` alone. One more fails, and so
        /// does one that leads elsewhere. Default: none is followed.
        follow: Int<0, MOST_HOPS>,
        /// What every request proves its sender by, unless it has a header `authorization`.
        auth: AuthAsk,
        /// The deadline of one request, all of it. Default: 10s.
        timeout: Lasting,
        /// What to wait for before the load: the service has just been deployed.
        ready: Ready,
        /// How to trust the service, and how to be trusted by it.
        tls: Tls,
        /// Which HTTP to speak: 1.1 (default), 2 (default with gRPC), or what the server prefers.
        http: One<Http>,
    }
}

table! {
    /// What to wait for before the load.
    Ready as "`ready = { get = \"/health\" }`" {
        /// The path that answers 2xx once the service is up; behind the path of `url`.
        get (required): Text,
        /// How long to wait for that. Default: 60s.
        within: Lasting,
    }
}

table! {
    /// How to trust the service, and how to be trusted by it.
    Tls as "`tls = { ca = \"ca.pem\" }`" {
        /// A PEM file with the only roots to trust.
        ca: Text,
        /// A PEM file with our certificate chain (mutual TLS), together with `key`.
        cert: Text,
        /// A PEM file with our private key, together with `cert`.
        key: Text,
        /// Certificates are not checked; every report says so.
        insecure: Flag,
    }
}

table! {
    /// How much load, for how long.
    Load as "`[load]`" {
        /// Who puts the load on: loadgate (default), or Locust by a locustfile as it is.
        engine: One<Engine>,
        /// Open model: arrivals per second, whatever the service does.
        rate: Pace,
        /// Closed model: virtual users, each of which waits for its answer before it asks again.
        users: Int<1, MOST_USERS>,
        /// How long the load lasts, ramp and warm-up included.
        duration: Lasting,
        /// The load grows from zero, linearly, for so long. Part of the duration.
        ramp: Time,
        /// Closed model, instead of a ramp: so many users begin in a second.
        spawn_rate: Pace,
        /// The load falls to zero, linearly, for so long at its end. Part of the duration.
        ramp_down: Time,
        /// From the start of the load: sent, never judged. Part of the duration.
        warm_up: Time,
        /// Open model: at even distances (default) or as a Poisson process.
        arrivals: One<Arrivals>,
        /// Open model: requests waiting or being answered at once; more are dropped and counted.
        /// Users who think are not among them.
        max_in_flight: Int<1, MOST_USERS>,
        /// Open model: connections at once. A user of a scenario keeps one from its first request
        /// to its last, so this bounds the users on their way; those beyond wait, and that counts.
        connections: Int<1, MOST_USERS>,
        /// Load threads. Default: one for each core but one.
        threads: Int<1, 1024>,
        /// HTTP/2: concurrent streams on one connection. Default: 100.
        streams: Int<1, 100_000>,
        /// The seed of every draw; without one it is drawn anew and printed.
        seed: Int<0, { i64::MAX as u64 }>,
        /// The run ends early once every connection failed for so long. Default: 30s.
        abort_after: Lasting,
        /// Instead of a rate or users, a duration and a ramp: the load piece by piece.
        stage: Many<Stage>,
        /// Locust: the locustfile, or several, beside the gate file. Default: the one that Locust
        /// finds.
        locustfile: OneOrMany<Text>,
        /// Locust: whatever else it is told, in its own words: `["--processes", "4"]`.
        args: OneOrMany<Text>,
        /// Locust: how long the run lasts, in whole seconds.
        run_time: Lasting,
        /// Locust: workers that are waited for, and must be there to the end.
        expect_workers: Int<1, 10_000>,
        /// Locust: exceptions of the locustfile that are let pass. Default: 0.
        max_script_exceptions: Int<0, 1_000_000_000>,
        /// Locust: how long nothing may be answered while requests wait. Default: 5s, or ten times
        /// the 99th percentile where that is longer.
        stall_timeout: Lasting,
        /// Locust: variables of the environment that reach it beside `LOCUST_*` and what Python
        /// needs; "SHOP_*" is all that begin so.
        env: OneOrMany<Text>,
    }
}

request_table! {
    /// One kind of request.
    Request as "`[[request]]` with `get = \"/path\"`" {
        /// How often it is sent in relation to the others. Default: 1.
        weight: Int<1, MOST_USERS>,
        /// Words by which it is chosen or left out.
        tags: OneOrMany<Text>,
        /// What it proves its sender by, instead of what the target says; false: nothing.
        auth: AuthAsk,
        /// Redirects that are followed, at most; instead of what the target says. One that
        /// `expect.status` names is not.
        follow: Int<0, MOST_HOPS>,
    }
}

use std::collections::BTreeSet;
use std::sync::Arc;

use loadgate::script::extract::{Extract, Parts, Pattern, Source};
use loadgate::script::feeder::{Feeder, OnEnd, Pick, Shard};
use loadgate::script::json::{LazyJson, Query};
use loadgate::script::read;
use loadgate::script::state::State;
use loadgate::script::table::{Row, Table};
use loadgate::script::template::{OUTPUT_LIMIT, Place, Template};
use loadgate::script::{Json, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{numbers, render};

const PLACES: [Place; 4] = [Place::Body, Place::JsonString, Place::Url, Place::Header];

fn any_place() -> impl Strategy<Value = Place> {
    (0..PLACES.len()).prop_map(|index| PLACES[index])
}

/// Pieces of templates, so that many of the texts made of them are good ones.
fn any_source() -> impl Strategy<Value = String> {
    let fragments = prop_oneof![
        "[a-c{}% #\"\\\\\n-]{0,6}",
        "\\PC{0,6}",
        Just("{{ a }}".to_owned()),
        Just("{{ row.a }}".to_owned()),
        Just("{{b.c}}".to_owned()),
        Just("{{ user }}{{ iteration }}".to_owned()),
        Just("{{ a | upper }}".to_owned()),
        Just("{{ json(b) }}{{ urlencode(a) }}".to_owned()),
        Just("{{ choice(a, 'x') ~ int(0, user) ~ uuid() }}".to_owned()),
        Just("{% for x in b %}{{ x }}{% endfor %}".to_owned()),
        Just("{% if a %}{% else %}".to_owned()),
        Just("{% endif %}".to_owned()),
        Just("{% set a = [a, b] * 3 %}".to_owned()),
        Just("{{ a * 9999 }}".to_owned()),
        Just("{%- raw -%}".to_owned()),
        Just("{%- endraw -%}".to_owned()),
        Just("{{ a[1:] if b is mapping else '%5000d' | format(user) }}".to_owned()),
        Just("{{ now(a) }}".to_owned()),
    ];
    vec(fragments, 0..8).prop_map(|fragments| fragments.concat())
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,30}".prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Into::into),
            vec(("[a-c]", inner), 0..3)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A user that knows `a`, `b` and `row.a`, or not.
fn any_state() -> impl Strategy<Value = State> {
    let known = || proptest::option::of(any_json());
    let cell = proptest::option::of("[ -~ü]{1,9}");
    (any::<u64>(), any::<u64>(), known(), known(), cell).prop_map(|(seed, user, a, b, cell)| {
        let mut state = State::new(seed, user);
        state.set_now(std::time::Duration::from_millis(seed));
        for (name, json) in [("a", a), ("b", b)] {
            if let Some(json) = json {
                state.keep(&name.into(), Value::from(Json(json)));
            }
        }
        if let Some(cell) = cell {
            let table = Arc::new(csv_of(&[vec!["a".to_owned()], vec![cell]]));
            state.keep_row(&"row".into(), Row::of(&table, 0).expect("there is one"));
        }
        state
    })
}

fn csv_of(rows: &[Vec<String>]) -> Table {
    let mut writer =
        csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(vec![]);
    for row in rows {
        writer.write_record(row).expect("memory does not fail");
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    read::csv(&bytes[..]).expect("it is CSV")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_and_no_state_make_a_template_panic_or_run_away(
        source in any_source(), place in any_place(), state in any_state(),
    ) {
        let room = source.len() + OUTPUT_LIMIT;
        match Template::parse_for(place, &source) {
            Ok(template) => {
                let text = render(&template, &state).unwrap_or_default();
                prop_assert!(text.len() <= room);
                if let Some(text) = template.as_static() {
                    prop_assert_eq!(text, source);
                }
            }
            Err(bad) => {
                prop_assert!(bad.at <= source.len());
                prop_assert!(!bad.why.is_empty() && !bad.hint.is_empty());
            }
        }
    }

    #[test]
    fn the_fast_way_puts_out_what_the_engine_does(
        texts in vec("[^{%]{0,5}", 4),
        tags in vec("\\{\\{ ?(a|b|b\\.c|row|row\\.a|row\\.b|user) ?\\}\\}", 3),
        place in any_place(), state in any_state(),
    ) {
        let pairs = texts.iter().zip(tags.iter().map(String::as_str).chain([""]));
        let source: String = pairs.flat_map(|(text, tag)| [text.as_str(), tag]).collect();
        let fast = Template::parse_for(place, &source).expect("names are good");
        let engine = Template::parse_compiled(place, &source).expect("names are good");
        prop_assert_eq!(fast.paths(), engine.paths());
        prop_assert_eq!(render(&fast, &state), render(&engine, &state));
    }

    #[test]
    fn a_text_of_names_puts_out_no_more_than_it_is_given(
        text in "[^{%]{0,9}", value in "\\PC{0,99}", times in 0_usize..4,
    ) {
        let source = format!("{text}{}", "{{ a }}".repeat(times));
        let mut state = State::new(1, 1);
        state.keep_text(&"a".into(), &value);
        let template = Template::parse(&source).expect("names are good");
        let out = render(&template, &state).expect("it has a value");
        prop_assert_eq!(out.len(), text.len() + times * value.len());
    }

    #[test]
    fn a_failure_never_quotes_the_state(source in any_source(), place in any_place()) {
        let mut state = State::new(1, 1);
        state.keep_text(&"a".into(), "s3cret\n");
        state.keep(&"b".into(), Value::from(Json(serde_json::json!({"c": "s3cret\n"}))));
        if let Ok(template) = Template::parse_for(place, &source)
            && let Err(why) = render(&template, &state)
        {
            prop_assert!(!why.contains("s3cret"), "{}", why);
        }
    }

    #[test]
    fn a_value_never_leaves_its_place(value in any::<String>()) {
        let mut state = State::new(1, 1);
        state.keep_text(&"a".into(), &value);
        let json = Template::parse_json(&serde_json::json!({ "k": ["x{{ a }}y", 1] }));
        let out = render(&json.expect("names are good"), &state).expect("it has a value");
        let read: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
        prop_assert_eq!(read, serde_json::json!({ "k": [format!("x{value}y"), 1] }));
        let fields = [("a b", "{{ a }}"), ("c", "1")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let form = Template::parse_form(&fields).expect("names are good");
        let out = render(&form, &state).expect("it has a value");
        prop_assert_eq!(out.matches(['&', '=']).count(), 3, "{}", out);
        let url = Template::parse_for(Place::Url, "/{{ a }}?q={{ a }}").expect("names are good");
        let out = render(&url, &state).expect("it has a value");
        prop_assert!(out.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{}", out);
        let header = Template::parse_for(Place::Header, "{{ a }}").expect("names are good");
        let breaks = |text: &str| text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
        match render(&header, &state) {
            Ok(out) => prop_assert!(!breaks(&out)),
            Err(_) => prop_assert!(breaks(&value)),
        }
    }

    #[test]
    fn a_json_body_is_json(text in any_source(), state in any_state()) {
        let body = serde_json::json!({ "k": text, "{{ user }}": [1, "{{ a }}\""] });
        if let Ok(template) = Template::parse_json(&body)
            && let Ok(out) = render(&template, &state)
        {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{}", out);
        }
    }

    #[test]
    fn cells_survive_csv(rows in vec(vec(any::<String>(), 3), 1..9)) {
        let header: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        let table = Arc::new(csv_of(&[std::slice::from_ref(&header), &rows[..]].concat()));
        prop_assert_eq!(table.rows(), rows.len());
        for (index, cells) in rows.iter().enumerate() {
            let row = Row::of(&table, index).expect("it was written");
            for (name, cell) in header.iter().zip(cells) {
                prop_assert_eq!(row.cell(name), Some(cell.as_str()));
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in vec(any::<u8>(), 0..64), text in "[a\",\n{}:\\[\\]1]{0,40}",
    ) {
        for input in [&bytes[..], text.as_bytes()] {
            for table in [read::csv(input), read::json_lines(input)].into_iter().flatten() {
                prop_assert!(table.rows() > 0);
            }
        }
    }

    #[test]
    fn every_row_is_picked_once_whatever_the_shards(rows in 1_usize..40, shards in 1_u32..6) {
        let table = Arc::new(numbers(rows));
        let mut picked = Vec::new();
        for index in 0..shards {
            let shard = Shard::new(index, shards).expect("it is below");
            let feeder = Feeder::new("row", Arc::clone(&table), Pick::Once, shard, 1);
            let mine = (0..).map_while(|turn| feeder.pick(0, turn).ok());
            let mine: Vec<usize> = mine.map(|row| row.index()).collect();
            let owned = mine.iter().all(|row| row % shards as usize == index as usize);
            prop_assert!(owned, "{:?}", mine);
            picked.extend(mine);
        }
        prop_assert_eq!(picked.len(), rows);
        prop_assert_eq!(picked.into_iter().collect::<BTreeSet<_>>(), (0..rows).collect());
    }

    #[test]
    fn next_picks_no_row_twice_more_than_another(
        rows in 1_usize..20, shards in 1_u32..5, each in 0_u64..50,
    ) {
        let table = Arc::new(numbers(rows));
        let mut counts = vec![0_u64; rows];
        for index in 0..shards {
            let shard = Shard::new(index, shards).expect("it is below");
            let pick = Pick::Next(OnEnd::Wrap);
            let feeder = Feeder::new("row", Arc::clone(&table), pick, shard, 1);
            for turn in 0..each {
                counts[feeder.pick(0, turn).expect("it wraps").index()] += 1;
            }
        }
        let (least, most) = (counts.iter().min(), counts.iter().max());
        prop_assert!(most.copied() <= least.map(|least| least + 1), "{:?}", counts);
    }

    #[test]
    fn a_node_read_out_of_the_text_is_that_of_the_whole_value(
        mut json in any_json(), names in vec("(\\.[a-c]|\\[[0-2]\\]|\\['[a-c]'\\]|\\[-1\\])", 0..4),
        repeated in any::<bool>(), space in "[ \n]?",
    ) {
        // Wrapped along the path, so that many paths lead somewhere.
        for name in names.iter().rev() {
            let inner = json.take();
            json = match name.trim_matches(['.', '[', ']', '\'']) {
                "-1" | "0" => serde_json::json!([inner]),
                "1" | "2" => serde_json::json!([null, inner, {"a": 1}]),
                name => serde_json::json!({ name: inner, "z": [] }),
            };
        }
        let mut text = format!("{space}{json}{space}");
        if repeated {
            text = text.replace("\"z\":[]", "\"a\":1,\"z\":[]");
        }
        let path = serde_json_path::JsonPath::parse(&format!("${}", names.concat()));
        let query = Query::from(path.expect("it is a path"));
        let (seeking, whole) = (LazyJson::new(text.as_bytes()), LazyJson::new(text.as_bytes()));
        prop_assert!(whole.value().is_ok());
        prop_assert_eq!(seeking.first(&query), whole.first(&query));
    }

    #[test]
    fn extraction_survives_any_body(
        body in vec(any::<u8>(), 0..64), header in vec(any::<u8>(), 0..32),
    ) {
        let path = serde_json_path::JsonPath::parse("$..a").expect("it is a path");
        let pattern = Pattern::parse("a(.*)b", None).expect("it is a pattern");
        let sources = [
            Source::Json(path.into()), Source::Regex(pattern), Source::Header("set-cookie".into()),
            Source::Cookie("a".into()), Source::Status, Source::Body,
        ];
        let json = LazyJson::new(&body);
        let headers = [("set-cookie", header.as_slice())].into_iter();
        for from in sources {
            let parts = Parts { status: 200, headers: headers.clone(), body: &body, json: &json };
            let extract = Extract { into: "x".into(), from, default: Some("d".into()) };
            prop_assert!(extract.take(&parts).is_ok());
        }
    }
}

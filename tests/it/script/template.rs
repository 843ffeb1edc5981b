use loadgate::script::template::{BadTemplate, Place, Template};

use super::{render, state};

/// Compares what templates put out for the user of `state()`.
fn check(place: Place, cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let template = Template::parse_for(place, source).expect(source);
        assert_eq!(render(&template, &state()).as_deref(), Ok(*expected), "{source}");
    }
}

/// Compares why templates put out nothing for the user of `state()`.
fn check_failing(place: Place, cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let template = Template::parse_for(place, source).expect(source);
        assert_eq!(render(&template, &state()), Err((*expected).to_owned()), "{source}");
    }
}

#[test]
fn a_text_without_a_tag_is_static() {
    for text in ["", "/health", "{ }", "{#x#}", "a }} b %}", "{\"a\":{\"b\":1}}\n", "100 %"] {
        let template = Template::parse(text).expect(text);
        assert_eq!(template.as_static(), Some(text));
        assert_eq!(render(&template, &state()), Ok(text.to_owned()));
    }
    assert_eq!(Template::parse("{{ id }}").expect("it is a name").as_static(), None);
}

#[test]
fn names_and_attributes_stand_for_what_the_user_knows() {
    check(
        Place::Body,
        &[
            ("/p/{{ id }}", "/p/a/b c"),
            ("{{id}}{{  id  }}\n", "a/b ca/b c\n"),
            ("{{ user }}.{{ iteration }}", "3.12"),
            ("{{ row.email }} {{ row . name }}", "ann@example.org Ann, \"A\""),
            ("{{ line.sku }} {{ line.n }} {{ line.of }}", "y-2 4 {\"a\":null}"),
            ("{{ item.sku }} {{ item.tags }}", "x-1 [\"new\",\"<b>\"]"),
            ("{{ price }} {{ flag }} {{ nothing }}", "2.5 true null"),
            ("{{ row }}", "{\"email\":\"ann@example.org\",\"name\":\"Ann, \\\"A\\\"\"}"),
        ],
    );
}

#[test]
fn expressions_and_blocks_are_those_of_jinja_and_are_not_made_html() {
    check(
        Place::Body,
        &[
            ("{{ item.tags[1] }}", "<b>"),
            ("{{ id | upper }}", "A/B C"),
            ("{{ item['sku'] ~ '-' ~ (item.n + 1) }}", "x-1-10"),
            ("{% for tag in item.tags %}{{ loop.index }}{{ tag }};{% endfor %}", "1new;2<b>;"),
            ("{% if user == 3 %}three{% else %}other{% endif %}", "three"),
            ("{% set n = item.n * 2 %}{{ n }}", "18"),
            ("{{ missing | default('none') }}", "none"),
            ("{{ missing is defined }}", "false"),
            ("{% raw %}{{ id }}{% endraw %}", "{{ id }}"),
            ("a {{- ' b ' -}} c", "a b c"),
            ("{{ id }}{# a body #}", "a/b c{# a body #}"),
        ],
    );
}

#[test]
fn functions_have_the_values_of_their_standards() {
    check(
        Place::Body,
        &[
            ("{{ now() }}", "2026-03-04T05:06:07Z"),
            ("{{ now('unix') }} {{ now('unix_ms') }}", "1772600767 1772600767089"),
            ("{{ now('%Y-%m-%d %H:%M') }}", "2026-03-04 05:06"),
            ("{{ base64('user:pass') }}", "dXNlcjpwYXNz"),
            ("{{ 'user:pass' | base64 }}", "dXNlcjpwYXNz"),
            (
                "{{ sha256('abc') }}",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            // RFC 4231, test case 2.
            (
                "{{ hmac_sha256('Jefe', 'what do ya want for nothing?') }}",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            ("{{ urlencode('a b/c&ü~') }}", "a%20b%2Fc%26%C3%BC~"),
            ("{{ json(quoted) }}", "\"say \\\"hi\\\"\\\\\\n\""),
            ("{{ item | json }}", "{\"n\":9,\"sku\":\"x-1\",\"tags\":[\"new\",\"<b>\"]}"),
            ("{{ int(5, 5) }} {{ int('6', 6) }}", "5 6"),
            ("{{ choice('a') }}{{ choice([7]) }}", "a7"),
        ],
    );
}

#[test]
fn drawn_values_are_in_range_and_equal_for_equal_seed() {
    let source = "{{ uuid() }} {{ int(1, 6) }} {{ choice('a', 'b', 'c') }}";
    let template = Template::parse(source).expect(source);
    let (one, other) = (state(), state());
    let mut faces = [0_usize; 7];
    for _ in 0..600 {
        let text = render(&template, &one).expect("it needs nothing");
        assert_eq!(Ok(&text), render(&template, &other).as_ref());
        let words: Vec<&str> = text.split(' ').collect();
        let shape: Vec<usize> = words[0].split('-').map(str::len).collect();
        assert_eq!(shape, [8, 4, 4, 4, 12]);
        assert_eq!(&words[0][14..15], "4", "the version of a UUID");
        assert!("89ab".contains(&words[0][19..20]), "the variant of a UUID: {text}");
        faces[words[1].parse::<usize>().expect("a number")] += 1;
        assert!("abc".contains(words[2]));
    }
    // 600 throws of a die: 100 each, standard deviation 9.
    assert!(faces[1..].iter().all(|face| (55..=145).contains(face)), "{faces:?}");
    let extremes = "{{ int(-9223372036854775808, 9223372036854775807) }}";
    let template = Template::parse(extremes).expect(extremes);
    assert!(render(&template, &one).expect("any number").parse::<i64>().is_ok());
}

#[test]
fn a_value_cannot_break_out_of_its_place() {
    check(
        Place::JsonString,
        &[
            ("{\"a\":\"{{ quoted }}\"}", "{\"a\":\"say \\\"hi\\\"\\\\\\n\"}"),
            ("\"{{ item.tags }}\"", "\"[\\\"new\\\",\\\"<b>\\\"]\""),
            ("\"{{ quoted | upper }}\"", "\"SAY \\\"HI\\\"\\\\\\n\""),
        ],
    );
    check(
        Place::Url,
        &[
            ("/p/{{ id }}?q={{ quoted }}", "/p/a/b%20c?q=say%20%22hi%22%5C%0A"),
            ("/p?q={{ urlencode(id) }}", "/p?q=a%2Fb%20c"),
            ("/p/{{ 'ü#' }}", "/p/%C3%BC%23"),
        ],
    );
    check(Place::Header, &[("Bearer {{ id }}", "Bearer a/b c")]);
    let why = "it holds a line break or another control character, which a header cannot carry";
    check_failing(
        Place::Header,
        &[
            ("x {{ quoted }}", &format!("`quoted`: {why}")),
            ("x {{ quoted | upper }}", &format!("`quoted | upper`: {why}")),
        ],
    );
}

#[test]
fn a_json_body_stays_json_whatever_the_values_are() {
    let body = serde_json::json!({
        "user": "{{ row.email }}", "n": 1, "list": ["{{ quoted }}", null, "{#\"#}"],
        "{{ id }}": {"at": "{{ now(\"unix\") }} \"o'clock\""}, "raw": "{% raw %}{{\"{% endraw %}",
    });
    let template = Template::parse_json(&body).expect("its texts are templates");
    let rendered = render(&template, &state()).expect("all names have values");
    let got: serde_json::Value = serde_json::from_str(&rendered).expect("it is JSON");
    let expected = serde_json::json!({
        "user": "ann@example.org", "n": 1, "list": ["say \"hi\"\\\n", null, "{#\"#}"],
        "a/b c": {"at": "1772600767 \"o'clock\""}, "raw": "{{\"",
    });
    assert_eq!(got, expected);
    let plain = Template::parse_json(&serde_json::json!({"a": [1, "b"]})).expect("it is plain");
    assert_eq!(plain.as_static(), Some("{\"a\":[1,\"b\"]}"));
}

#[test]
fn what_fails_at_render_time_names_the_expression_and_no_value() {
    check_failing(
        Place::Body,
        &[
            ("{{ missing }}", "`missing` has no value"),
            ("{{ row.emial }}", "`row.emial` has no value"),
            ("{{ missing.a.b }}", "`missing` has no value"),
            ("{{ item.tags.x }}", "`item.tags.x` has no value"),
            ("{{ item.x.y }}", "`item.x` has no value"),
            ("{{ user.x }}", "`user.x` has no value"),
            ("{{ missing | upper }}", "`missing` has no value"),
            ("{{ 'a' ~ row.emial }}", "`row.emial` has no value"),
            ("{{ id + 1 }}", "`id + 1`: invalid operation"),
            ("{{ int(1, id) }}", "`int(1, id)`: it takes two whole numbers"),
            ("{{ item.n % (item.n - 9) }}", "`item.n % (item.n - 9)`: invalid operation"),
            (
                "{% for a in range(99999) %}{{ id }}{% endfor %}",
                "the template takes too many steps",
            ),
            ("{% set a = id * 99999999 %}", "the template takes too many steps"),
            ("{{ id * 220000 }}", "the text is longer than 1 MiB"),
        ],
    );
}

#[test]
fn bad_templates_are_told_with_place_and_advice() {
    let close = "close every `{{` with `}}` and every `{%` with `%}`";
    let raw = "write `{% raw %}…{% endraw %}` around braces that are meant as text";
    let blocks = "end every `{% if %}` with `{% endif %}`, every `{% for %}` with `{% endfor %}`";
    let between = "write a name or an expression between `{{` and `}}`";
    let statements = "the statements are `if`, `for`, `set`, `with`, `filter` and `raw`";
    let functions = "functions are base64, choice, dict, hmac_sha256, int, json, now, range, \
                     sha256, urlencode, uuid";
    let tests = "tests are `defined`, `none`, `string`, `number`, `in`, …";
    let call = "write `uuid(…)`, or choose another name";
    let formats = "`now('iso')`: it knows \"unix\", \"unix_ms\" and formats such as \"%Y-%m-%d\"";
    let fails = "it fails for every user; mend the expression";
    let cases: &[(&str, usize, &str, &str)] = &[
        ("ab {{ id", 6, "unexpected end of input, expected end of variable block", close),
        ("{{ }}", 3, "unexpected end of variable block", between),
        ("{{ id ]] }}", 6, "unexpected `]`, expected end of variable block", raw),
        ("{% if id %}", 9, "unexpected end of input, expected end of block", blocks),
        ("{% macro a() %}{% endmacro %}", 3, "unknown statement macro", statements),
        ("{% include 'a' %}", 3, "unknown statement include", statements),
        ("a {{ uuid }}", 5, "`uuid` is a function and is not called", call),
        ("{{ uid() }}", 3, "unknown function `uid`", "did you mean `uuid`?"),
        ("{{ debug() }}", 3, "unknown function `debug`", functions),
        ("{{ id | uper }}", 8, "unknown filter `uper`", "did you mean `upper`?"),
        ("{{ id is numbr }}", 9, "unknown test `numbr`", tests),
        ("{{ int(5, 1) }}", 3, "`int(5, 1)`: the first number is above the second", fails),
        ("{{ int(5) }}", 3, "`int(5)`: missing argument", fails),
        ("{{ choice() }}", 3, "`choice()`: there is nothing to choose from", fails),
        ("{{ now('iso') }}", 3, formats, fails),
    ];
    for (source, at, why, hint) in cases {
        let bad = Template::parse(source).expect_err(source);
        let (why, hint) = ((*why).to_owned(), (*hint).to_owned());
        assert_eq!(bad, BadTemplate { why, at: *at, hint }, "{source}");
    }
}

#[test]
fn every_name_that_is_suggested_is_known() {
    for (wrong, shape) in
        [("{{ id | zzzzzzzzzz }}", "{{ id | NAME }}"), ("{{ zzzzzzzzzz() }}", "{{ NAME(id) }}")]
    {
        let hint = Template::parse(wrong).expect_err(wrong).hint;
        let (_, names) = hint.split_once(" are ").expect("it names them all");
        for name in names.split(", ") {
            let source = shape.replace("NAME", name);
            assert!(Template::parse(&source).is_ok(), "{source}");
        }
    }
}

#[test]
fn the_names_a_template_needs_are_known_before_anything_is_sent() {
    let cases: &[(&str, &[&str])] = &[
        ("/static", &[]),
        ("{{ id }}/{{ row.email }}", &["id", "row.email"]),
        ("{{ user }}{{ iteration }}{{ uuid() }}{{ int(1, max) }}", &["max"]),
        ("{% for a in list %}{{ a }}{{ row.x | default(y) }}{% endfor %}", &["list", "row.x", "y"]),
        ("{% set a = b %}{{ a }}", &["b"]),
    ];
    for (source, expected) in cases {
        let template = Template::parse(source).expect(source);
        assert_eq!(template.paths().into_iter().collect::<Vec<_>>(), *expected, "{source}");
        let roots: Vec<&str> = expected.iter().filter_map(|path| path.split('.').next()).collect();
        assert_eq!(template.variables().into_iter().collect::<Vec<_>>(), roots, "{source}");
    }
}

#[test]
fn a_template_that_would_exhaust_the_stack_is_refused_or_survives() {
    let long = |unit: &str, times: usize| format!("{{{{ id{} }}}}", unit.repeat(times));
    let sources = [
        long(" ~ id", 20_000),
        long(" | upper", 20_000),
        long(".a", 20_000),
        long(" if id else id", 20_000),
        long(" ~ id", 990),
        long(" | upper", 990),
        long(" if id else id", 400),
        long("[0]", 600),
        format!("{{{{ {}id }}}}", "-".repeat(1_900)),
        format!("{{{{ {}id }}}}", "not ".repeat(20_000)),
        format!("{{{{ {}id{} }}}}", "[".repeat(20_000), "]".repeat(20_000)),
        "{% set a = [a] %}".repeat(20_000),
        "{% if id %}".repeat(20_000),
        format!("{}{}", "{% if id %}".repeat(140), "{% endif %}".repeat(140)),
        format!("{}{}", "{% for a in [a] %}".repeat(60), "{% endfor %}".repeat(60)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(20_000)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(190)),
        "{{ id }}".repeat(20_000) + "{{ id | upper }}",
        "{% set a = [a, a] %}".repeat(150) + "{{ a }}",
        "{% set a = a ~ a %}".repeat(150) + "{{ a }}",
    ];
    let state = state();
    for source in sources {
        let ways = [Template::parse(&source), Template::parse_compiled(Place::Body, &source)];
        for template in ways.into_iter().flatten() {
            // What it says does not matter; that it says something does.
            let _: Result<String, String> = render(&template, &state);
        }
    }
}

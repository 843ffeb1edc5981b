//! API descriptions: parameters, bodies, statuses, servers, security.

use loadgate::init::Source;

use super::{ASK, WRITES, draft, requests, why};

fn check(paths: &str, expected: &str) {
    let text = format!(
        r##"{{"openapi":"3.1.0","info":{{"title":"t"}},"paths":{paths},"components":{{
            "parameters":{{"id":{{"name":"id","in":"path","required":true,
                "schema":{{"type":"integer","minimum":5}}}}}},
            "securitySchemes":{{"b":{{"type":"http","scheme":"bearer"}},
                "k":{{"type":"apiKey","in":"query","name":"api_key"}}}},
            "schemas":{{
                "Pet":{{"type":"object","required":["name"],"properties":{{
                    "id":{{"type":"integer","readOnly":true}},
                    "name":{{"type":"string","example":"Rex"}},"age":{{"type":"integer"}}}}}},
                "Cat":{{"allOf":[{{"$ref":"#/components/schemas/Pet"}},
                    {{"type":"object","required":["claws"],
                        "properties":{{"claws":{{"type":"boolean"}}}}}}]}},
                "Node":{{"type":"object","required":["value"],"properties":{{
                    "value":{{"type":"number","exclusiveMinimum":0}},
                    "next":{{"$ref":"#/components/schemas/Node"}}}}}},
                "Loop":{{"type":"object","required":["next"],"properties":{{
                    "next":{{"$ref":"#/components/schemas/Loop"}}}}}}}}}}}}"##
    );
    assert_eq!(requests(&draft(Source::OpenApi, &text, WRITES).toml), expected);
}

fn body(schema: &str, expected: &str) {
    let paths = format!(
        r#"{{"/x":{{"post":{{"operationId":"x","requestBody":{{"content":{{"application/json":
            {{"schema":{schema}}}}}}}}}}}}}"#
    );
    check(&paths, &format!("[[request]]\nname = \"x\"\npost = \"/x\"\n{expected}"));
}

#[test]
fn parameters_are_filled_in_from_what_the_description_offers() {
    check(
        r##"{"/pets/{id}/toys/{toy}":{"parameters":[{"$ref":"#/components/parameters/id"}],"get":{
            "parameters":[
              {"name":"toy","in":"path","required":true,"example":"red ball/1"},
              {"name":"sort","in":"query","required":true,"schema":{"enum":["up","down"]}},
              {"name":"tag","in":"query","required":true,
                "schema":{"type":"array","default":["a","b"]}},
              {"name":"page","in":"query","schema":{"type":"integer"}},
              {"name":"X-Tenant","in":"header","required":true,
                "schema":{"type":"string","format":"uuid"}},
              {"name":"access_token","in":"query","required":true,"example":"abc"}],
            "responses":{"200":{},"206":{},"404":{}}}}}"##,
        r#"[[request]]
name = "GET /pets/:id/toys/:toy"
get = "/pets/${PET_ID:-5}/toys/red%20ball%2F1?sort=up&tag=a&tag=b&access_token=${ACCESS_TOKEN}"
headers = { x-tenant = "${X_TENANT:-00000000-0000-4000-8000-000000000000}" }
expect = { status = [200, 206] }"#,
    );
}

#[test]
fn security_becomes_headers_that_take_their_secret_from_the_environment() {
    check(
        r#"{"/a":{"get":{"security":[{"b":[]}],"responses":{"2XX":{}}}},
            "/b":{"get":{"security":[{"k":[]}],"responses":{"default":{}}}},
            "/c":{"get":{"security":[{"b":[]},{}],"deprecated":true,"responses":{"302":{}}}}}"#,
        r#"[[request]]
name = "GET /a"
get = "/a"
headers = { authorization = "Bearer ${API_TOKEN}" }
expect = { status = "2xx" }

[[request]]
name = "GET /b"
get = "/b?api_key=${API_KEY}"

# deprecated
[[request]]
name = "GET /c"
get = "/c"
expect = { status = 302 }"#,
    );
}

#[test]
fn bodies_fit_their_schemas() {
    body(r##"{"$ref":"#/components/schemas/Cat"}"##, r#"json = { name = "Rex", claws = true }"#);
    body(
        r##"{"oneOf":[{"type":"null"},{"$ref":"#/components/schemas/Pet"}]}"##,
        r#"json = { name = "Rex" }"#,
    );
    body(r##"{"$ref":"#/components/schemas/Node"}"##, "json = { value = 1 }");
    body(
        r#"{"type":["null","array"],"minItems":2,"items":{"type":"string","format":"date"}}"#,
        r#"json = ["2024-01-15", "2024-01-15"]"#,
    );
    body(
        r#"{"properties":{"n":{"type":"integer","minimum":7,"multipleOf":5},
            "s":{"type":"string","maxLength":2}}}"#,
        r#"json = { n = 10, s = "te" }"#,
    );
    body(
        r#"{"properties":{"user":{"properties":{"password":{"type":"string"}}}}}"#,
        r#"json = { user = { password = "${PASSWORD}" } }"#,
    );
    body(
        r#"{"example":{"gone":null,"cost":"5 ${HOME} $"}}"#,
        "headers = { content-type = \"application/json\" }\n\
         body = '''\n{\n  \"gone\": null,\n  \"cost\": \"5 $${HOME} $\"\n}'''",
    );
}

#[test]
fn a_schema_that_only_contains_itself_ends() {
    let paths = r##"{"/x":{"post":{"operationId":"x","requestBody":{"content":{"application/json":
        {"schema":{"$ref":"#/components/schemas/Loop"}}}}}}}"##;
    check(
        paths,
        "# a body of application/json is asked for, and there is no example of one\n\
        [[request]]\nname = \"x\"\npost = \"/x\"",
    );
}

#[test]
fn only_operations_that_read_are_sent_unless_asked() {
    let text =
        r#"{"openapi":"3.0.0","paths":{"/a":{"get":{},"head":{},"delete":{},"options":{}}}}"#;
    let few = draft(Source::OpenApi, text, ASK);
    assert!(few.toml.contains("\n# [[request]]\n# name = \"DELETE /a\"\n"), "{}", few.toml);
    assert_eq!(
        few.notes,
        [
            "no server is named: `BASE_URL` is http://127.0.0.1:8080 where it is not set",
            "1 operation changes data and is a comment in the file; `--include-writes` sends it",
            "1 operation was left out: OPTIONS and TRACE say nothing about the service's speed",
        ]
    );
    let writes = r#"{"openapi":"3.0.0","paths":{"/a":{"post":{}}}}"#;
    assert_eq!(
        why(Source::OpenApi, writes),
        "holds nothing to send: all its operations change data; `--include-writes` sends them"
    );
}

#[test]
fn servers_become_the_target() {
    let check = |head: &str, expected: &str| {
        let text = format!(r#"{{{head},"paths":{{"/a":{{"get":{{}}}}}}}}"#);
        let toml = draft(Source::OpenApi, &text, ASK).toml;
        assert!(toml.contains(&format!("url = \"${{BASE_URL:-{expected}}}\"")), "{toml}");
    };
    let three = r#""openapi":"3.0.3","servers""#;
    check(
        &format!(
            r#"{three}:[{{"url":"https://{{r}}.x.test:8443/v1/",
            "variables":{{"r":{{"default":"eu"}}}}}}]"#
        ),
        "https://eu.x.test:8443/v1",
    );
    check(&format!(r#"{three}:[{{"url":"/v2"}}]"#), "http://127.0.0.1:8080/v2");
    check(
        &format!(r#"{three}:[{{"url":"https://x.test/}}\"${{HOME}}"}}]"#),
        "https://x.test/%7D%22%24%7BHOME%7D",
    );
    check(
        r#""swagger":"2.0","host":"x.test","basePath":"/v1","schemes":["http","https"]"#,
        "https://x.test/v1",
    );
    check(r#""swagger":"2.0","basePath":"/""#, "http://127.0.0.1:8080");
}

#[test]
fn yaml_and_json_say_the_same() {
    let json = r#"{"openapi":"3.0.3","paths":{"/b/{id}":{"get":{"responses":{"200":{}}}},
        "/a":{"get":{}}}}"#;
    let yaml = "openapi: 3.0.3\npaths:\n  /b/{id}:\n    get:\n      responses:\n        \
                200: &ok {}\n  /a:\n    get: *ok\n";
    assert_eq!(draft(Source::OpenApi, json, ASK), draft(Source::OpenApi, yaml, ASK));
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let check = |text: &str, expected: &str| assert_eq!(why(Source::OpenApi, text), expected);
    check("", "is empty");
    check(
        "{}",
        "is not an OpenAPI description: it has neither `openapi` nor `swagger` at its beginning",
    );
    check(
        r#"{"openapi":"4.0.0"}"#,
        "is not an OpenAPI description: version 4.0.0 is not one of 2.0, 3.0 and 3.1",
    );
    check(r#"{"openapi":"3.0.0"}"#, "holds nothing to send: it describes no operation");
    check("{\"a\":", "is not JSON: EOF while parsing a value at line 1 column 5");
}

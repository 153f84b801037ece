//! Paths, as tables: input, path, result.

use super::{Nowhere, Path, ReferencePath, Roots, Surroundings};
use crate::{Value, text};

fn value(json: &str) -> Value {
    text::parse_value(json).unwrap()
}

struct Known;
impl Surroundings for Known {
    fn context(&self) -> Value {
        value(r#"{"Execution":{"Name":"one"},"Map":{"Item":{"Index":3}}}"#)
    }
    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "limit" => Some(Value::from(10)),
            "list" => Some(value("[1,2,3]")),
            _ => None,
        }
    }
}

fn read(input: &str, path: &str) -> Result<String, String> {
    let input = value(input);
    let path = Path::compile(path).map_err(|error| format!("compile: {error}"))?;
    let roots = Roots { input: &input, surroundings: &Known };
    path.read(&roots).map(|value| value.to_string()).map_err(|failure| failure.reason)
}

const STORE: &str = r#"{"store":{"book":[
 {"category":"reference","author":"Nigel Rees","title":"Sayings of the Century","price":8.95},
 {"category":"fiction","author":"Evelyn Waugh","title":"Sword of Honour","price":12.99},
 {"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553-21311-3","price":8.99},
 {"category":"fiction","author":"J. R. R. Tolkien","title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],
 "bicycle":{"color":"red","price":19.95}},"expensive":10,"dash-ed":1,"with space":2,"n":[3,1,2],"t":["a","b"]}"#;

#[test]
fn reads_what_the_dialect_knows() {
    for (path, expected) in [
        ("$.expensive", "10"),
        ("$['expensive']", "10"),
        ("$.['expensive']", "10"),
        ("$.dash-ed", "1"),
        ("$['with space']", "2"),
        ("$.store.book[0].title", r#""Sayings of the Century""#),
        ("$.store.book[-1].price", "22.99"),
        ("$.store.book[*].price", "[8.95,12.99,8.99,22.99]"),
        ("$..author", r#"["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]"#),
        ("$.store..price", "[8.95,12.99,8.99,22.99,19.95]"),
        ("$..book[2].isbn", r#"["0-553-21311-3"]"#),
        ("$..book[0,1].price", "[8.95,12.99]"),
        ("$..book[:2].price", "[8.95,12.99]"),
        ("$..book[1:2].price", "[12.99]"),
        ("$..book[-2:].price", "[8.99,22.99]"),
        ("$..book[2:].price", "[8.99,22.99]"),
        ("$..book[?(@.isbn)].price", "[8.99,22.99]"),
        ("$.store.book[?(@.price < 10)].price", "[8.95,8.99]"),
        ("$..book[?(@.price <= $['expensive'])].price", "[8.95,8.99]"),
        ("$..book[?(@.price <= $limit)].price", "[8.95,8.99]"),
        ("$..book[?(@.author =~ /.*REES/i)].price", "[8.95]"),
        ("$..book[?(@.author =~ /REES/i)].price", "[]"),
        ("$.store.book[?(@.category == 'fiction' && @.price > 20)].price", "[22.99]"),
        ("$.store.book[?(@.category == 'reference' || @['price'] > 20)].price", "[8.95,22.99]"),
        ("$.store.book[?(!@.isbn)].price", "[8.95,12.99]"),
        ("$.store.book[?(@.category in ['reference','other'])].price", "[8.95]"),
        ("$.store.book[?(@.category nin ['reference','other'])].price", "[12.99,8.99,22.99]"),
        ("$.store.bicycle['color','price']", r#"{"color":"red","price":19.95}"#),
        ("$.store.bicycle['color','none']", r#"{"color":"red"}"#),
        ("$.n[?(@ > 1)]", "[3,2]"),
        ("$.n[?(@ > '1')]", "[]"),
        ("$.t[?(@ >= 'b')]", "[\"b\"]"),
        ("$.store.book[?(@.isbn == null)]", "[]"),
        ("$.store.book[?(@.price == 8.950)].price", "[8.95]"),
        ("$.t[?(@ contains 'a')]", "[\"a\"]"),
        ("$[?(@.n size 3)].expensive", "[10]"),
        ("$[?(@.n anyof [2,7])].expensive", "[10]"),
        ("$[?(@.n subsetof [1,2,3,4] && !(@.t empty true))].expensive", "[10]"),
        ("$.n.length()", "3"),
        ("$.n.min()", "1.0"),
        ("$.n.max()", "3.0"),
        ("$.n.sum()", "6.0"),
        ("$.n.avg()", "2.0"),
        ("$..price.sum()", "73.87"),
        ("$.store.bicycle.keys()", r#"["color","price"]"#),
        ("$.n.first()", "3"),
        ("$.n.last()", "2"),
        ("$.n.index(1)", "1"),
        ("$.n.append(4)", "[3,1,2,4]"),
        ("$.t.concat('c', $.t[0])", r#""abca""#),
        ("$.nothing[?(@.a)]", "[]"),
        ("$.nothing[*].a", "[]"),
        ("$.nothing", "!No results for path: $['nothing']"),
        ("$.nothing.more", "!Missing property in path $['nothing']"),
        ("$.n[7]", "!No results for path: $['n'][7]"),
        (
            "$.expensive.more",
            "!Expected to find an object with property ['more'] in path $['expensive'] but found 'java.lang.Integer'. \
             This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
        ),
        ("$.expensive[0]", "!Filter: [0] can only be applied to arrays. Current context is: 10"),
        ("$..nothing", "[]"),
        ("$.store.book[*].isbn", r#"["0-553-21311-3","0-395-19395-8"]"#),
        ("$.store.book[9:]", "[]"),
        ("$$.Execution.Name", r#""one""#),
        ("$$['Map'].Item.Index", "3"),
        ("$list", "[1,2,3]"),
        ("$list[0]", "1"),
        ("$list[1:]", "[2,3]"),
        ("$unknown", "!No results for path: $unknown"),
    ] {
        let expected =
            expected.strip_prefix('!').map_or_else(|| Ok(expected.to_owned()), |text| Err(text.to_owned()));
        assert_eq!(read(STORE, path), expected, "{path}");
    }
    assert_eq!(read("[[1,2],3]", "$[0][1]"), Ok("2".into()));
    assert_eq!(read("\"text\"", "$"), Ok("\"text\"".into()));
}

#[test]
fn refuses_what_is_no_path() {
    for text in [
        "",
        "a",
        "$.",
        "$..",
        "$.a.",
        "$[",
        "$[0",
        "$['a",
        "$['a'",
        "$[]",
        "$.a b",
        "$.a[1:2:3]",
        "$[?]",
        "$[?(@.a ==)]",
        "$[?(@.a == )]",
        "$[?(@.a =~ 'x')]",
        "$[?(@.a =~ /(/)]",
        "$.a.unknown()",
        "$[0,]",
        "$['a',]",
        "$ ",
        "$[?(1)]",
        "$a-b c",
    ] {
        let error = Path::compile(text).expect_err(text);
        assert!(error.at <= text.len(), "{text}: {error}");
    }
    let deep = format!("$[?({}@.a{})]", "(".repeat(5000), ")".repeat(4990));
    Path::compile(&deep).expect_err("too deep");
    Path::compile(&format!("$.{}", "a".repeat(super::LONGEST))).expect_err("too long");
    Path::compile(&format!("${}", "a".repeat(super::LONGEST_VARIABLE + 1))).expect_err("name too long");
}

#[test]
fn a_path_over_paths_stops_before_it_burns_the_processor() {
    let input = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let failure = read(&input, &format!("$..*{}", "..*".repeat(6))).expect_err("bounded");
    assert!(failure.contains("more than 1000000"), "{failure}");
    let pattern = read(r#"["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"]"#, r"$[?(@ =~ /(a|a|b\1)*$/)]");
    assert_eq!(pattern, Ok("[]".into()));
}

#[test]
fn says_what_aws_says() {
    let input = value(r#"{"a":1}"#);
    let roots = Roots { input: &input, surroundings: &Nowhere };
    let failure = Path::compile("$.NoSuchInputPath").unwrap().read(&roots).unwrap_err();
    assert_eq!(
        failure.invalid_path(),
        "Invalid path '$.NoSuchInputPath' : No results for path: $['NoSuchInputPath']"
    );
    let failure = Path::compile("$$.Execution.Input.x").unwrap().read(&roots).unwrap_err();
    assert_eq!(
        failure.not_found("value.$"),
        "The JSONPath '$$.Execution.Input.x' specified for the field 'value.$' could not be found in the input '{\"a\":1}'"
    );
}

#[test]
fn knows_definite_paths_and_variables() {
    for (path, definite) in [
        ("$", true),
        ("$.a[0]['b']", true),
        ("$.a[*]", false),
        ("$..a", false),
        ("$.a[0,1]", false),
        ("$.a[1:]", false),
        ("$.a[?(@.b)]", false),
        ("$.a['b','c']", true),
        ("$.a['b','c'].d", false),
        ("$.a.length()", true),
        ("$..a.sum()", true),
    ] {
        assert_eq!(Path::compile(path).unwrap().is_definite(), definite, "{path}");
    }
    let mut found = std::collections::BTreeSet::new();
    Path::compile("$a.b[?(@.c > $d.e && $f)].concat($g)").unwrap().variables(&mut found);
    assert_eq!(found.iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "d", "f", "g"]);
}

#[test]
fn writes_through_reference_paths() {
    for (target, path, expected) in [
        ("{}", "$", r#""v""#),
        ("null", "$", r#""v""#),
        (r#"{"a":1}"#, "$.b", r#"{"a":1,"b":"v"}"#),
        (r#"{"a":1,"b":2}"#, "$.a", r#"{"a":"v","b":2}"#),
        (r#"{"a":1}"#, "$.b.c.d", r#"{"a":1,"b":{"c":{"d":"v"}}}"#),
        (r#"{"a":[1,{"x":1}]}"#, "$.a[1].y", r#"{"a":[1,{"x":1,"y":"v"}]}"#),
        (r#"{"a":[1,2]}"#, "$['a'][-1]", r#"{"a":[1,"v"]}"#),
        (r#"{"a":[1,2]}"#, "$.a[2]", "!"),
        (r#"{"a":1}"#, "$.a.b", "!"),
        (r#"{"a":null}"#, "$.a.b", "!"),
        (r#"{"a":1}"#, "$.b[0]", "!"),
        ("[1]", "$.a", "!"),
    ] {
        let found = ReferencePath::compile(path).unwrap().write(value(target), Value::from("v"));
        match expected {
            "!" => {
                let text = found.expect_err(path).to_string();
                assert_eq!(text, format!("Unable to apply ReferencePath {path} to input {target}"));
            }
            _ => assert_eq!(found.unwrap().to_string(), expected, "{path} on {target}"),
        }
    }
    ReferencePath::compile(&format!("${}", ".a".repeat(600))).expect_err("too deep");
    for path in ["$.a[*]", "$..a", "$.a[0,1]", "$['a','b']", "$.a[1:2]", "$.a.length()", "$[?(@.a)]"] {
        ReferencePath::compile(path).expect_err(path);
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in r#"[\$@.\[\]()?*:,'"a0-9 =<>!&|/-]{0,40}"#) {
        if let Ok(path) = Path::compile(&format!("${text}")) {
            let input = value(STORE);
            let _ = path.read(&Roots { input: &input, surroundings: &Nowhere });
        }
    }
}

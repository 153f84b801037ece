//! The service's own functions and bounds.

use super::{Expression, Outcome, Session};
use crate::path::Surroundings;
use crate::template::{Language, Scope};
use crate::{Value, text};
use jsonata_core::value::JValue;

fn evaluate(expression: &str) -> Result<String, String> {
    let template = format!("\"{{% {} %}}\"", expression.replace('\\', "\\\\").replace('"', "\\\""));
    crate::template::tests::evaluate(
        &template,
        Language::Jsonata,
        r#"{"list":[1,2,3,4],"json":"{\"a\":[1]}"}"#,
    )
}

#[test]
fn own_functions() {
    for (expression, expected) in [
        ("$partition([1,2,3,4], 2)", "[[1,2],[3,4]]"),
        ("$partition($states.input.list, 3)", "[[1,2,3],[4]]"),
        ("$range(0, 6, 2)", "[0,2,4,6]"),
        ("$range(5, 1, -2)", "[5,3,1]"),
        ("$range(1, 5, -1)", "[]"),
        ("$hash('input data', 'MD5')", "\"812f45842bc6d66ee14572ce20db8e86\""),
        ("$parse($states.input.json).a", "[1]"),
        ("$states.input.json ~> $parse", "{\"a\":[1]}"),
        ("$states.input.json ~> $parse()", "{\"a\":[1]}"),
        ("$map(['1','[2]'], $parse)", "[1,[2]]"),
        ("$parse('-0')", "0"),
        ("$random(42)", "0.7275636800328681"),
        ("$random() >= 0 and $random() < 1", "true"),
        ("$random() != $random()", "true"),
        ("$millis()", "1700000000123"),
        ("$now()", "\"2023-11-14T22:13:20.123Z\""),
        ("$now('[Y0001]')", "\"2023\""),
        ("$now", "\"noon\""),
        ("($now := 5; $now)", "5"),
        ("$map([1,2], $millis)", "[1700000000123,1700000000123]"),
        (
            "$contains($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)",
            "true",
        ),
        ("$count($distinct([1..300000]))", "300000"),
        ("[1..3000] ~> $distinct ~> $count", "3000"),
        ("[[1,1,2],[{'a':1,'b':2},{'b':2,'a':1}]].$count($distinct())", "[2,1]"),
        ("$join(['a','b'], '-') & $pad('x', 3, '.')", "\"a-bx..\""),
        ("'abc' ~> $replace('b', 'x') ~> $pad(-5)", "\"  axc\""),
        ("$map(['a','b'], $pad(?, 2, '!'))", "[\"a!\",\"b!\"]"),
        ("1e300", "1.0E300"),
        ("2.50", "2.5"),
        ("{'a': $nothing, 'b': 1}", "{\"b\":1}"),
        ("{'b': 1, 'a': 2}", "{\"b\":1,\"a\":2}"),
    ] {
        assert_eq!(evaluate(expression).as_deref(), Ok(expected), "{expression}");
    }
}

#[test]
fn failures() {
    for (expression, expected) in [
        ("$eval('1')", "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        (
            "($e := $eval; $e('1'))",
            "threw an error during evaluation. T1006: Attempted to invoke a non-function",
        ),
        ("$nosuch(1)", "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        ("1 + 'a'", "threw an error during evaluation. T2002: "),
        ("$partition([1], 0)", "threw an error during evaluation. T0410: "),
        ("$", "returned nothing (undefined)."),
        ("$$", "returned nothing (undefined)."),
        ("$sum", "returned nothing (undefined)."),
        ("1/0", "threw an error during evaluation. D1001: "),
        (
            "($f := function($x){ $f($x+1) }; $f(1))",
            "threw an error during evaluation: Expression evaluation timeout: ",
        ),
        (
            "($f := function($x){ 1 + $f($x+1) }; $f(1))",
            "threw an error during evaluation: Stack overflow error: ",
        ),
        ("[1..9000000]", "threw an error during evaluation. D2015: "),
        ("$range(1, 90000000, 1)", "threw an error during evaluation. D2015: "),
        (
            "$reduce([1..900], function($a, $b){ [[$a]] })",
            "threw an error during evaluation: the result is nested too deeply",
        ),
    ] {
        // The guard goes by the clock on the wall: where this thread gets its turn late, it strikes whatever is evaluated.
        let guard = "Expression evaluation timeout";
        let failure = (0..20)
            .map(|_| evaluate(expression).expect_err(expression))
            .find(|failure| expected.contains(guard) || !failure.contains(guard))
            .expect(expression);
        assert!(failure.contains(expected), "{expression}: {failure}");
    }
    assert!(evaluate("1 +").unwrap_err().starts_with("compile: Invalid JSONata expression"), "syntax");
}

/// Patterns are weighed with the text they are held against.
#[test]
fn a_pattern_can_be_too_large_for_its_text() {
    let long = "$pad('', 4000000, '01')";
    for (expression, fails) in [
        (format!("$match({long}, /[01]*1[01]{{900}}x/)"), true),
        (format!("{long} ~> $contains(/[01]*1[01]{{900}}x/)"), true),
        (format!("$count($split({long}, /1/))"), false),
        ("$contains('0110', /[01]*1[01]{900}x/)".to_owned(), false),
        ("$replace('2026-11-20', /(\\d{4})-(\\d{2})/, '$2')".to_owned(), false),
    ] {
        let outcome = evaluate(&expression);
        let too_large = outcome.as_ref().is_err_and(|failure| failure.contains("too large for it"));
        assert_eq!(too_large, fails, "{expression}: {outcome:?}");
    }
}

/// What is read directly is what the evaluator would have found.
#[test]
fn direct_reading_changes_nothing() {
    let input = text::parse_value(
        r#"{"a":{"b":{"c":1.0}},"l":[1],"m":[],"n":[[1,2.0]],"o":[{"p":1},{"p":2}],"big":12345678901234567890,"x":9007199254740993,
            "nil":null,"t":"x","e":{},"f":1.5}"#,
    )
    .unwrap();
    let mut seen = 0;
    for path in [
        "",
        ".a",
        ".a.b",
        ".a.b.c",
        ".a.b.c.d",
        ".l",
        ".m",
        ".n",
        ".o",
        ".o.p",
        ".o.p.q",
        ".big",
        ".x",
        ".nil",
        ".nil.z",
        ".t",
        ".t.u",
        ".e",
        ".e.f",
        ".f",
        ".nothing",
        ".nothing.more",
        ".a.`b`",
    ] {
        for root in [
            "$states.input",
            "$states.result",
            "$states.errorOutput",
            "$states.context",
            "$v",
            "$w",
            "$sum",
            "$now",
        ] {
            let expression = Expression::compile(&format!("{root}{path}")).unwrap();
            let mut draw = || 0;
            let surroundings = Around(input.clone());
            let mut scope = Scope {
                input: &input,
                result: Some(&input),
                error_output: None,
                surroundings: &surroundings,
                now: 0,
                draw: &mut draw,
            };
            let slow = Session::default().evaluate(
                &expression.tree,
                &expression.uses,
                &mut scope,
                &JValue::Undefined,
            );
            if let Some(found) = expression.direct.as_ref().and_then(|direct| direct.read(&scope)) {
                seen += 1;
                let fast = found.map_or(Outcome::Undefined, Outcome::Value);
                assert_eq!(format!("{fast:?}"), format!("{slow:?}"), "{root}{path}");
            }
        }
    }
    assert!(seen > 80, "{seen}");
}

struct Around(Value);
impl Surroundings for Around {
    fn context(&self) -> Value {
        self.0.clone()
    }
    fn variable(&self, name: &str) -> Option<Value> {
        (name == "v").then(|| self.0.clone())
    }
}

#[test]
fn deep_expressions_exhaust_no_stack() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{'a':", "1", "}"),
        ("$f(", "1", ")"),
        ("-", "1", ""),
        ("a.", "b", ""),
        ("1+", "1", ""),
        ("'a'&", "'b'", ""),
        ("true?", "1", ""),
        ("function($x){", "1", "}"),
        ("a[", "1", "]"),
    ] {
        for levels in [300, 900, 3_000, 30_000] {
            // Refused or not: it comes back.
            let _ = evaluate(&format!("{}{inner}{}", open.repeat(levels), close.repeat(levels)));
        }
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(words in proptest::collection::vec("[a-z$]|\\$states\\.input|'[a-z]'|[0-9]|[(){}\\[\\].,:;?&|^@#%*+<>=!~-]|\\$(map|sum|parse|hash|range|pad|replace|join|distinct|string|now)\\(|function\\(\\$x\\)\\{|~>|:=|/a/|\\.\\.", 0..14)) {
        if let Err(failure) = evaluate(&words.concat()) {
            proptest::prop_assert!(!failure.contains("the parser failed") && !failure.contains("the evaluator failed"), "{}", failure);
        }
    }
}

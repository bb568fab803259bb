//! Facts about the language, one a line, and about what it cannot do.

use super::{Failure, Meter, Program, Val};

fn all(program: &str, input: &str) -> Result<String, String> {
    // All outputs at once, through an array.
    let program = Program::compile(&format!("[{program}\n]"))?;
    let input: Val = serde_json::from_str(input).map_err(|e| e.to_string())?;
    let meter = Meter::new();
    let found = program.first(&input, "iot/v1/telemetry", 1_700_000_000_500_000, &meter);
    let found = found.map_err(|failure| failure.to_string())?.unwrap_or_default();
    let json = found.to_json(&meter).map_err(|_| "too large".to_owned())?;
    Ok(json[1..json.len() - 1].to_owned())
}

fn gives(program: &str, input: &str, outputs: &str) {
    assert_eq!(all(program, input).as_deref(), Ok(outputs), "{program}");
}

fn fails(program: &str, input: &str, part: &str) {
    let error = all(program, input).expect_err(program);
    assert!(error.contains(part), "{program}: {error}");
}

#[test]
fn language() {
    gives(".a.b", r#"{"a":{"b":1}}"#, "1");
    gives(".a[1:], .a[-1], .a[5]", r#"{"a":[1,2,3]}"#, "[2,3],3,null");
    gives("(1,2) + (10,20)", "null", "11,12,21,22");
    gives("{a: (1,2), b: 3}", "null", r#"{"a":1,"b":3},{"a":2,"b":3}"#);
    gives(r#""\(1,2)-\(3)""#, "null", r#""1-3","2-3""#);
    gives("if . > 1 then \"x\" elif . == 1 then \"y\" else \"z\" end", "1", "\"y\"");
    gives(".[] as {a: $x, b: [$y]} | $x + $y", r#"[{"a":1,"b":[2]}]"#, "3");
    gives("reduce .[] as $x (0; . + $x)", "[1,2,3]", "6");
    gives("foreach .[] as $x (0; . + $x; [$x, .])", "[1,2]", "[1,1],[2,3]");
    gives("def f(x): x * 2; f(.a)", r#"{"a":4}"#, "8");
    gives("def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; fac", "10", "3628800");
    gives("try error(\"x\") catch .", "null", "\"x\"");
    gives(".a? // \"d\"", "5", "\"d\"");
    gives("label $out | 1, break $out, 2", "null", "1");
    gives(".a.b |= . + 1", r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#);
    gives(".a.b = 1", "{}", r#"{"a":{"b":1}}"#);
    gives(".[] += 1", "[1,2]", "[2,3]");
    gives("del(.[0,2])", "[1,2,3]", "[2]");
    gives("[.[] | select(. >= 2)]", "[1,5,3,0,7]", "[5,3,7]");
    gives("(.[] | select(. >= 2)) |= empty", "[1,5,3,0,7]", "[1,0]");
    gives("path(..)", r#"{"a":[1]}"#, r#"[],["a"],["a",0]"#);
    gives("first(range(10)), [limit(3; range(10))]", "null", "0,[0,1,2]");
    gives(". as [$a, $b] | {a: $a, b: $b}", "[1,2]", r#"{"a":1,"b":2}"#);
    gives("tojson, (tojson | fromjson)", "[1,\"a\"]", r#""[1,\"a\"]",[1,"a"]"#);
    gives("-1, -(1 + 2), 7 % 3, 1 / 4", "null", "-1,-3,1,0.25");
    gives("{} | .a += 1 | .b //= 5", "null", r#"{"a":1,"b":5}"#);
    gives("[.[] | try tonumber catch \"bad\"]", r#"["1","x",2.5]"#, r#"[1,"bad",2.5]"#);
    gives("until(. > 100; . * 2)", "1", "128");
    gives("[recurse(if . < 3 then . + 1 else empty end)]", "0", "[0,1,2,3]");
}

#[test]
fn functions() {
    gives("sort, unique, min, max, add, length", "[3,1,3]", "[1,3,3],[1,3],1,3,7,3");
    gives("group_by(.a) | map(length)", r#"[{"a":1},{"a":2},{"a":1}]"#, "[2,1]");
    gives("to_entries", r#"{"a":1}"#, r#"[{"key":"a","value":1}]"#);
    gives("with_entries(.value += 1)", r#"{"a":1}"#, r#"{"a":2}"#);
    gives("keys, has(\"a\"), contains({a: 1})", r#"{"b":2,"a":1}"#, r#"["a","b"],true,true"#);
    gives("split(\",\"), join(\"-\")?", "\"a,b\"", r#"["a","b"]"#);
    gives("test(\"^W\\\\w+$\"), capture(\"(?<x>.)\")", "\"Wörld\"", r#"true,{"x":"W"}"#);
    gives(
        "gsub(\"(?<d>[0-9])\"; \"<\\(.d)>\"), sub(\"[0-9]\"; \"x\")",
        "\"a1b2\"",
        r#""a<1>b<2>","axb2""#,
    );
    gives("[match(\"a\"; \"g\").offset]", "\"banana\"", "[1,3,5]");
    gives("[scan(\"[a-z]+\")]", "\"ab 12 cd\"", r#"["ab","cd"]"#);
    gives("floor, round, ceil, sqrt", "6.25", "6,6,7,2.5");
    gives(
        "@base64, (@base64 | @base64d), @uri, @json",
        "\"a b\"",
        r#""YSBi","a b","a%20b","\"a b\"""#,
    );
    gives("@csv", "[1,\"a\\\"b\",null,true]", r#""1,\"a\"\"b\",,true""#);
    gives("endpoint, endpoint(3), endpoint(9)", "null", r#""iot/v1/telemetry","telemetry",null"#);
    gives("now", "null", "1700000000.5");
    gives("todate, (todate | fromdate)", "1700000000", r#""2023-11-14T22:13:20Z",1700000000"#);
    gives("fromdateformat(\"yyyy-MM-dd HH:mm:ss\")", "\"2023-11-14 22:13:20\"", "1700000000000000");
    gives("strftime(\"%Y\")", "1700000000", "\"2023\"");
    gives("[paths], [leaf_paths]", r#"{"a":{"b":1}}"#, r#"[["a"],["a","b"]],[["a","b"]]"#);
    gives("walk(if type == \"number\" then . + 1 else . end)", "[1,{\"a\":2}]", r#"[2,{"a":3}]"#);
    gives(
        "[splits(\", *\")], ascii_upcase, ltrimstr(\"a\")",
        "\"a, b\"",
        r#"["a","b"],"A, B",", b""#,
    );
    gives("flatten, transpose?", "[[1],[2,3]]", "[1,2,3],[[1,2],[null,3]]");
    gives("any, all, (map(not) | any)", "[true,false]", "true,false,true");
    gives("tostream", r#"{"a":1}"#, r#"[["a"],1],[["a"]]"#);
    gives("fromstream(tostream)", r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":2}]}"#);
    // Digits stay until somebody calculates; arithmetic is that of doubles, as in jq.
    gives(
        "9007199254740993, 100000000000000000000",
        "null",
        "9007199254740993,100000000000000000000",
    );
    gives("9007199254740993 + 1", "null", "9007199254740992");
    gives("pick(.a.b), getpath([\"a\",\"b\"])", r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}},1"#);
}

#[test]
fn errors() {
    fails(".a", "5", "Cannot index number with string (\"a\")");
    fails(". + 1", "\"a\"", "cannot be added");
    fails("1 / 0", "null", "divisor is zero");
    fails(".[]", "null", "Cannot iterate over null");
    for name in ["env", "input", "debug", "halt", "input_filename", "toInteger", "number"] {
        fails(name, "null", &format!("{name}/0 is not available"));
    }
    for program in ["$ENV", "$x", ".a |", "1 +", "import \"a\" as a; .", "{a", ". as [$x] ?// | $x"]
    {
        assert!(Program::compile(program).is_err(), "{program}");
    }
}

/// Runs as a thread of the platform would: with two mebibytes of stack.
fn on_worker<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        thread.spawn_scoped(scope, run).expect("a thread").join().expect("no panic")
    })
}

#[test]
fn nothing_gets_away() {
    let programs = [
        "def f: f; f",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f(g): f(g | .); f(.)",
        "def f(g): f(g + 1); f(.)",
        "repeat(.)",
        "[repeat(.)]",
        "while(true; .)",
        "until(false; .)",
        "[recurse]| [recurse(.)]",
        "[range(1e12)]",
        "[range(0; 1; 1e-300)]",
        "last(range(1e12))",
        "\"x\" * 1e11",
        "reduce range(64) as $i (\"xxxx\"; . + .)",
        "reduce range(64) as $i (1; [., .]) | tojson",
        "reduce range(64) as $i (1; [., .]) | . == .",
        "reduce range(64) as $i (1; [., .]) | [..] | length",
        "reduce range(64) as $i (1; [., .]) | flatten",
        "reduce range(64) as $i (1; [., .]) | walk(.)",
        "reduce range(64) as $i (1; [., .]) | contains([2])",
        "reduce range(64) as $i (1; [., .]) | . + 1",
        "reduce range(64) as $i (1; [., .])",
        "reduce range(100000) as $i (1; [.])",
        "reduce range(100000) as $i (1; {a: .})",
        "reduce range(100000) as $i ({}; .a = .)",
        ".[1e9] = 1",
        ".[1e300] = 1",
        "setpath([range(100000) | \"a\"]; 1)",
        "[limit(1e12; repeat(1))]",
        "first(repeat(1) | select(. == 2))",
        "isempty(repeat(1) | select(. == 2))",
        "label $x | repeat(1) | if . == 2 then break $x else empty end",
        "try repeat(error(\"x\")) catch repeat(.)",
        "[repeat(1)] | sort",
        "reduce repeat(1) as $x (0; . + 1)",
        "foreach repeat(1) as $x (0; . + 1; empty)",
        "[combinations(100)]",
        "[range(100)] | [combinations(8)]",
        "\"a\" * 100000 | [match(\"\"; \"g\")] | length | repeat(.)",
        "\"a\" * 100000 | gsub(\"\"; \"aaaaaaaaaa\")",
        "\"\\\"\" | until(false; tojson)",
        "path(repeat(.))",
        "path(def f: .a | f; f)",
        "def f: .a |= f; f",
        "def f: try f catch f; f",
        "def f: (f, f); f",
        "def f: f // f; f",
        "def f: if f then f else f end; f",
        "def f: {a: f}; f",
        "def f: \"\\(f)\"; f",
        "def f: reduce f as $x (0; f); f",
        "def f: label $x | f; f",
        "def f: . as [$a] | f; f",
        "(.. |= [.]) | repeat(.. |= [.])",
    ];
    for program in programs {
        let started = std::time::Instant::now();
        let ended = on_worker(|| {
            let program = Program::compile(program).unwrap_or_else(|e| panic!("{program}: {e}"));
            let meter = Meter::new();
            match program.first(&Val::default(), "a/b", 0, &meter) {
                Ok(Some(val)) => val.to_json(&meter).map(drop).map_err(|_| "output".to_owned()),
                Ok(None) => Ok(()),
                Err(Failure::Error(message)) => Err(message),
                Err(Failure::Limit(message)) => Err(message.to_owned()),
            }
        });
        // The limit is 50 ms; unoptimised builds on busy machines get time.
        let took = started.elapsed();
        assert!(took.as_millis() < 3000, "{program} took {took:?}: {ended:?}");
    }
}

/// What is slow only with much to look at.
#[test]
fn large_inputs_end() {
    let text = format!("\"{}\"", "a".repeat(120_000));
    let list = format!("[{}1]", "1,".repeat(60_000));
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let wide = format!("[{}1]", format!("{deep},").repeat(600));
    let programs: [(&str, &str); 14] = [
        ("[match(\"a*b|a\"; \"g\")] | length", &text),
        (".[:30000] | [match(\"a*b|a\"; \"g\")] | length", &text),
        (".[:30000] | gsub(\"(?<x>a)\"; .x + .x)", &text),
        ("indices(.[:60000] + \"b\")", &text),
        ("until(false; ltrimstr(\"a\"))", &text),
        ("[explode | combinations]", &text),
        ("reduce range(1e9) as $i (.; . + .)", &text),
        ("del(.[])", &list),
        ("map(. + 1) | sort | unique | group_by(.) | length", &list),
        ("[.[] as $x | .[] as $y | $x + $y]", &list),
        (". - .", &list),
        ("indices(1) | transpose", &list),
        ("[paths] | length", &wide),
        (".. |= .", &wide),
    ];
    for (program, input) in programs {
        let compiled = Program::compile(program).expect(program);
        let input: Val = serde_json::from_str(input).expect("valid");
        let started = std::time::Instant::now();
        let meter = Meter::new();
        let ended = compiled.first(&input, "a/b", 0, &meter).map(|_| ());
        let took = started.elapsed();
        assert!(took.as_millis() < 5000, "{program} took {took:?}: {ended:?}");
    }
}

#[test]
fn no_text_overflows_the_parser() {
    let patterns = [
        "-",
        ".|",
        "1+",
        "try ",
        "if ",
        "def f: ",
        ".a",
        ".[",
        "(",
        "[",
        "{a:",
        "\"\\(",
        "reduce ",
        ".. as $x|",
        "label $x|",
        "1 as [",
        "1,",
        ".a//",
        ".a=",
        "not|",
        "?",
        "..",
        "[]",
        "{a:1}|",
        ". as {a:",
        "foreach .[] as $x (",
        "def f(a):a;",
        "if 1 then 2 else ",
        "try try ",
    ];
    for pattern in patterns {
        // As many as fit, as many as are allowed, and as many keywords as are allowed.
        for times in [7900 / pattern.len(), 1000 / (pattern.split(' ').count() + 1), 120] {
            let text = format!("${{{}1}}", pattern.repeat(times));
            on_worker(|| drop(crate::expression::Expression::compile(&text)));
            // Closed brackets get past the counting of brackets; only the nesting is bounded.
            let closed = format!("${{{}1{}}}", "([{a:".repeat(20), "}])".repeat(20));
            on_worker(|| assert!(crate::expression::Expression::compile(&closed).is_ok()));
        }
    }
}

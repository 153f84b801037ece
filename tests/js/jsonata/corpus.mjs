// Expressions that go through the language: every operator and function with fitting, missing and wrong arguments, on
// documents of our own. `cases.mjs` asks jsonata.js for the answers.

export const documents = {
  shop: {
    shop: { name: "Corner", open: true, "street name": "Main" },
    orders: [
      { id: "o1", customer: "ann", lines: [{ sku: "a", price: 2.5, count: 4, tags: ["x", "y"] }, { sku: "b", price: 10, count: 1, tags: [] }] },
      { id: "o2", customer: "bob", lines: [{ sku: "a", price: 2.5, count: 2, tags: ["y"] }], note: null },
      { id: "o3", customer: "ann", lines: [{ sku: "c", price: 0.1, count: 30 }], note: "rush" },
    ],
    people: { ann: { age: 41, mail: ["a@x", "a@y"] }, bob: { age: 29 } },
    numbers: [3, 1, 4, 1, 5, 9, 2, 6],
    nested: [[1, 2], [3, [4, 5]], 6],
    empty: { list: [], object: {}, text: "" },
    words: ["Tick", "tock", "TICK", "été"],
  },
  list: [{ k: "a", v: 1 }, { k: "b", v: [2, 3] }, { k: "c" }, 7, "seven", null, [8]],
  number: 42,
  nothing: undefined,
};

const values = ["1", "-2.5", "0", "'text'", "''", "true", "null", "[]", "[1,2,3]", "['b','a']", "{}", "{'a':1}", "nowhere", "[1,'a',true]", "function($x){$x}"];
const operators = ["+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "in", "and", "or", "..", "??", "?:"];

const binary = operators.flatMap((op) =>
  values.flatMap((left, i) => values.filter((_, j) => (i * 7 + j * 3 + op.length) % 4 === 0).map((right) => op === ".." ? `[${left}..${right}]` : `${left} ${op} ${right}`)));

const unary = ["$string", "$length", "$uppercase", "$lowercase", "$trim", "$number", "$abs", "$floor", "$ceil", "$round", "$sqrt", "$boolean", "$not", "$exists", "$sum", "$max",
  "$min", "$average", "$count", "$reverse", "$distinct", "$keys", "$type", "$spread", "$merge", "$sort", "$shuffle(nowhere) & $count", "$base64encode", "$base64decode",
  "$encodeUrl", "$encodeUrlComponent", "$decodeUrl", "$decodeUrlComponent", "$toMillis", "$fromMillis", "$assert", "$error"];
const calls = unary.flatMap((name) => [...values.map((value) => `${name}(${value})`), `${name}()`, `${name}(1,2,3,4)`]);

const texts = [
  ["$substring", ["'hello',1", "'hello',1,2", "'hello',-2", "'hello',-3,2", "'hello',9", "'héé',1,1", "nowhere,1", "5,1", "'a'", "'😀x',1"]],
  ["$substringBefore", ["'hello','l'", "'hello','z'", "'hello',''", "nowhere,'a'", "1,'a'"]],
  ["$substringAfter", ["'hello','l'", "'hello','z'", "'hello',''", "nowhere,'a'", "'a',1"]],
  ["$pad", ["'x',5", "'x',-5", "'x',5,'#'", "'x',-5,'ab'", "'xxxxxx',3", "nowhere,3", "'x','y'", "'x',5,''"]],
  ["$contains", ["'hello','ell'", "'hello',/E/i", "'hello',/z/", "nowhere,'a'", "1,'a'", "'a',1", "'',''"]],
  ["$split", ["'a b c',' '", "'a b c',' ',2", "'abc',''", "'a1b22c',/[0-9]+/", "'a1b22c',/[0-9]/,2", "nowhere,' '", "'a',' ',-1", "1,'a'", "'a,b',',',1.9"]],
  ["$join", ["['a','b']", "['a','b'],'-'", "'a'", "[1]", "nowhere", "['a'],1", "[]", "['a','b'],''"]],
  ["$match", ["'ababbb',/b+/", "'ababbb',/b+/,1", "'ababbb',/(a)(b)/", "'x',/y/", "nowhere,/y/", "'a',/a/,-1", "'Ab',/(?:a)(b)?/i"]],
  ["$replace", ["'john','o','0'", "'aaa','a','b',2", "'aaa',/a/,'b',1", "'ab',/(a)(b)/,'$2$1'", "'ab',/(a)/,'$$1'", "'ab',/(a)/,'$0$9'", "'ab',/a/,function($m){$uppercase($m.match)}", "'a','','b'", "'a','a',1", "nowhere,'a','b'", "'a','a','b',-1", "'abc',/b/,function($m){1}", "'265USD',/([0-9]+)USD/,'$$$1'"]],
  ["$formatNumber", ["12345.6,'#,###.00'", "0.14,'01%'", "1234.5678,'00.000e0'", "-5,'0;(0)'", "0.5,'#.0#'", "34.555,'#0.00;(#0.00)'", "nowhere,'0'", "1,'x'", "1e6,'#,##,##0.00'", "0.0000012345,'0.0e0'", "12,'000'", "1,'0.0.0'", "1,'0%‰'", "5,'\u0030'"]],
  ["$formatBase", ["255,16", "255,2", "255", "-10,3", "1.6,10", "5,1", "5,37", "nowhere,2", "0,36"]],
  ["$formatInteger", ["123,'w'", "2789,'Ww'", "1999,'I'", "12,'001'", "3,'a'", "30,'A'", "1234567,'#,##0'", "21,'w;o'", "-3,'0'", "0,'I'", "3,'1;o'", "1000001,'W'", "5,'i'", "nowhere,'0'"]],
  ["$parseInteger", ["'one hundred and five','w'", "'MCMXCIX','I'", "'1,234','#,##0'", "'c','a'", "'twenty-first','w;o'", "'007','000'", "nowhere,'0'"]],
  ["$fromMillis", ["0", "1510067557121,'[Y0001]-[M01]-[D01]'", "1510067557121,'[H01]:[m01]:[s01].[f001] [z]','+0200'", "1510067557121,'[FNn], [D1o] [MNn] [Y]'", "1510067557121,'[h]:[m01] [PN]'", "1510067557121,'[d001]'", "1510067557121,'[W01] [w]'", "1510067557121,'[X]-W[W01]-[F1]'", "nowhere", "0,'[Yb]'", "0,'[q]'", "1e15", "1510067557121,'[[x]] [Y,2-2]'", "-1,'[C][E]'", "1510067557121,'','-0530'", "1510067557121,'[MNn,3-3] [ZN]'"]],
  ["$toMillis", ["'1970-01-01T00:00:00Z'", "'2017-11-07T15:07:54.972Z'", "'2017-11-07'", "'7/11/2017','[D1]/[M1]/[Y0001]'", "'not'", "'2017-11-07T15:07:54+0200'", "nowhere", "'Friday, 3rd March 2017','[FNn], [D1o] [MNn] [Y]'", "'12:30 pm','[h]:[m] [P]'", "'2018','[Y]'", "'2017-11-07T15:07:54+02:00'"]],
  ["$round", ["4.5", "5.5", "-4.5", "-5.5", "12345,-2", "4.49", "0.125,2", "1e21", "2.675,2", "nowhere", "99.9,-3", "4.525,2"]],
  ["$power", ["2,8", "2,0.5", "2,-2", "-1,0.5", "nowhere,2", "'a',2", "10,400"]],
  ["$zip", ["[1,2,3],[4,5]", "[1,2]", "nowhere,[1]", "1,[2,3]", "[1],['a'],[true]"]],
  ["$append", ["[1],[2]", "1,2", "[1],nowhere", "nowhere,nowhere", "[],[]", "[1,2],'a'"]],
  ["$lookup", ["{'a':1},'a'", "[{'a':1},{'a':2},{}],'a'", "{'a':1},'b'", "nowhere,'a'", "1,'a'"]],
  ["$map", ["[1,2,3],function($v,$i,$a){$v*$i+$count($a)}", "[1],$string", "nowhere,$string", "[1,2],$uppercase", "[1,2,3],function($v){$v=2?nowhere:$v}", "[1]", "'a',$uppercase"]],
  ["$filter", ["[1,2,3,4],function($v){$v%2=0}", "[1],function($v){false}", "[1,2],function($v,$i){$i=0}", "nowhere,$boolean", "1,$boolean", "[0,1,2],$boolean"]],
  ["$single", ["[1,2,3],function($v){$v=2}", "[1,2],function($v){$v>0}", "[1],function($v){$v=3}", "[5]", "[1,2]", "nowhere"]],
  ["$reduce", ["[1,2,3,4],function($a,$b){$a*$b}", "[1,2],function($a,$b){$a+$b},10", "[],function($a,$b){$a}", "[],function($a,$b){$a},7", "[1],function($a){$a}", "nowhere,function($a,$b){$a}", "5,function($a,$b){$a+$b}", "[1,2,3],function($a,$b,$i,$l){$a+$i+$count($l)}"]],
  ["$sift", ["{'a':1,'b':2},function($v){$v>1}", "{'a':1,'b':2},function($v,$k){$k='a'}", "{'a':1},function(){false}", "nowhere,$boolean", "{'a':0,'b':1},$boolean"]],
  ["$each", ["{'a':1,'b':2},function($v,$k){$k & $v}", "{},$string", "nowhere,$string", "{'a':1},function($v){nowhere}"]],
  ["$sort", ["[3,1,2]", "['b','a','B']", "[1,'a']", "[3,1,2],function($l,$r){$l<$r}", "nowhere", "1", "[{'a':2},{'a':1}],function($l,$r){$l.a>$r.a}", "[{'a':1}]", "[[2],[1]]"]],
  ["$spread", ["{'a':1,'b':2}", "[{'a':1},{'b':2}]", "1", "nowhere"]],
  ["$merge", ["[{'a':1},{'b':2,'a':3}]", "{'a':1}", "[]", "nowhere", "[1]"]],
  ["$assert", ["true,'m'", "false,'m'", "1", "nowhere"]],
  ["$distinct", ["[1,1,2]", "[{'a':1},{'a':1}]", "['a','A']", "[[1],[1]]", "1", "[1,'1']"]],
  ["$encodeUrl", ["'https://x.y/?q=é&r=a b'", "'\\uD800'"]],
  ["$encodeUrlComponent", ["'?x=test&y=ä'", "'a/b'"]],
  ["$decodeUrl", ["'%E0%A4%A'", "'a%20b'"]],
  ["$string", ["[1,{'a':function(){1}}]", "{'a':[1,2]},true", "1e20", "1e21", "0.1+0.2", "1/3", "-0", "100000000000000000000000", "{'a':nowhere}", "'é\\n'", "5.0", "1e-7", "123456789.123456789"]],
  ["$number", ["'0x1F'", "'0b101'", "'0o17'", "'1e3'", "' 5'", "'5 '", "'-1.5'", "'.5'", "'1e1000'", "'abc'", "true", "''"]],
  ["$base64encode", ["'é'", "'hello'"]],
  ["$type", ["nowhere", "$sum", "function(){1}", "[]", "null"]],
].flatMap(([name, list]) => list.map((args) => `${name}(${args})`));

const shop = [
  "orders.lines.sku", "orders.lines[0].sku", "(orders.lines)[0].sku", "orders.lines[-1].price", "orders[customer='ann'].id", "orders[0]", "orders[-1].id", "orders[9]", "orders[[0,2]].id", "orders[[0..1]].id",
  "orders.lines.(price * count)", "$sum(orders.lines.(price * count))", "orders.{id: $sum(lines.(price*count))}", "orders{customer: $sum(lines.count)}", "orders{customer: id[]}", "orders.lines{sku: {'n': $sum(count), 'p': price[0]}}",
  "orders^(id).id", "orders^(>id).id", "orders^(customer, >id).id", "orders.lines^(price).sku", "orders.lines^(>price, sku).sku", "orders^(note).id", "orders.id[]", "orders[0].id[]", "shop.name[]", "orders.note", "orders.lines.tags", "orders.lines.tags[]", "orders.lines.tags[0]",
  "*", "shop.*", "orders.*", "**.sku", "**.price[0]", "$count(**)", "people.*.age", "$keys(people)", "people.ann.mail[1]", "shop.`street name`", "'shop'.name", "$.shop.name", "$$.shop.name", "orders.($$.shop.name & id)", "orders.lines.%.id", "orders.lines.{'o': %.id, 's': sku}", "orders.lines.%.%.shop.name",
  "orders@$o.lines@$l[$l.count > 1].{'o': $o.id, 's': $l.sku}", "orders#$i.{'i': $i, 'id': id}", "orders.lines#$i[$i=0].sku", "orders@$o.people@$p[$lookup($p, $o.customer)].{'c': $o.customer}", "orders#$i[$i>0].id", "orders.lines@$l#$n.($n & $l.sku)", "orders.lines[price > 1][0].sku", "orders.lines[count > 1 and price < 3].sku",
  "numbers[0]", "numbers[$ > 3]", "numbers[-2]", "numbers[1.7]", "numbers[[1,3]]", "$sort(numbers)", "$sum(numbers[$ % 2 = 0])", "numbers ~> $map(function($x){$x*2}) ~> $sum", "numbers.($ * 2)", "numbers{$string($): 1}", "nested", "nested[0]", "nested[1][1]", "nested.$", "nested.*", "$count(nested)", "nested ~> $reduce($append)",
  "empty.list", "empty.list[0]", "empty.object", "empty.object.a", "empty.text", "empty.list.a", "[empty.list]", "words ~> $map($lowercase) ~> $distinct", "words[$contains(/t/i)]", "words[$contains($, 't')]", "words.$length()", "words.$uppercase($)", "words ~> $join('|')", "$join(words.$substring(0,1))",
  "shop ~> |$|{'name':'New'}|", "shop ~> |$|{},'open'|", "$ ~> |orders|{'total': $sum(lines.(price*count))}, ['lines']|.orders", "$ ~> |orders.lines|{'price': price+1}|.orders.lines.price", "shop ~> |$|5|", "shop ~> |nowhere|{'a':1}|", "orders ~> |lines|{'x':1},1|",
  "($a := 5; $b := $a + 1; $b)", "($a := 5; ($a := 6); $a)", "(1; 2; 3)", "()", "($f := function($n){$n<=1?1:$n*$f($n-1)}; $f(10))", "($f := λ($n){$n<1?0:$f($n-1)}; $f(500))", "($c := function($x){function($y){$x+$y}}; $c(1)(2))", "($add := function($a,$b){$a+$b}; $inc := $add(?,1); $inc(5))", "($first := $substring(?,0,1); $first('abc'))",
  "($sq := function($x){$x*$x}; $tw := $sq ~> $sq; $tw(3))", "function($x)<n:n>{$x}(1)", "function($x)<n:n>{$x}('a')", "function($x)<s?:s>{$x}()", "function($x)<a<n>>{$x}(['a'])", "function($x)<(ns)>{$x}(true)", "function($x,$y)<n-n>{$y}(2)", "function($x)<f>{$x(2)}(function($q){$q+1})", "$x := 5", "$nope", "$nope.a", "nowhere.nothing", "orders.nowhere",
  "orders[customer='ann' or id='o2'].id", "'ann' in orders.customer", "orders.customer in 'bob'", "orders[lines.sku='a'].id", "orders[nowhere].id", "orders[$not(note)].id", "orders[$exists(note)].id", "orders[note].id", "orders[true].id", "orders[false].id", "orders['x'].id", "orders.lines[0][0].sku", "orders[0].lines[0][0].sku",
  "shop.open ? 'yes' : 'no'", "nowhere ? 1", "shop.open ? nowhere : 1", "nowhere ?: 'd'", "empty.text ?: 'd'", "empty.text ?? 'd'", "nowhere ?? 'd'", "null ?? 'd'", "-shop.open", "-nowhere", "-numbers[0]", "--3", "1 - -1", "2 + 3 * 4 - 5 / 2 % 2", "(2 + 3) * 4", "1 < 2 and 2 < 3 or false", "'a' < 'b'", "'a' < 1", "1 = 1.0", "[1,2] = [1,2]", "{'a':1,'b':2} = {'b':2,'a':1}",
  "[1..5]", "[1..5][$ > 2]", "[5..1]", "[1, 3..5, 9]", "[1..3].($*2)", "[[1,2],[3]]", "[orders.id, 1]", "[nowhere, 1]", "{'a': nowhere}", "{}", "{'a': 1, 'a': 2}", "{shop.name: 1}", "{1: 2}", "{nowhere: 1}", "{'x' & 'y': [1]}", "[1,2,3].{'v': $}", "{'a':{'b':[1,{'c':2}]}}.a.b.c", "[{'a':1},{'a':2}].a", "[[{'a':1}],[{'a':2}]].a", "[1,2,3][0]", "[1,2,3][[0,2]]", "[1,2,3][-1]", "'abc'[0]", "5[0]", "{'a':1}[0].a",
  "$map(orders, function($o){$o.id})", "$filter(orders, function($o){$o.customer='ann'}).id", "$reduce(orders.lines.count, function($a,$b){$a+$b})", "$each(people, function($v,$k){$k & $v.age})", "$sift(people, function($v){$v.age>30})", "$merge(orders.{id: customer})", "$spread(people)", "$lookup(people, 'ann').age", "$zip(orders.id, orders.customer)", "$type(orders)", "$string(shop)", "$string(orders[0].lines, true)", "$distinct(orders.customer)", "$reverse(orders.id)", "$append(orders.id, 'x')", "$max(orders.lines.price)", "$average(orders.lines.count)", "$sort(orders, function($l,$r){$l.id<$r.id}).id", "$count(orders.lines.tags)",
  "orders.lines.sku ~> $distinct ~> $sort", "orders ~> $filter(function($o){$o.id>'o1'}) ~> $map(function($o){$o.id})", "'x' ~> $uppercase()", "'x' ~> 5", "5 ~> $string ~> $length", "shop.name ~> /o/", "$match(shop.name, /(o)(r)/).groups", "/a/('cat')", "/a(b)?/('cab').groups", "(/a/)", "$eval('1+1')", "$eval('orders.id')", "$eval('1+')",
  "/* note */ 1", "1 /* a */ + /* b */ 2", "1 +", "(1", "[1", "{'a'", "a..b.c", "orders.lines.", "'open", "`open", "1 2", "$", "orders[", "@", "#", "?", "a := 1", "function(x){1}", "{'a':1}.", "1e", "0x1", "a.b:=1", "orders.[id]", "orders.[id, customer]", "orders.lines.[sku]", "numbers.[$]", "orders.{'n': lines.sku}", "orders.lines.{'n': sku}[0]", "orders.(lines.sku)", "orders.(lines.sku)[0]", "(orders.lines.sku)[0]",
  "orders.lines[tags='y'].sku", "orders.lines[tags[0]='y'].sku", "orders.lines[$count(tags)>1].sku", "orders^(lines[0].price).id", "orders^($count(lines)).id", "orders^(<customer).id", "$formatNumber($sum(orders.lines.(price*count)), '#,##0.00')", "orders.id & '-' & customer", "orders.lines.price + 1", "$string(1) & 2 & true & null & nowhere & [1] & {'a':1}", "'\\u0041\\t\\\"'", "\"it's\"", "'\\x'", "\"\\u12\"",
];

const list = ["$", "k", "v", "*", "**", "$[0]", "$[-1]", "$[k='a']", "$[v>1]", "$.k", "$[3]", "$[[0,1]].k", "$count($)", "v[0]", "v.($)", "$map($, $type)", "$filter($, function($x){$type($x)='object'}).k", "$[0].k", "$[6][0]", "$$[1].v", "k[]", "k^($)", "$^(k)", "{k: v}", "$.{k: v}", "$string($)", "$reverse($)[0]", "$[$type($)='number']", "v ~> $sum", "$join(k)", "k in ['a']"];
const number = ["$", "$ + 1", "$$", "a", "*", "$[0]", "[$]", "{'n': $}", "$string()", "$abs()", "$.($)", "$ > 41 ? 'big' : 'small'", "$sqrt($)", "$power($, 2)", "$formatBase($, 2)", "$$ = $"];
const nothing = ["$", "$$", "a.b", "1", "$exists($)", "$string($)", "*", "[$]", "{'a': $}", "$count($)", "$ ?? 1", "$sum([1,2])", "$type($)"];

export const cases = [
  ...binary.map((e) => ["nothing", e]), ...calls.map((e) => ["nothing", e]), ...texts.map((e) => ["nothing", e]),
  ...shop.map((e) => ["shop", e]), ...list.map((e) => ["list", e]), ...number.map((e) => ["number", e]), ...nothing.map((e) => ["nothing", e]),
];

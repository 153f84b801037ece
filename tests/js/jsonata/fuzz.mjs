// Random expressions with the answers of jsonata.js: node fuzz.mjs SEED COUNT > cases.json
import { documents } from "./corpus.mjs";
import { outcome } from "./outcome.mjs";

const [seed, count] = process.argv.slice(2).map(Number);
let state = BigInt.asUintN(64, BigInt(seed) * 0x9e3779b97f4a7c15n + 1n);
function below(bound) {
  state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
  return Number((state >> 33n) % BigInt(bound));
}
const pick = (list) => list[below(list.length)];

// No division: after a parenthesis jsonata.js takes it for the start of a pattern.
const names = ["orders", "lines", "sku", "price", "count", "tags", "id", "customer", "people", "ann", "age", "mail", "numbers", "nested", "words", "shop", "name", "nowhere"];
const literals = ["0", "1", "2", "3.5", "-1", "'a'", "'b c'", "''", "true", "false", "[]", "[1,2,3]", "['x','y']", "{}", "{'a':1,'b':[2,3]}", "nowhere"];
const functions = ["string", "length", "uppercase", "lowercase", "trim", "abs", "floor", "ceil", "round", "boolean", "not", "exists", "sum", "max", "min", "average", "count", "reverse", "distinct", "keys", "type", "spread", "merge", "sort"];

function path(depth) {
  let text = pick(["$", "$$", "orders", "numbers", "people", "shop", "words", "nested", "orders", "orders"]);
  for (let n = below(3); n > 0; n -= 1) {
    text += pick([() => `.${pick(names)}`, () => `.${pick(names)}`, () => `.*`, () => `[${pick(["0", "-1", "1"])}]`, () => `[${pick(names)}=${pick(literals)}]`,
      () => `.(${expression(depth - 1)})`, () => `[${expression(depth - 1)}]`, () => `^(${pick(["", ">"])}${pick(names)})`, () => `{${pick(["id", "sku", "'k'"])}: ${expression(depth - 1)}}`, () => `.{'v': ${expression(depth - 1)}}`, () => `[]`])();
  }
  return text;
}

function expression(depth) {
  if (depth <= 0) return pick([() => pick(literals), () => path(0), () => pick(names)])();
  const inner = () => expression(depth - 1);
  return pick([
    () => path(depth), () => path(depth), () => pick(literals),
    () => `(${inner()} ${pick(["+", "-", "*", "%", "&", "&", "=", "!=", "<", ">", "<=", ">=", "in", "and", "or", "??", "?:"])} ${inner()})`,
    () => `$${pick(functions)}(${inner()})`, () => `$${pick(functions)}(${inner()})`,
    () => `(${inner()} ? ${inner()} : ${inner()})`, () => `[${inner()}, ${inner()}]`, () => `{'a': ${inner()}, 'b': ${inner()}}`,
    () => `($x := ${inner()}; ${pick(["$x", "[$x]", "$x & 'z'", "$count($x)", "$x.id", "$x[0]"])})`,
    () => `$map(${inner()}, function($v, $i) { ${pick(["$v", "$i", "$v & $i", "[$v]", "$v.id", "{'v': $v}"])} })`,
    () => `$filter(${inner()}, function($v) { ${pick(["$v", "$type($v)='number'", "$exists($v.id)", "true"])} })`,
    () => `$append(${inner()}, ${inner()})`, () => `$lookup(${inner()}, ${pick(["'id'", "'a'", "'name'"])})`, () => `$join(${inner()}, ',')`,
    () => `[${below(5)}..${below(7)}]`, () => `$zip(${inner()}, ${inner()})`, () => `$each(${inner()}, function($v, $k) { $k })`, () => `$sift(${inner()}, function($v) { $exists($v) })`,
  ])();
}

const lines = [];
while (lines.length < count) {
  const document = pick(["shop", "shop", "shop", "list", "number"]);
  const source = expression(1 + below(4));
  const found = await outcome(source, documents[document]);
  if (found.x !== "STEPS") lines.push(JSON.stringify({ d: document, e: source, ...found }));
}
const named = Object.entries(documents).filter(([, value]) => value !== undefined);
console.log(`{"oracle":"jsonata 2.2.2 (npm)","documents":${JSON.stringify(Object.fromEntries(named))},"cases":[\n${lines.join(",\n")}\n]}`);

// Writes the cases with the answers of jsonata.js: node cases.mjs > ../../../crates/state-machine/src/jsonata/cases.json
import { cases, documents } from "./corpus.mjs";
import { outcome } from "./outcome.mjs";

const seen = new Set();
const lines = [];
for (const [document, source] of cases) {
  const key = `${document} ${source}`;
  if (seen.has(key)) continue;
  seen.add(key);
  const found = await outcome(source, documents[document]);
  if (found.x === "STEPS") throw new Error(`does not end: ${source}`);
  lines.push(JSON.stringify({ d: document, e: source, ...found }));
}
const named = Object.entries(documents).filter(([, value]) => value !== undefined);
console.log(`{"oracle":"jsonata 2.2.2 (npm)","documents":${JSON.stringify(Object.fromEntries(named))},"cases":[\n${lines.join(",\n")}\n]}`);

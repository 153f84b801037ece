// What jsonata.js makes of an expression, in a form that can be compared.
import jsonata from "jsonata";

/** Evaluates and tells {v: value}, {u: true} for nothing or a function, or {x: code, m: message} for an error. */
export async function outcome(source, data) {
  let found;
  try {
    const expression = jsonata(source);
    let steps = 0;
    // Bounded, so that a case that never ends is told apart from one that fails.
    expression.assign("__evaluate_entry", () => {
      steps += 1;
      if (steps > 200000) throw { code: "STEPS" };
    });
    found = await expression.evaluate(data === undefined ? undefined : structuredClone(data));
  } catch (error) {
    return error?.code ? { x: error.code, m: `${error.code}: ${error.message}` } : { x: "NONE" };
  }
  if (found === undefined || typeof found === "function" || found?._jsonata_lambda || found?._jsonata_function) return { u: true };
  const text = JSON.stringify(found);
  return text === undefined ? { u: true } : { v: JSON.parse(text) };
}

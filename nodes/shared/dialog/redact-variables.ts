/** Values shorter than this are hidden only if they are a whole word. Otherwise they would hide parts of other words. */
const SHORTEST_PART = 8;

/** The properties of an answer with texts of this package. */
const OWN_WORDS = new Set([
  'state',
  'step',
  'problem',
  'fault',
  'code',
  'property',
  'variable',
  'reason',
  'kind',
  'grant',
  'flaw',
]);

/**
 * Hides the values of variables in an answer: a variable may be a credential of a flow, and a scope, a name or the text of
 * a server may repeat it.
 *
 * @param values the values by the names of their variables
 * @returns the answer with `${NAME}` in place of each value
 */
export function withoutValues(answer: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof answer === 'string') return hide(answer, values);
  if (Array.isArray(answer)) return [...new Set(answer.map((each) => withoutValues(each, values)))];
  if (typeof answer !== 'object' || answer === null) return answer;
  const entries = Object.entries(answer).map(([name, value]) => [
    name,
    OWN_WORDS.has(name) && typeof value === 'string' ? value : withoutValues(value, values),
  ]);
  return Object.fromEntries(entries);
}

function hide(text: string, values: ReadonlyMap<string, string>): string {
  let hidden = text;
  for (const [name, value] of values) {
    const parts = [value, ...value.split(/\s+/)].filter((part) => part !== '');
    if (parts.includes(hidden)) return `\${${name}}`;
    for (const part of parts) if (part.length >= SHORTEST_PART) hidden = hidden.replaceAll(part, () => `\${${name}}`);
  }
  return hidden;
}

/** Texts up to this long are parsed at once: it takes less than a frame. */
const SHORT = 1_000_000;
const PART = 250_000;

const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/**
 * Parses a live message. A long one, which only a snapshot of a large fleet is, is taken in parts with room for input and
 * drawing in between, some milliseconds each; a text that does not come apart is parsed whole. Throws what JSON.parse does.
 */
export function parseInParts(text: string): unknown | Promise<unknown> {
  return text.length <= SHORT ? JSON.parse(text) : inParts(text);
}

async function inParts(text: string): Promise<unknown> {
  const begin = text.indexOf('"data":[{');
  if (begin < 0 || !text.endsWith('}]}')) return JSON.parse(text);
  const first = begin + '"data":['.length;
  const last = text.length - ']}'.length;
  try {
    const data: unknown[] = [];
    for (let at = first; at < last; ) {
      const cut = text.indexOf('},{', Math.min(at + PART, last));
      const end = cut < 0 ? last : cut + 1;
      for (const item of JSON.parse(`[${text.slice(at, end)}]`) as unknown[]) data.push(item);
      at = end + 1;
      await nextTask();
    }
    return { ...(JSON.parse(`${text.slice(0, first)}]}`) as object), data };
  } catch {
    // A cut went through a text that looks like two rows.
    return JSON.parse(text);
  }
}

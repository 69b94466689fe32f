/** Items by key, keys in the order of their first item. */
export function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** How often each text occurs, the most frequent first. */
export const tally = (texts: Iterable<string>): Record<string, number> =>
  Object.fromEntries(
    [...grouped(texts, (text) => text)]
      .map(([text, all]): [string, number] => [text, all.length])
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)),
  );

/** The same as shares of all. */
export const shares = (texts: readonly string[]): Record<string, number> =>
  Object.fromEntries(Object.entries(tally(texts)).map(([text, n]) => [text, n / texts.length]));

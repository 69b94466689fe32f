/** JSON of a number: the shortest text that reads back as the same double; null for a missing or infinite one. */
export const jsonNumber = (value: number): string =>
  Number.isFinite(value) ? String(value === 0 ? 0 : value) : 'null';

/** Renders the values of one row as `,"name":value` for every column, so that all lines of a table have the same keys. */
export function metricLines(
  names: readonly string[],
): (ts: number, gpuUuid: string, node: string, instance: string, values: Float64Array, from: number) => string {
  const keys = names.map((name) => `,${JSON.stringify(name)}:`);
  const empty = keys.map((key) => `${key}null`);
  // Texts of a GPU are the same in every row.
  const texts = new Map<string, string>();
  const text = (content: string): string => {
    let known = texts.get(content);
    if (known === undefined) {
      known = JSON.stringify(content);
      if (texts.size < TEXTS_MAX) texts.set(content, known);
    }
    return known;
  };
  return (ts, gpuUuid, node, instance, values, from) => {
    let line = `{"ts":${jsonNumber(ts)},"gpu_uuid":${text(gpuUuid)},"node":${text(node)},"instance":${text(instance)}`;
    for (let i = 0; i < keys.length; i++) {
      const value = values[from + i] as number;
      line += Number.isFinite(value) ? (keys[i] as string) + (value === 0 ? 0 : value) : (empty[i] as string);
    }
    return `${line}}`;
  };
}

const TEXTS_MAX = 65_536;

/** A sample as it stands in an OpenMetrics text. */
export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const HEAD = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

/**
 * Reads OpenMetrics 1.0 as strictly as its specification is, for gauges and infos: throws at whatever is against it.
 */
export function readOpenMetrics(text: string): ReadSample[] {
  if (!text.endsWith('# EOF\n')) throw new Error('no # EOF at the end');
  const lines = text.slice(0, -'# EOF\n'.length).split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  const samples: ReadSample[] = [];
  const families = new Map<string, string>();
  const series = new Set<string>();
  let family = '';
  let described = new Set<string>();
  for (const line of lines) {
    const refuse = (why: string): Error => new Error(`${why}: ${line}`);
    if (line.startsWith('#')) {
      const head = HEAD.exec(line);
      if (head === null) throw refuse('neither TYPE, UNIT nor HELP');
      const [, kind = '', name = '', what = ''] = head;
      if (name !== family) {
        if (families.has(name)) throw refuse('a family in two places');
        family = name;
        described = new Set();
        families.set(name, 'unknown');
      }
      if (described.has(kind)) throw refuse('told twice');
      described.add(kind);
      if (samples.at(-1)?.name.startsWith(`${name}_info`) || samples.at(-1)?.name === name)
        throw refuse('told too late');
      if (kind === 'TYPE') {
        if (what !== 'gauge' && what !== 'info') throw refuse('another type');
        families.set(name, what);
      }
      if (kind === 'UNIT' && !name.endsWith(`_${what}`)) throw refuse('the name does not end in its unit');
      if (kind === 'HELP' && /\\(?![\\"n])/.test(what)) throw refuse('a bad escape');
      continue;
    }
    const match = SAMPLE.exec(line);
    if (match === null) throw refuse('no sample');
    const [, name = '', block = '', value = ''] = match;
    const type = families.get(family);
    if (name !== (type === 'info' ? `${family}_info` : family)) throw refuse(`not of the family ${family}`);
    if (type === 'info' && value !== '1') throw refuse('an info is 1');
    const labels: Record<string, string> = {};
    LABEL.lastIndex = 0;
    for (let at = 0; at < block.length; at = LABEL.lastIndex) {
      const pair = LABEL.exec(block);
      if (pair === null || (pair[3] === ',' && LABEL.lastIndex === block.length)) throw refuse('bad labels');
      if ((pair[1] as string) in labels) throw refuse('a label twice');
      labels[pair[1] as string] = (pair[2] as string).replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
    }
    const key = JSON.stringify([name, Object.entries(labels).sort()]);
    if (series.has(key)) throw refuse('a series twice');
    series.add(key);
    samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
  }
  return samples;
}

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

/** Parts as the soak calls them, and their manifests. */
const PARTS: Readonly<Record<string, string>> = {
  engine: 'engine',
  collector: 'collector',
  'API and live': 'api',
  'nats-server': 'nats',
  QuestDB: 'questdb',
};
const UNITS: Readonly<Record<string, number>> = { Mi: 1, MiB: 1, Gi: 1_024, GiB: 1_024 };
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Cells of a table's rows, by the first. */
function rowsOf(text: string, heading: string): ReadonlyMap<string, readonly string[]> {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    rows.map((line) => line.split('|').map((cell) => cell.trim())).map(([, first = '', ...rest]) => [first, rest]),
  );
}

function mib(text: string): number {
  const [, number = '', unit = ''] = /^([\d.,]+) ?(\w+)$/.exec(text) ?? [];
  return Number(number.replaceAll(',', '')) * (UNITS[unit] ?? Number.NaN);
}

interface Sized {
  readonly requests: { readonly memory: string };
  readonly limits: { readonly memory: string };
}

function sizeOf(name: string): Sized {
  for (const document of parseAllDocuments(read(`base/${name}.yaml`))) {
    const resources = document.getIn(['spec', 'template', 'spec', 'containers', 0, 'resources']);
    if (resources !== undefined) return (resources as { toJSON(): Sized }).toJSON();
  }
  throw new Error(`${name} asks for nothing`);
}

const told = rowsOf(read('README.md'), 'Requests');
const soaked = rowsOf(read('../reference/soak.md'), 'Processes');

it.each(Object.entries(PARTS))(
  '%s asks for what it is said to, and for no less than its measured peak',
  (part, name) => {
    const { requests, limits } = sizeOf(name);
    const [request = '', peak = ''] = told.get(part) ?? [];
    expect(mib(requests.memory)).toBe(mib(request));
    expect(mib(peak)).toBeLessThanOrEqual(mib(requests.memory));
    const [, , most = ''] = soaked.get(part) ?? [];
    expect(Number(most), 'at most, in the newest soak').toBeLessThanOrEqual(mib(requests.memory));
    expect(mib(limits.memory)).toBeGreaterThan(mib(requests.memory));
  },
);

it('tells of every part', () => {
  expect([...told.keys()].filter((part) => part !== 'part' && !part.startsWith('---'))).toEqual(Object.keys(PARTS));
});

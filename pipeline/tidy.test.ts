import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Our style as a test: what a reviewer would otherwise have to say again and again. */
const ROOT = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '');

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  readonly is_test: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g;

const sources: readonly SourceFile[] = tracked.flatMap((path) => {
  if (!/\.tsx?$/.test(path)) return [];
  let text: string;
  try {
    text = readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return [];
  }
  const imports = [...text.matchAll(IMPORT)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .map((name) => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name));
  return [{ path, text, imports, is_test: /\.(test|fixture)\.tsx?$/.test(path) }];
});
const code = sources.filter(({ is_test }) => !is_test);

/** Which folders a folder may import from, by its longest matching prefix. Packages are not judged here. */
const MAY_IMPORT: readonly (readonly [string, readonly string[]])[] = [
  ['pipeline/contract/', ['pipeline/contract/']],
  ['operators/', ['operators/', 'pipeline/contract/']],
  ['operators/novelty/', ['operators/', 'models/', 'pipeline/contract/']],
  ['models/', ['models/', 'pipeline/contract/']],
  ['sinks/', ['sinks/', 'pipeline/contract/', 'pipeline/clock.ts', 'pipeline/line-splitter.ts']],
  [
    'server/web/',
    [
      'server/web/',
      'server/schemas',
      'server/client/',
      'server/console-pages.ts',
      'server/live-client.ts',
      'pipeline/contract/',
    ],
  ],
  ['pipeline/bus/', ['pipeline/bus/', 'pipeline/contract/', 'pipeline/clock.ts']],
];

const DOORS: readonly (readonly [RegExp, string])[] = [
  [/^@nats-io\//, 'pipeline/bus/'],
  [/^(pg|@questdb\/nodejs-client)$/, 'sinks/questdb/'],
  [/^(uWebSockets\.js|ws)$/, 'sinks/live/'],
];

/** What our own chain is measured against knows the libraries directly, and so does what users are shown. */
const OUTSIDERS = ['bench/bare-chain/', 'bench/k6/', 'bench/chaos/', 'deploy/examples/'];

const LINES_MAX = 300;
/** Tests that need the real services share one start of them, so their files may be somewhat longer. */
const LINES_MAX_SERVICES = 400;

describe('tidy', () => {
  it('lets imports point one way', () => {
    const wrong = code.flatMap(({ path, imports }) => {
      const rule = MAY_IMPORT.filter(([folder]) => path.startsWith(folder)).sort(
        (a, b) => b[0].length - a[0].length,
      )[0];
      if (!rule) return [];
      return imports
        .filter(
          (name) => sources.some((file) => file.path === name) && !rule[1].some((allowed) => name.startsWith(allowed)),
        )
        .map((name) => `${path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has one door each for NATS, QuestDB and the sockets', () => {
    const wrong = code.flatMap(({ path, imports }) =>
      imports
        .filter((name) =>
          DOORS.some(
            ([pattern, folder]) =>
              pattern.test(name) && ![folder, ...OUTSIDERS].some((allowed) => path.startsWith(allowed)),
          ),
        )
        .map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no drawers and no barrels', () => {
    const wrong = tracked.filter(
      (path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.[a-z]+$)/.test(path) || /(^|\/)index\.tsx?$/.test(path),
    );
    expect(wrong).toEqual([]);
  });

  it(`keeps files under ${LINES_MAX} lines`, () => {
    const wrong = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(
        ({ path, lines }) =>
          lines > (path.endsWith('.it.test.ts') ? LINES_MAX_SERVICES : LINES_MAX) &&
          !path.includes('generated') &&
          !LONG_FOR_A_REASON.has(path),
      );
    expect(wrong).toEqual([]);
  });

  it('asks for time and chance only in the clock and the simulator', () => {
    const wrong = code
      .filter(
        ({ path }) => path !== 'pipeline/clock.ts' && !path.startsWith('bench/') && !path.startsWith('server/web/'),
      )
      .filter(({ text }) =>
        /\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(|\bnew Date\(\)/.test(withoutComments(text)),
      )
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  it('leaves nothing for later and silences nothing', () => {
    const leftovers = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', '@ts-' + 'ignore', '@ts-' + 'nocheck', String.raw`\bas a` + String.raw`ny\b`].join(
        '|',
      ),
    );
    const focused = /\b(it|describe|test)\.(only|skip)\(/;
    const wrong = sources.filter(({ text }) => leftovers.test(text) || focused.test(text)).map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const wrong = sources
      .map(({ path }) => basename(path))
      .filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.tsx?$/.test(name));
    expect(wrong).toEqual([]);
  });

  it('exports nothing that nobody uses', () => {
    const places = new Map<string, number>();
    for (const { text } of sources) {
      for (const word of new Set(text.match(/\w+/g))) places.set(word, (places.get(word) ?? 0) + 1);
    }
    const wrong = code.flatMap(({ path, text }) => {
      const names = [...text.matchAll(/^export (?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm)].map(
        (match) => match[1] as string,
      );
      return names
        .filter((name) => places.get(name) === 1)
        .filter((name) => !usedInOwnSignature(text, name))
        .map((name) => `${path}: ${name}`);
    });
    expect(wrong.filter((entry) => !entry.startsWith('bench/'))).toEqual([]);
  });
});

/** Files whose one idea is a long table. */
const LONG_FOR_A_REASON: ReadonlySet<string> = new Set([]);

/** Types that an exported thing is made of are part of its interface although only named here. */
function usedInOwnSignature(text: string, name: string): boolean {
  const declared = new RegExp(`^export (interface|type) ${name}\\b`, 'm').test(text);
  return declared && (text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length > 1;
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

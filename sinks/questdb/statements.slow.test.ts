import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { walkStatements } from './statement-walk.fixture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OURS = /^(sinks|server|pipeline|operators|models|deploy)\//;

/** Each looks at what it is given, or binds it. Whoever adds one says why in a comment at it. */
const MAKERS = new Set([
  'sinks/questdb/select-rows.ts#quoted',
  'sinks/questdb/select-rows.ts#bind',
  'sinks/questdb/select-rows.ts#where',
  'sinks/questdb/convert-cold-partitions.ts#partitionLiteral',
  'server/security/tenant-database.ts#scopedStatement',
]);

/** A little project that sees the real database, of one file. */
const folder = mkdtempSync(join(tmpdir(), 'vitals-statements-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tsconfig = join(folder, 'tsconfig.json');
const compilerOptions = {
  strict: true,
  target: 'es2023',
  module: 'nodenext',
  allowImportingTsExtensions: true,
  types: [],
};
writeFileSync(tsconfig, JSON.stringify({ compilerOptions: { ...compilerOptions, noEmit: true }, include: ['*.ts'] }));

function faultsOf(source: string): readonly string[] {
  const head =
    `import type { Database } from '${ROOT}pipeline/contract/database.ts';` +
    `import { conditions, quoted } from '${ROOT}sinks/questdb/select-rows.ts';\ndeclare const database: Database;\n`;
  writeFileSync(join(folder, 'asked.ts'), head + source);
  const wanted = (path: string): boolean => path.endsWith('/asked.ts');
  return walkStatements({ tsconfig, wanted, makers: MAKERS, doors: new Set() }).faults;
}

describe('statements to the database', () => {
  it('hold only what is spelled in the source, quoted names and numbers of parameters', () => {
    const { statements, faults } = walkStatements({
      tsconfig: `${ROOT}tsconfig.json`,
      wanted: (path) => OURS.test(path.slice(ROOT.length)) && !/\.(test|fixture)\.ts$/.test(path),
      makers: MAKERS,
      doors: new Set(['sinks/questdb/connect-database.ts#query']),
    });
    expect(faults).toEqual([]);
    // The walk would find nothing wrong with none.
    expect(statements).toBeGreaterThan(90);
  });

  it.each([
    ['a parameter', `export const read = (name: string) => database.query(\`SELECT \${name}\`);`, 'name'],
    ['a sum', "export const read = (name: string) => database.query('SELECT ' + name);", 'name'],
    [
      'a variable',
      `const f = (a: string) => { const s = \`SELECT \${a}\`; return database.query(s); };\nf(process.argv[2]!);`,
      'process.argv[2]!',
    ],
    [
      'a caller',
      `function f(a: string) { return database.query(a); }\nf(\`DROP \${globalThis.name}\`);`,
      'globalThis.name',
    ],
    [
      'a function',
      `const g = (a: string) => \`x = \${a}\`;\nexport const f = (a: string) => database.query(g(a));`,
      'a',
    ],
    ['a list', `export const f = (a: string[]) => database.query(a.map((one) => \`'\${one}'\`).join(','));`, 'a'],
    [
      'an appended part',
      "export const f = (a: string) => { const l = ['x']; l.push(a); return database.query(l.join(' ')); };",
      'a',
    ],
    [
      'a member',
      'interface P { s: string }\nexport const f = (s: string) => { const p: P = { s: s.trim() };\nreturn database.query(p.s); };',
      's',
    ],
    ['a choice', `export const f = (a: string | null) => database.query(\`SELECT 1 \${a === null ? '' : a}\`);`, 'a'],
    ['a default', `export const f = (a?: string) => database.query(\`SELECT \${a ?? 'ts'}\`);`, 'a'],
    ['what changes', "export function f(a: string) { let s = 'x'; s += a; return database.query(s); }", 's'],
    ['a condition', `export const f = (a: string) => conditions().addText(\`a = '\${a}'\`);`, 'a'],
    [
      'a function that is handed on',
      `const q = (a: string) => \`"\${a}"\`;\nexport const f = (a: string[]) => database.query(a.map(q).join());`,
      'a',
    ],
    [
      'what somebody else makes',
      'export const f = (a: string) => database.query(encodeURIComponent(a));',
      'encodeURIComponent(a)',
    ],
    [
      'an address',
      `export const f = (sql: string) => fetch(\`http://x/exec?query=\${encodeURIComponent(sql)}\`);`,
      'sql',
    ],
  ])('are found out when they hold %s', (_, source, text) => {
    const faults = faultsOf(source);
    expect(faults).toEqual([expect.stringMatching(/^asked\.ts:\d+ /)]);
    expect(faults[0]?.replace(/^\S+ /, '')).toBe(text);
  });

  it('may hold names, numbers and what is ours', () => {
    const source = `
      interface Rank { readonly sql: string }
      const rank = (name: string): Rank => ({ sql: quoted(name) });
      export function f(names: string[], order: 'ASC' | 'DESC', limit: number, at: string) {
        const found = conditions();
        found.add('ts', '>=', new Date(at));
        found.addText(\`a = \${found.bind(at)}\`);
        const parts = ['1'];
        parts.push(\`\${limit}\`, ...names.map(quoted));
        const places = names.map((_, i) => \`$\${i + 1}\`);
        const { sql } = rank(at);
        return database.query(
          \`SELECT \${parts.join()} FROM \${quoted(at).slice(1, -1)}\${found.where()} AND x IN (\${places.join(', ')})\` +
            \` AND ts < '\${new Date(at).toISOString()}' ORDER BY \${sql} \${order}\`,
        );
      }`;
    expect(faultsOf(source)).toEqual([]);
  });
});

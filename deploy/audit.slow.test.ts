import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const audit = (...args: string[]) =>
  spawnSync(process.execPath, ['deploy/audit.mjs', ...args], { cwd: ROOT, encoding: 'utf8' });

describe('known holes in packages', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitals-audit-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const hole = (severity: string, fixAvailable: boolean) => ({ x: { name: 'x', severity, range: '<2', fixAvailable } });
  it.each([
    [{ vulnerabilities: {} }, 0, ''],
    [{ vulnerabilities: hole('moderate', true) }, 0, ''],
    [{ vulnerabilities: hole('high', true) }, 1, 'high: x <2, mended by `npm audit fix`\n'],
    [{ vulnerabilities: hole('critical', false) }, 1, 'critical: x <2, not mended yet\n'],
    [{ error: { code: 'ENOAUDIT', summary: 'no' } }, 2, 'not looked at: the registry does not answer ENOAUDIT no\n'],
    [{ message: 'odd' }, 2, 'not looked at: an answer of another form\n'],
    ['<html>', 2, 'not looked at: no answer\n'],
  ])('%j ends with %i', (answer, status, stderr) => {
    const path = join(folder, 'answer.json');
    writeFileSync(path, typeof answer === 'string' ? answer : JSON.stringify(answer));
    const said = audit('--answer', path);
    expect([said.status, said.stderr]).toEqual([status, stderr]);
  });

  // Skipped where the registry cannot be asked.
  it('there are none', ({ skip }) => {
    const { status, stderr } = audit();
    if (status === 2) skip(stderr.trim());
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('scripts of packages', () => {
  /** What runs on its own when packages are installed. Nothing of ours needs any. */
  const ON_INSTALL = ['preinstall', 'install', 'postinstall'];
  const ALLOWED: readonly string[] = [];

  interface Locked {
    readonly hasInstallScript?: boolean;
  }

  it('none is run by an installation: not by the word of the lockfile', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, Locked>;
    };
    const scripted = Object.entries(packages).flatMap(([path, one]) => (one.hasInstallScript ? [path] : []));
    expect(scripted.filter((path) => !ALLOWED.includes(path))).toEqual([]);
  });

  it('nor by what lies in node_modules', () => {
    const modules = join(ROOT, 'node_modules');
    const names = readdirSync(modules)
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) =>
        name.startsWith('@') ? readdirSync(join(modules, name)).map((one) => join(name, one)) : [name],
      );
    expect(names.length).toBeGreaterThan(100);
    const scripted = names.filter((name) => {
      const read = (): string => readFileSync(join(modules, name, 'package.json'), 'utf8');
      const { scripts = {} } = JSON.parse(read()) as { scripts?: Record<string, string> };
      return ON_INSTALL.some((script) => scripts[script] !== undefined);
    });
    expect(scripted.filter((name) => !ALLOWED.includes(name))).toEqual([]);
  });

  it('and versions are pinned: every package has its hash', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { readonly integrity?: string; readonly link?: boolean }>;
    };
    const loose = Object.entries(packages).filter(
      ([path, one]) => path !== '' && !one.link && one.integrity === undefined,
    );
    expect(loose.map(([path]) => path)).toEqual([]);
  });

  it('and what is asked for directly has one version, for those too who install without our lockfile', () => {
    const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
    const { dependencies, devDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
    const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(npm:[\w.-]+@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(ranges).toEqual([]);
  });
});

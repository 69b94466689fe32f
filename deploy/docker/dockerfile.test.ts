import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(new URL('Dockerfile', import.meta.url), 'utf8');
const ignored = readFileSync(new URL('Dockerfile.dockerignore', import.meta.url), 'utf8').split('\n');

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const instructions: Instruction[] = text
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .flatMap((line) => {
    const parts = /^([A-Z]+)\s+(.*)$/.exec(line.trim());
    return parts ? [{ name: parts[1] ?? '', rest: (parts[2] ?? '').trim() }] : [];
  });
const of = (name: string): string[] => instructions.filter((one) => one.name === name).map(({ rest }) => rest);
/** Instructions from the last FROM on. */
const last = instructions.slice(instructions.map(({ name }) => name).lastIndexOf('FROM'));
const copies = (of('COPY') as string[]).map((rest) => {
  const words = rest.split(/\s+/);
  return {
    flags: words.filter((word) => word.startsWith('--')),
    paths: words.filter((word) => !word.startsWith('--')),
  };
});

describe('Dockerfile', () => {
  it('copies what is there, and what its builder is handed', () => {
    for (const { flags, paths } of copies) {
      if (flags.some((flag) => flag.startsWith('--from='))) continue;
      for (const path of paths.slice(0, -1)) {
        expect(existsSync(join(ROOT, path)), path).toBe(true);
        expect(ignored, path).toContain(`!${path.split('/')[0]}`);
      }
    }
  });

  it('takes into the image only what was built', () => {
    const taken = copies
      .filter(({ flags }) => flags.includes('--from=build'))
      .flatMap(({ paths }) => paths.slice(0, -1));
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] };
    for (const file of files) expect(taken).toContain(`/src/${file}`);
    expect(taken).toContain('/src/sbom.cdx.json');
  });

  it('builds on a base of a given version that the package allows', () => {
    const [, version = ''] = /node:(\d+\.\d+\.\d+)-/.exec(of('ARG')[0] ?? '') ?? [];
    expect(Number(version.split('.')[0])).toBeGreaterThanOrEqual(20);
    expect(new Set(of('FROM').map((rest) => rest.split(' ')[0]))).toEqual(new Set([`\${NODE_IMAGE}`]));
  });

  it('runs no install script, and none of our packages has one', () => {
    for (const [npm] of text.matchAll(/npm (ci|prune)[^\\\n]*/g)) expect(npm).toContain('--ignore-scripts');
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>;
    };
    const scripts = Object.entries(lock.packages).filter(([name, one]) => name !== '' && one.hasInstallScript === true);
    expect(scripts.map(([name]) => name)).toEqual([]);
  });

  it('is not root, has a health check, and starts what is there', () => {
    const names = last.map(({ name }) => name);
    expect(last.find(({ name }) => name === 'USER')?.rest).toBe('1000:1000');
    expect(names.lastIndexOf('USER')).toBeGreaterThan(names.lastIndexOf('RUN'));
    expect(of('HEALTHCHECK')).toHaveLength(1);
    const entry = JSON.parse(of('ENTRYPOINT')[0] ?? '[]') as string[];
    const source = entry[1]?.replace('/app/dist/', '').replace(/\.js$/, '.ts') ?? '';
    expect(existsSync(join(ROOT, source)), source).toBe(true);
    const health = readFileSync(join(ROOT, 'deploy/docker/health.mjs'), 'utf8');
    const [, built = ''] = /import '\.\/dist\/(.*)\.js';/.exec(health) ?? [];
    expect(existsSync(join(ROOT, `${built}.ts`)), built).toBe(true);
  });

  it('has no secrets, and leaves out what may hold some', () => {
    expect([...of('ENV'), ...of('ARG')].join(' ')).not.toMatch(/password|token|secret|_key/i);
    for (const line of ['*', '**/.env', '**/secrets', '**/*.key', '**/*.pem']) expect(ignored).toContain(line);
  });
});

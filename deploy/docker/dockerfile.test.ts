import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

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
/** Where it is built. */
const FOLDER = of('WORKDIR')[0] ?? '';
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
    for (const file of files) expect(taken).toContain(`${FOLDER}/${file}`);
    expect(taken).toContain(`${FOLDER}/sbom.cdx.json`);
  });

  it('builds in a stage of its own, and ships nothing of it but what is named', () => {
    expect(of('FROM').map((rest) => rest.split(/ AS /i)[1])).toEqual(['build', undefined]);
    const shipped = last.filter(({ name }) => name === 'COPY' || name === 'ADD').map(({ rest }) => rest);
    for (const rest of shipped) expect(rest).toMatch(/^(--from=build )?--chown=0:0 \S+/);
    const paths = shipped.flatMap((rest) => rest.split(/\s+/).filter((word) => !word.startsWith('--')));
    expect(paths).not.toContain(FOLDER);
    expect(last.map(({ rest }) => rest).join(' ')).not.toMatch(/npm|apt-get|curl|wget/);
  });

  it('has the folder of the data with its owner, so that a new volume has him too', () => {
    const [, uid, gid, mode, folder] =
      /^install -d -o (\d+) -g (\d+) -m (\d+) (\S+)$/.exec(of('RUN').at(-1) ?? '') ?? [];
    expect(of('USER')).toEqual([`${uid}:${gid}`]);
    expect(mode).toBe('0700');
    expect(of('VOLUME')).toEqual([folder]);
    expect(of('ENV').join(' ')).toContain(`GPU_VITALS_DATA=${folder}`);
    const order = last.map(({ name }) => name);
    expect(order.indexOf('VOLUME'), 'what a step does to a volume is lost').toBeGreaterThan(order.lastIndexOf('RUN'));
  });

  it('ships a bill of materials with our name and what is in the image', (context) => {
    const line = of('RUN').find((rest) => rest.includes('npm sbom')) ?? '';
    const file = line.split('>')[1]?.trim() ?? '';
    const parent = mkdtempSync(join(tmpdir(), 'gpu-vitals-sbom-'));
    onTestFinished(() => rmSync(parent, { recursive: true }));
    const folder = join(parent, basename(FOLDER));
    mkdirSync(folder);
    for (const one of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, one), join(folder, one));
    const [major = 0] = spawnSync('npm', ['--version'], { encoding: 'utf8' }).stdout.split('.').map(Number);
    if (major < 10) return context.skip(`npm ${major} makes no bills of materials; 10 does`);
    const env = { ...process.env, npm_config_offline: 'true' };
    const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8', env });
    expect(status, `${line}: ${stderr}`).toBe(0);
    const told = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      bomFormat: string;
      metadata: { component: { name: string; type: string; version: string; purl: string } };
      components: { purl: string }[];
    };
    const ours = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
      dependencies: Record<string, string>;
    };
    expect(told.bomFormat).toBe('CycloneDX');
    expect(told.metadata.component).toMatchObject({
      type: 'application',
      name: 'gpu-vitals',
      version: ours.version,
      purl: `pkg:npm/gpu-vitals@${ours.version}`,
    });
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { name?: string; version: string; dev?: boolean }>;
    };
    const purlOf = (path: string): string => {
      const { name = path.split('node_modules/').at(-1) ?? '', version = '' } = packages[path] ?? {};
      return `pkg:npm/${name.replace('@', '%40')}@${version}`;
    };
    const named = told.components.map(({ purl }) => purl);
    for (const name of Object.keys(ours.dependencies)) expect(named).toContain(purlOf(`node_modules/${name}`));
    const shipped = Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true);
    expect(named.toSorted()).toEqual([...new Set(shipped.map(purlOf))].toSorted());
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

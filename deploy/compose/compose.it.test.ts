import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { GO_BUILD_MAX_MS, type Had, hadProgram } from '../go-program.fixture.ts';
import { COMPOSE_SPEC } from '../go-program.ts';

const whole = readFileSync(fileURLToPath(new URL('compose.yaml', import.meta.url)), 'utf8');
const SECRETS = ['NATS_PASSWORD', 'QUESTDB_PASSWORD', 'QUESTDB_READONLY_PASSWORD', 'GRAFANA_PASSWORD'];
/** The program knows no values of variables, so that only whether there has to be one can be asked with them. */
const AS_WRITTEN = ['--no-interpolation'];
let reader: Had;
let folder = '';

beforeAll(async () => {
  reader = await hadProgram(COMPOSE_SPEC);
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-compose-'));
}, GO_BUILD_MAX_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Project {
  readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string>> }>>;
}

/** What Compose makes of a text; or what it says is wrong. */
function read(context: TestContext, text: string, words: readonly string[] = AS_WRITTEN): Project | string {
  if ('why' in reader) return context.skip(reader.why);
  const path = join(folder, 'compose.yaml');
  writeFileSync(path, text);
  const asked = ['--format', 'json', ...words, path];
  const { status, stdout, stderr } = spawnSync(reader.path, asked, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as Project) : stderr;
}

describe('compose.yaml, read by Compose', () => {
  it('is what Compose takes, each service with what all of its kind have', (context) => {
    const project = read(context, whole);
    if (typeof project === 'string') expect.fail(project);
    const { 'collector-a': a, 'collector-b': b, 'api-a': api, 'engine-cluster': engine } = project.services;
    expect(a?.environment).toEqual(b?.environment);
    expect(a?.environment).toMatchObject({ GPU_VITALS_COLLECTOR_CLUSTER: 'true' });
    expect(api?.environment).toMatchObject({ GPU_VITALS_API: '0.0.0.0:8080' });
    for (const server of 'abc') {
      const { NATS_ROUTES = '' } = project.services[`nats-${server}`]?.environment ?? {};
      const routes = ['a', 'b', 'c'].map((one) => `nats://gpu-vitals:\${NATS_PASSWORD}@nats-${one}:6222`);
      expect(JSON.parse(NATS_ROUTES)).toEqual(routes);
    }
    for (const one of [a, api, engine]) {
      expect(one?.environment?.GPU_VITALS_STREAM_REPLICAS).toBe('3');
      for (const server of 'abc') expect(one?.environment?.GPU_VITALS_NATS).toContain(`@nats-${server}:4222`);
    }
  });

  it('starts nothing without its secrets', (context) => {
    const told = read(context, whole, []);
    for (const name of SECRETS) expect(told).toContain(`required variable ${name} is missing a value: set ${name}`);
  });

  it.for([
    ['a misspelt field', 'depends_on:', 'depend_on:', /depend_on/],
    ['a field of another kind', 'read_only: true', 'read_only: [1]', /read_only must be a boolean/],
    ['a condition that nobody knows', 'condition: service_healthy', 'condition: service_well', /condition/],
    ['a time that is none', 'interval: 10s', 'interval: { s: 10 }', /interval/],
  ] as const)('finds %s', ([, good, bad, why], context) => {
    expect(whole).toContain(good);
    expect(read(context, whole.replace(good, bad))).toMatch(why);
  });
});

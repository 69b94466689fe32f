import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { GO_BUILD_MAX_MS, type Had, hadProgram } from '../go-program.fixture.ts';
import { KUBECONFORM, KUSTOMIZE } from '../go-program.ts';
import { findProgram } from '../services/find-program.ts';

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    readonly template?: { readonly spec: { readonly containers: readonly { readonly env?: readonly Variable[] }[] } };
  };
}
interface Variable {
  readonly name: string;
  readonly value?: string;
}

const DIR = fileURLToPath(new URL('.', import.meta.url));
const SCHEMAS = join(DIR, 'schemas', 'generated', '{{.ResourceKind}}.json');
const OVERLAYS = readdirSync(join(DIR, 'overlays'));
const COMPONENTS = readdirSync(join(DIR, 'components'));
const made: string[] = [];
let renderer: Had;
/** What stands before the folder. */
let words: readonly string[] = ['build'];
let judge: Had;

beforeAll(async () => {
  const kubectl = findProgram('kubectl', process.env);
  if (kubectl !== null && findProgram(KUSTOMIZE.name, process.env) === null) {
    renderer = { path: kubectl };
    words = ['kustomize'];
  } else renderer = await hadProgram(KUSTOMIZE);
  judge = await hadProgram(KUBECONFORM);
}, GO_BUILD_MAX_MS);
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function pathOf(had: Had, context: TestContext): string {
  if ('why' in had) return context.skip(had.why);
  return had.path;
}

function rendered(folder: string, context: TestContext): { readonly text: string; readonly resources: Resource[] } {
  const { status, stdout, stderr } = spawnSync(pathOf(renderer, context), [...words, folder], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return { text: stdout, resources: parseAllDocuments(stdout).map((one) => one.toJS() as Resource) };
}

/** An overlay with a component that is not in it. */
function withComponent(overlay: string, component: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-kustomize-'));
  made.push(folder);
  const lines = [
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    'namespace: gpu-vitals',
    `resources: ['${relative(folder, join(DIR, 'overlays', overlay))}']`,
    `components: ['${relative(folder, join(DIR, 'components', component))}']`,
  ];
  writeFileSync(join(folder, 'kustomization.yaml'), lines.join('\n'));
  return folder;
}

/** What is wrong with resources, by the API's schemas; fields that they do not know are. */
function problems(text: string, context: TestContext): unknown[] {
  const asked = ['-strict', '-summary', '-output', 'json', '-schema-location', SCHEMAS];
  const { stdout, stderr } = spawnSync(pathOf(judge, context), asked, { encoding: 'utf8', input: text });
  expect(stderr).toBe('');
  const told = JSON.parse(stdout) as { resources: unknown[]; summary: Record<string, number> };
  expect(told.summary.skipped).toBe(0);
  expect(told.summary.valid).toBe(parseAllDocuments(text).length - told.resources.length);
  return told.resources;
}

const envOf = (resources: readonly Resource[], name: string): Record<string, string | undefined> => {
  const one = resources.find(({ spec, metadata }) => spec?.template !== undefined && metadata.name === name);
  const { env = [] } = one?.spec?.template?.spec.containers[0] ?? {};
  return Object.fromEntries(env.map((variable) => [variable.name, variable.value]));
};
const replicasOf = (resources: readonly Resource[], kind: string, name: string): number | undefined =>
  resources.find((one) => one.kind === kind && one.metadata.name === name)?.spec?.replicas;

describe('kubernetes, rendered', () => {
  it.for(OVERLAYS)('%s is what the API takes, all of it in one namespace', (overlay, context) => {
    const { text, resources } = rendered(join(DIR, 'overlays', overlay), context);
    expect(problems(text, context)).toEqual([]);
    expect(resources.filter(({ kind }) => kind === 'StatefulSet').length).toBe(4);
    expect(new Set(resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(resources.length);
    for (const { kind, metadata } of resources) {
      if (kind !== 'Namespace')
        expect([kind, metadata.name, metadata.namespace]).toEqual([kind, metadata.name, 'gpu-vitals']);
    }
    // An engine does everything unless it shares the groups: two of them would do it twice; likewise a collector.
    const cluster = overlay === 'cluster';
    expect(envOf(resources, 'engine').GPU_VITALS_CLUSTER).toBe(cluster ? 'true' : undefined);
    expect(envOf(resources, 'collector').GPU_VITALS_COLLECTOR_CLUSTER).toBe(cluster ? 'true' : undefined);
    expect(replicasOf(resources, 'StatefulSet', 'engine')).toBe(cluster ? 4 : 1);
    expect(replicasOf(resources, 'StatefulSet', 'collector')).toBe(cluster ? 2 : 1);
    expect(resources.map(({ kind }) => kind)).not.toContain('ScaledObject');
  });

  it('keeps what any role makes on as many servers as the cluster has', (context) => {
    const { resources } = rendered(join(DIR, 'overlays', 'cluster'), context);
    expect(replicasOf(resources, 'StatefulSet', 'nats')).toBe(3);
    const routes = ['nats-0', 'nats-1', 'nats-2'].map((pod) => `nats://gpu-vitals:$(NATS_PASSWORD)@${pod}.nats:6222`);
    expect(JSON.parse(envOf(resources, 'nats').NATS_ROUTES ?? '')).toEqual(routes);
    for (const role of ['api', 'collector', 'engine']) {
      expect([role, envOf(resources, role).GPU_VITALS_STREAM_REPLICAS]).toEqual([role, '3']);
    }
  });

  it.for(COMPONENTS)('component %s is what the API takes', (component, context) => {
    const overlay = component === 'keda' ? 'cluster' : 'all-in-one';
    const { text, resources } = rendered(withComponent(overlay, component), context);
    expect(problems(text, context)).toEqual([]);
    const { resources: without } = rendered(join(DIR, 'overlays', overlay), context);
    // It adds something, or changes what is there.
    expect(resources.length).toBeGreaterThanOrEqual(without.length);
    expect(resources).not.toEqual(without);
    for (const { spec } of resources) {
      const scaled = spec?.scaleTargetRef;
      if (scaled !== undefined) expect(replicasOf(resources, scaled.kind, scaled.name)).toBeDefined();
    }
  });

  it('lets every part speak TLS with NATS, also with three servers', (context) => {
    const { text, resources } = rendered(withComponent('cluster', 'nats-tls'), context);
    expect(problems(text, context)).toEqual([]);
    for (const role of ['api', 'collector', 'engine']) {
      expect(envOf(resources, role).GPU_VITALS_NATS).toBe(
        'tls://gpu-vitals:$(NATS_PASSWORD)@nats:4222?ca=/etc/nats-ca/ca.crt&handshake=first',
      );
    }
    const [config] = resources.filter(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('nats-'),
    );
    expect(config?.data?.['nats.conf']).toContain('include route-tls.conf');
    expect(config?.data?.['route-tls.conf']).toContain('ca_file: /etc/nats-tls/ca.crt');
    expect(config?.data?.['client-tls.conf']).toContain('cert_file: /etc/nats-tls/tls.crt');
  });

  it('the service of the exporters is what the API takes', (context) => {
    const { text, resources } = rendered(join(DIR, 'exporters'), context);
    expect(problems(text, context)).toEqual([]);
    const { name, namespace } = resources[0]?.metadata ?? {};
    const base = rendered(join(DIR, 'base'), context).resources;
    expect(envOf(base, 'collector').GPU_VITALS_TARGETS).toBe(`dns+http://${name}.${namespace}.svc:9400/metrics`);
  });

  it.for([
    ['a misspelt field', /readinessProbe:/, 'readynessProbe:'],
    ['a text where a number belongs', /periodSeconds: 15/, 'periodSeconds: often'],
    ['a kind that nobody knows', /kind: StatefulSet/, 'kind: StatefullSet'],
  ] as const)('finds %s', ([, good, bad], context) => {
    const { text } = rendered(join(DIR, 'base'), context);
    expect(text).toMatch(good);
    expect(problems(text.replace(good, bad), context)).toHaveLength(1);
  });
});

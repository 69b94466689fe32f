import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { CONFIG_KEYS } from '../../pipeline/config-schema.ts';
import { NATS_IMAGE, QUESTDB_IMAGE } from '../services/pinned.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly startupProbe?: { readonly exec?: unknown };
  readonly livenessProbe?: { readonly exec?: unknown };
  readonly readinessProbe?: { readonly exec?: unknown };
  readonly resources: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly securityContext: Record<string, unknown>;
}
interface Selector {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly { readonly values: readonly string[] }[];
}
interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  readonly spec?: {
    readonly replicas?: number;
    readonly template: { readonly spec: Record<string, unknown> & { readonly containers: readonly Container[] } };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly selector: Record<string, string> & { readonly matchLabels?: Record<string, string> };
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly {
      readonly from: readonly Peer[];
      readonly ports: readonly { readonly port: number }[];
    }[];
    readonly egress?: readonly { readonly to: readonly Peer[]; readonly ports: readonly { readonly port: number }[] }[];
    readonly ports?: readonly { readonly targetPort: string }[];
  };
}

const DIR = fileURLToPath(new URL('.', import.meta.url));
const files = (readdirSync(DIR, { recursive: true }) as string[]).filter((path) => path.endsWith('.yaml'));
const kustomizations = files.filter((path) => path.endsWith('kustomization.yaml'));
const resources = files
  .filter((path) => !path.endsWith('kustomization.yaml'))
  .flatMap((path) => parseAllDocuments(readFileSync(join(DIR, path), 'utf8')).map((one) => one.toJS() as Resource));
const workloads = resources.filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment');
const named = (kind: string): string[] =>
  resources.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);

const PART = 'app.kubernetes.io/name';
const NAMESPACE = 'kubernetes.io/metadata.name';
const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy');
const partsOf = ({ matchLabels = {}, matchExpressions = [] }: Selector): string[] =>
  [matchLabels[PART] ?? [], matchExpressions.flatMap(({ values }) => values)].flat();
const written = ({ namespaceSelector, podSelector, ipBlock }: Peer): string =>
  [
    ...Object.entries(namespaceSelector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...Object.values(podSelector?.matchLabels ?? {}),
    ...(ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? []).map((one) => `but ${one}`)]),
  ].join(' ');
/** Whom a policy lets its pods call, and where. */
const calls = ({ spec }: Resource): Record<string, number[]> =>
  Object.fromEntries(
    (spec?.egress ?? []).flatMap(({ to, ports }) => to.map((peer) => [written(peer), ports.map(({ port }) => port)])),
  );

describe('kubernetes', () => {
  it.each(kustomizations)('%s names what is there', (path) => {
    const { resources: own = [], components = [] } = parse(readFileSync(join(DIR, path), 'utf8')) as {
      resources?: string[];
      components?: string[];
    };
    for (const one of [...own, ...components]) expect(existsSync(join(DIR, dirname(path), one)), one).toBe(true);
  });

  it.each(workloads.map((one) => [one.metadata.name, one] as const))(
    '%s meets the restricted standard',
    (name, one) => {
      const pod = one.spec?.template.spec;
      expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod?.automountServiceAccountToken).toBe(false);
      const volumes = [
        ...((pod?.volumes ?? []) as { name: string }[]).map((volume) => volume.name),
        ...(one.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
      ];
      for (const container of pod?.containers ?? []) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(container.resources.requests ?? {})).toEqual(['cpu', 'memory']);
        expect(container.resources.limits?.memory).toBeDefined();
        expect(container.livenessProbe, name).toBeDefined();
        expect(container.readinessProbe, name).toBeDefined();
        for (const mount of container.volumeMounts ?? []) expect(volumes).toContain(mount.name);
        for (const { name: key, valueFrom } of container.env ?? []) {
          if (/PASSWORD|TOKEN/.test(key)) expect(valueFrom, key).toBeDefined();
        }
      }
    },
  );

  it('has a budget and a network policy for every workload of the base, and closes everything else', () => {
    const base = workloads.map(({ metadata }) => metadata.name).filter((name) => name !== 'grafana');
    expect(named('PodDisruptionBudget').toSorted()).toEqual(base.toSorted());
    for (const { metadata } of workloads) expect(named('NetworkPolicy')).toContain(metadata.name);
    const closed = resources.find(({ metadata }) => metadata.name === 'nothing-else');
    expect(closed?.spec?.podSelector).toEqual({});
  });

  it('lets in from other namespaces only who is named', () => {
    const opened = resources
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .flatMap(({ metadata, spec }) =>
        (spec?.ingress ?? []).flatMap(({ from, ports }) =>
          from.map((peer) => ({ name: metadata.name, ...peer, ports: ports.map(({ port }) => port) })),
        ),
      );
    const inside = opened.filter(({ namespaceSelector }) => namespaceSelector === undefined);
    // Servers of a cluster read and write everything.
    expect(inside.filter(({ ports }) => ports.includes(6222)).map(({ podSelector }) => podSelector)).toEqual([
      { matchLabels: { 'app.kubernetes.io/name': 'nats' } },
    ]);
    const prometheus = { 'app.kubernetes.io/name': 'prometheus' };
    const outside = opened.filter(({ namespaceSelector }) => namespaceSelector !== undefined);
    expect(
      outside.map(({ name, namespaceSelector, podSelector, ports }) => [
        name,
        namespaceSelector?.matchLabels,
        podSelector?.matchLabels,
        ports,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['api', { [NAMESPACE]: 'ingress-nginx' }, undefined, [8080, 8081]],
        ['api', { 'gpu-vitals/ingress': 'true' }, undefined, [8080, 8081]],
        ['api', { [NAMESPACE]: 'monitoring' }, prometheus, [8080]],
        ['api', { 'gpu-vitals/monitoring': 'true' }, prometheus, [8080]],
        ['grafana', { [NAMESPACE]: 'ingress-nginx' }, { 'app.kubernetes.io/name': 'ingress-nginx' }, [3000]],
        ['grafana', { 'gpu-vitals/ingress': 'true' }, undefined, [3000]],
        ['api-keda', { [NAMESPACE]: 'keda' }, { app: 'keda-operator' }, [8080]],
        ['nats', { [NAMESPACE]: 'monitoring' }, undefined, [8222]],
        ['nats', { 'gpu-vitals/monitoring': 'true' }, undefined, [8222]],
      ]),
    );
    expect(outside.length).toBe(9);
  });

  it('lets each part into the database by the ways that its options name, and by no other', () => {
    const into = policies.find(({ metadata }) => metadata.name === 'questdb')?.spec?.ingress ?? [];
    const opened = into.flatMap(({ from, ports }) =>
      from.flatMap((peer) => ports.map(({ port }) => [written(peer), port])),
    );
    const named = workloads.flatMap(({ metadata, spec }) =>
      (spec?.template.spec.containers ?? []).flatMap(({ env = [] }) =>
        env.flatMap(({ value = '' }) =>
          [...value.matchAll(/\bquestdb:(\d+)/g)].map(([, port]) => [metadata.name, Number(port)]),
        ),
      ),
    );
    expect(opened.map(String).toSorted()).toEqual(named.map(String).toSorted());
    expect(opened).not.toContainEqual(['grafana', 9000]);
  });

  it('lets out only to who is named', () => {
    const outside = '0.0.0.0/0 but 169.254.0.0/16';
    const databases = { nats: [4222], questdb: [9000, 8812] };
    expect(Object.fromEntries(policies.map((one) => [one.metadata.name, calls(one)]))).toEqual({
      'nothing-else': {},
      dns: { [`${NAMESPACE}=kube-system`]: [53, 53], '169.254.20.10/32': [53, 53] },
      nats: { nats: [6222] },
      questdb: {},
      engine: databases,
      collector: { nats: [4222], [`${NAMESPACE}=gpu-operator`]: [9400], 'gpu-vitals/exporters=true': [9400] },
      api: databases,
      'api-keda': {},
      grafana: { questdb: [8812] },
      'engine-alert-channels': {
        [outside]: [443, 587, 465, 25],
        [`${NAMESPACE}=monitoring alertmanager`]: [9093],
        'gpu-vitals/monitoring=true alertmanager': [9093],
      },
      'api-single-sign-on': { [outside]: [443] },
      'collector-outside-targets': { [outside]: [9400, 443] },
    });
    // Everybody is held to it, and the base itself calls nobody outside.
    expect(policies.find(({ metadata }) => metadata.name === 'nothing-else')?.spec?.policyTypes).toContain('Egress');
    for (const { metadata, spec } of policies)
      expect(spec?.policyTypes?.includes('Egress'), metadata.name).toBe(
        spec?.egress !== undefined || metadata.name === 'nothing-else',
      );
    const dns = policies.find(({ metadata }) => metadata.name === 'dns');
    const callers = workloads.map(({ metadata }) => metadata.name).filter((name) => name !== 'questdb');
    expect(partsOf(dns?.spec?.podSelector ?? {}).toSorted()).toEqual(callers.toSorted());
  });

  it('lets every part reach the parts that its options name, from both sides', () => {
    const specOf = (name: string) => policies.find(({ metadata }) => metadata.name === name)?.spec;
    const wanted = workloads.flatMap(({ metadata, spec }) =>
      (spec?.template.spec.containers ?? []).flatMap(({ env = [] }) =>
        env.flatMap(({ value = '' }) =>
          [...value.matchAll(/\b(nats|questdb):(\d+)/g)].map(
            ([, to = '', port]) => [metadata.name, to, Number(port)] as const,
          ),
        ),
      ),
    );
    expect(wanted).toHaveLength(8);
    for (const [from, to, port] of wanted) {
      const out = specOf(from)?.egress?.filter(({ ports }) => ports.some((one) => one.port === port));
      const into = specOf(to)?.ingress?.filter(({ ports }) => ports.some((one) => one.port === port));
      expect(
        out?.flatMap((rule) => rule.to.map(written)),
        `${from} calls port ${port}`,
      ).toContain(to);
      expect(
        into?.flatMap((rule) => rule.from.map(written)),
        `${to} hears port ${port}`,
      ).toContain(from);
    }
    // The collector's exporters are in the namespace that it may call.
    const collector = readFileSync(join(DIR, 'base/collector.yaml'), 'utf8');
    expect(collector).toMatch(/GPU_VITALS_TARGETS, value: 'dns.*\.gpu-operator\.svc:9400\//);
  });

  it('runs probes only of programs that an image has, and gives volumes to who runs', () => {
    for (const { metadata, spec } of workloads) {
      const { containers = [], securityContext } = spec?.template.spec ?? { securityContext: {} };
      const { runAsUser, fsGroup } = securityContext as { runAsUser: number; fsGroup: number };
      expect([metadata.name, fsGroup]).toEqual([metadata.name, runAsUser]);
      for (const { image, startupProbe, livenessProbe, readinessProbe } of containers) {
        const runs = [startupProbe, livenessProbe, readinessProbe].some((probe) => probe?.exec !== undefined);
        // NATS' image has nothing but the server.
        if (!image.startsWith('gpu-vitals:')) expect([image, runs]).toEqual([image, false]);
      }
    }
  });

  it('sends services to ports that their pods have', () => {
    // Exporters are somebody else's pods.
    const others = ['gpu-vitals-exporters'];
    for (const service of resources.filter(
      ({ kind, metadata }) => kind === 'Service' && !others.includes(metadata.name),
    )) {
      const target = workloads.find(
        ({ metadata }) => metadata.name === service.spec?.selector['app.kubernetes.io/name'],
      );
      expect(target, service.metadata.name).toBeDefined();
      const ports = target?.spec?.template.spec.containers.flatMap((one) => one.ports ?? []).map(({ name }) => name);
      for (const { targetPort } of service.spec?.ports ?? []) expect(ports).toContain(targetPort);
    }
  });

  it('gives our containers options that there are, and runs the versions that are tested', () => {
    const variables = new Set(CONFIG_KEYS.map((key) => `GPU_VITALS_${key.toUpperCase().replaceAll('-', '_')}`));
    const containers = workloads.flatMap((one) => one.spec?.template.spec.containers ?? []);
    for (const { env = [] } of containers) {
      for (const { name } of env) if (name.startsWith('GPU_VITALS_')) expect(variables).toContain(name);
    }
    const images = containers.map(({ image }) => image);
    expect(images).toContain(NATS_IMAGE);
    expect(images).toContain(QUESTDB_IMAGE);
  });
});

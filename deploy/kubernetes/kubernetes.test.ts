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
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly resources: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly securityContext: Record<string, unknown>;
}
interface Selector {
  readonly matchLabels?: Record<string, string>;
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
    readonly ingress?: readonly {
      readonly from: readonly { readonly namespaceSelector?: Selector; readonly podSelector?: Selector }[];
      readonly ports: readonly { readonly port: number }[];
    }[];
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
      .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name !== 'grafana')
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
    const NAMESPACE = 'kubernetes.io/metadata.name';
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
        ['api-keda', { [NAMESPACE]: 'keda' }, { app: 'keda-operator' }, [8080]],
        ['nats', { [NAMESPACE]: 'monitoring' }, undefined, [8222]],
        ['nats', { 'gpu-vitals/monitoring': 'true' }, undefined, [8222]],
      ]),
    );
    expect(outside.length).toBe(7);
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

import type { SeriesIdentity } from '../exposition-labels.ts';

/** Labels that tell targets, and senders of the same target, apart. */
const TARGET_LABELS = [
  'job',
  'instance',
  'cluster',
  'prometheus',
  'prometheus_replica',
  'replica',
  '__replica__',
] as const;

interface TargetKey {
  readonly key: string;
  /** The host that Prometheus asks; empty when it does not say. */
  readonly host: string;
}

/** The target that a series is of, by its labels; null when they name no host. */
export function targetKey(labels: ReadonlyMap<string, string>, identity: SeriesIdentity): TargetKey | null {
  const host = hostOf(labels.get('instance') ?? '');
  if (host === '' && identity.node === '') return null;
  // Several exporters behind one address have their host in common with nobody.
  return { key: JSON.stringify([identity.node, ...TARGET_LABELS.map((label) => labels.get(label) ?? '')]), host };
}

/** The host of `host:port`, `[v6]:port` or a bare name. */
const hostOf = (instance: string): string => instance.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

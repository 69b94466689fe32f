import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { VitalsError } from '../contract/errors.ts';
import { parseTarget, parseTargetList, type Target } from './targets.ts';
import type { TargetSource } from './targets-file.ts';

/** A name behind which there is an exporter at each address, as a headless service of Kubernetes has it. */
export interface DnsTarget {
  /** As it was given. */
  readonly text: string;
  readonly hostname: string;
  at(address: string): Target;
}

/** Whoever is asked for the addresses of a name; rejects when there are none. */
type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export interface DnsTargetsOptions {
  readonly names: readonly DnsTarget[];
  readonly on_targets: (targets: Target[]) => void;
  /** What is wrong with one name, or null when it is right again. Called at every look. */
  readonly on_problem: (where: string, detail: string | null) => void;
  /** Default 30 s. */
  readonly refresh_ms?: number;
  /** The system's when absent. */
  readonly resolve?: Resolve;
}

const PREFIX = /^dns\+/i;
const REFRESH_MS = 30_000;

/** `dns+` and a target with a name, as parseTarget takes it; null for anything else. Throws VitalsError GV-COL-005. */
export function parseDnsTarget(text: string): DnsTarget | null {
  if (!PREFIX.test(text)) return null;
  const { origin, path } = parseTarget(text.replace(PREFIX, ''));
  const { protocol, hostname } = new URL(origin);
  const port = /\d+$/.exec(origin)?.[0] ?? '';
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) {
    throw new VitalsError('GV-COL-005', `dns+ takes a name, not an address: '${hostname}'`, 'targets');
  }
  return {
    text,
    hostname,
    at: (address) => parseTarget(`${protocol}//${isIP(address) === 6 ? `[${address}]` : address}:${port}${path}`),
  };
}

/** The list of `--targets`. Throws VitalsError GV-COL-005 at the first bad one. */
export function parseTargets(text: string): { readonly fixed: Target[]; readonly names: DnsTarget[] } {
  const names: DnsTarget[] = [];
  const others = text.split(',').filter((one) => {
    const name = parseDnsTarget(one.trim());
    if (name !== null) names.push(name);
    return name === null;
  });
  return { fixed: parseTargetList(others.join(',')), names };
}

const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/** Asks for the addresses of names again and again; while one cannot be resolved its last good list stays. */
export function resolveTargets(options: DnsTargetsOptions): TargetSource {
  const { names, on_targets, on_problem, refresh_ms = REFRESH_MS, resolve = systemResolve } = options;
  const known = new Map<string, readonly Target[]>(names.map(({ text }) => [text, []]));
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  async function look({ text, hostname, at }: DnsTarget): Promise<void> {
    try {
      const found = await resolve(hostname);
      if (stopped) return;
      // Where both families are served each exporter has an address of each, and is to be scraped once.
      const family = found.some((one) => one.family === 4) ? 4 : 6;
      const addresses = found.filter((one) => one.family === family).map(({ address }) => address);
      known.set(text, [...new Set(addresses)].sort().map(at));
      on_targets([...known.values()].flat());
      on_problem(text, null);
    } catch (error) {
      if (!stopped) on_problem(text, error instanceof Error ? error.message : String(error));
    }
  }

  async function lookAll(): Promise<void> {
    await Promise.all(names.map(look));
    if (stopped) return;
    timer = setTimeout(() => void lookAll(), refresh_ms);
    timer.unref();
  }

  return {
    ready: lookAll(),
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processCpu } from '../chain-run.ts';
import type { ThreadMemory } from './memory-probe.ts';

/** A process at one instant; what cannot be known is null. */
export interface ProcessSample {
  readonly process: string;
  /** Another pid is another life. */
  readonly pid: number;
  /** After the beginning of the soak. */
  readonly t_ms: number;
  readonly rss_bytes: number;
  /** Without mapped files. */
  readonly anonymous_bytes: number;
  /** Open files and sockets. */
  readonly handles: number;
  readonly threads: number;
  readonly cpu_ms: number;
  /** Of all its JavaScript threads together, each right after its last major collection; null until all have had one. */
  readonly heap_bytes: number | null;
  /** The longest major collection of its life so far. */
  readonly collect_max_ms: number | null;
  readonly external_bytes: number | null;
  /** What its heaps take, garbage and room included. */
  readonly committed_bytes: number | null;
  /** What keeps its event loops alive. */
  readonly resources: number | null;
  readonly pause_max_ms: number | null;
}

const KIB = 1_024;
/** A thread that has not told anything for so long has ended or stands still. */
const FRESH_MS = 10_000;

/** Reads /proc and what the probe has written; null when there is no such process. */
export function sampleProcess(options: {
  readonly process: string;
  readonly pid: number;
  readonly t_ms: number;
  readonly now: number;
  readonly probe_dir: string;
}): ProcessSample | null {
  const { pid, t_ms, now, probe_dir } = options;
  const folder = `/proc/${pid}`;
  try {
    const status = readFileSync(`${folder}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    const threads = probed(probe_dir, pid, now);
    const sum = (pick: (one: ThreadMemory) => number | null): number | null =>
      threads.length === 0
        ? null
        : threads.map(pick).reduce((total, one) => (total === null || one === null ? null : total + one), 0);
    const most = (pick: (one: ThreadMemory) => number): number | null =>
      threads.length === 0 ? null : Math.max(...threads.map(pick));
    return {
      process: options.process,
      pid,
      t_ms,
      rss_bytes: field('VmRSS') * KIB,
      anonymous_bytes: field('RssAnon') * KIB,
      handles: readdirSync(`${folder}/fd`).length,
      threads: field('Threads'),
      cpu_ms: processCpu(pid),
      heap_bytes: sum((one) => one.heap_bytes),
      collect_max_ms: most((one) => one.collect_max_ms),
      external_bytes: sum((one) => one.external_bytes),
      committed_bytes: sum((one) => one.committed_bytes),
      resources: sum((one) => one.resources),
      pause_max_ms: most((one) => one.pause_max_ms),
    };
  } catch {
    return null;
  }
}

function probed(dir: string, pid: number, now: number): ThreadMemory[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.startsWith(`${pid}-`) && name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as ThreadMemory)
    .filter(({ at }) => now - at < FRESH_MS);
}

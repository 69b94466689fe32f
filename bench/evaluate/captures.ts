import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '../../pipeline/contract/time.ts';
import { readInput } from '../../pipeline/replay/read-input.ts';
import { type PerSeverity, perSeverity } from './false-alarm-figures.ts';
import { grouped, tally } from './grouped.ts';
import { startStream } from './run-stream.ts';
import type { SinkLog } from './sink-log.ts';

/** What the topology makes of one real recording. */
export interface CaptureFigures {
  readonly file: string;
  readonly gpus: number;
  readonly count: PerSeverity;
  readonly by_type: Readonly<Record<string, PerSeverity>>;
  /** Explanations of everything above info, for whoever has to judge it. */
  readonly told: readonly string[];
  /** Last health of the GPUs: how many have which grade, lowest and highest score; null while nothing tells it. */
  readonly health: {
    readonly grades: Readonly<Record<string, number>>;
    readonly lowest: number | null;
    readonly highest: number | null;
  } | null;
  readonly breaches: Readonly<Record<string, number>>;
}

const TELEMETRY = /\.csv\.gz$/;
const EXPOSITION = /\.prom$/;
/** When recordings without times of their own begin. */
const START_MS = Date.UTC(2026, 0, 5);
const TOLD_MAX = 20;

/**
 * Recordings of real GPUs, each through a topology of its own, on the path that replay takes. Nothing is known to be wrong
 * with any of these boards, so nothing may be critical. Null where the folder is not there.
 */
export async function evaluateCaptures(
  data: string,
  only?: (file: string) => boolean,
): Promise<CaptureFigures[] | null> {
  const files = [
    ...filesIn(join(data, 'telemetry'), TELEMETRY),
    ...filesIn(join(data, 'dcgm-exporter'), EXPOSITION),
  ].filter((path) => only?.(path) ?? true);
  if (files.length === 0) return null;
  const out: CaptureFigures[] = [];
  for (const path of files) out.push(await evaluateCapture(path, path.slice(data.length + 1)));
  return out;
}

const filesIn = (folder: string, pattern: RegExp): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => pattern.test(file))
        .sort()
        .map((file) => join(folder, file))
    : [];

async function evaluateCapture(path: string, file: string): Promise<CaptureFigures> {
  const stream = startStream();
  const input = readInput({ path, format: 'auto', interval_ms: seconds(30), start_ms: START_MS });
  for await (const messages of input) {
    stream.push(messages, messages.at(-1)?.event_time ?? 0);
  }
  const { log, gpus } = stream.finish();
  const alarms = [...log.alarms.values()];
  const types = grouped(alarms, (alarm) => `${alarm.detector}/${alarm.type}`);
  return {
    file,
    gpus,
    count: perSeverity(alarms),
    by_type: Object.fromEntries([...types].map(([type, list]) => [type, perSeverity(list)])),
    told: alarms
      .filter(({ severity }) => severity !== 'info')
      .slice(0, TOLD_MAX)
      .map((alarm) => `${alarm.severity}: ${alarm.explanation}`),
    health: lastHealth(log),
    breaches: log.breaches,
  };
}

function lastHealth(log: SinkLog): CaptureFigures['health'] {
  if (!('gpu_health_scores' in log.items)) return null;
  const tracks = [...log.health.values()].flatMap((instances) => [...instances.values()]);
  const scores = tracks.map(({ score }) => score.at(-1) as number).filter((score) => !Number.isNaN(score));
  return {
    grades: tally(tracks.map(({ grade }) => grade.at(-1) as string)),
    lowest: scores.length === 0 ? null : Math.min(...scores),
    highest: scores.length === 0 ? null : Math.max(...scores),
  };
}

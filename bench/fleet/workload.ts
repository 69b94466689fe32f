import { chance, type Draws, draw, draws, mix, wander } from './random.ts';

export type JobKind = 'pretrain' | 'finetune' | 'inference' | 'notebook' | 'batch' | 'video';

/** One job as its GPUs feel it. All GPUs of a gang share one description, so their phases fall together. */
export interface Job {
  readonly kind: JobKind;
  readonly seed: number;
  readonly start_ms: number;
  readonly end_ms: number;
  /** Weights and data come in over PCIe first. */
  readonly loading_ms: number;
  readonly sm: number;
  readonly tensor: number;
  readonly dram: number;
  /** Share of the links. */
  readonly nvlink: number;
  readonly pcie_bytes_per_second: number;
  readonly memory_share: number;
  readonly checkpoint_every_ms: number;
  readonly checkpoint_ms: number;
}

/** What the board is asked to do at an instant; ratios 0..1, bytes/s. Reused by the caller: one object for a whole fleet. */
export interface Activity {
  sm: number;
  occupancy: number;
  tensor: number;
  dram: number;
  util: number;
  encoder: number;
  decoder: number;
  nvlink: number;
  pcie_tx: number;
  pcie_rx: number;
  memory_share: number;
}

export const idleActivity = (): Activity => ({
  sm: 0,
  occupancy: 0,
  tensor: 0,
  dram: 0,
  util: 0,
  encoder: 0,
  decoder: 0,
  nvlink: 0,
  pcie_tx: 0.64e6,
  pcie_rx: 0.55e6,
  memory_share: 0,
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Profile {
  readonly sm: readonly [number, number];
  readonly tensor: number;
  readonly dram: readonly [number, number];
  readonly nvlink: readonly [number, number];
  readonly pcie: readonly [number, number];
  readonly memory: readonly [number, number];
}

// biome-ignore format: a table
const PROFILES: Readonly<Record<JobKind, Profile>> = {
  pretrain: { sm: [0.82, 0.92], tensor: 0.66, dram: [0.34, 0.46], nvlink: [0.01, 0.12], pcie: [2e7, 5e7], memory: [0.8, 0.95] },
  finetune: { sm: [0.6, 0.85], tensor: 0.5, dram: [0.3, 0.5], nvlink: [0.005, 0.05], pcie: [2e7, 9e7], memory: [0.5, 0.9] },
  inference: { sm: [0.15, 0.75], tensor: 0.22, dram: [0.2, 0.65], nvlink: [0, 0.02], pcie: [2e7, 2e8], memory: [0.6, 0.93] },
  notebook: { sm: [0.1, 0.5], tensor: 0.3, dram: [0.1, 0.3], nvlink: [0, 0], pcie: [1e7, 4e7], memory: [0.05, 0.4] },
  batch: { sm: [0.2, 0.5], tensor: 0.12, dram: [0.2, 0.45], nvlink: [0, 0], pcie: [8e8, 4e9], memory: [0.2, 0.6] },
  video: { sm: [0.15, 0.4], tensor: 0.3, dram: [0.15, 0.4], nvlink: [0, 0], pcie: [1e8, 5e8], memory: [0.2, 0.5] },
};

/** The job that a seed stands for. */
export function createJob(kind: JobKind, seed: number, start_ms: number, end_ms: number): Job {
  const from = draws(mix(seed, 0x30b));
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * draw(from);
  const profile = PROFILES[kind];
  const sm = between(profile.sm);
  const training = kind === 'pretrain' || kind === 'finetune';
  return {
    kind,
    seed,
    start_ms,
    end_ms,
    loading_ms: kind === 'notebook' ? 0 : (1.5 + 4 * draw(from)) * MINUTE_MS,
    sm,
    tensor: sm * profile.tensor * (0.85 + 0.15 * draw(from)),
    dram: between(profile.dram),
    nvlink: between(profile.nvlink),
    pcie_bytes_per_second: between(profile.pcie),
    memory_share: between(profile.memory),
    checkpoint_every_ms: training ? (30 + 60 * draw(from)) * MINUTE_MS : 0,
    checkpoint_ms: training ? (0.5 + 1.5 * draw(from)) * MINUTE_MS : 0,
  };
}

/** Fills `out` with what `job` asks for at `ts_ms`. */
export function activityAt(job: Job | null, ts_ms: number, out: Activity): Activity {
  out.encoder = 0;
  out.decoder = 0;
  out.nvlink = 0;
  out.pcie_tx = 0.64e6;
  out.pcie_rx = 0.55e6;
  if (job === null) return work(out, 0, 0, 0, 0, 0);
  const age = Math.max(0, ts_ms - job.start_ms);
  if (age < job.loading_ms) {
    out.pcie_rx = 0.4e9 + 2.4e9 * wander(job.seed, age / 20_000);
    out.pcie_tx = out.pcie_rx * 0.06;
    return work(out, 0.004, 0.001, 0.002, 0.02, job.memory_share * (0.05 + (0.95 * age) / job.loading_ms));
  }
  switch (job.kind) {
    case 'pretrain':
    case 'finetune': {
      if ((age - job.loading_ms) % job.checkpoint_every_ms > job.checkpoint_every_ms - job.checkpoint_ms) {
        out.pcie_tx = 3e9 + 4e9 * wander(job.seed ^ 5, age / 15_000);
        out.pcie_rx = 3e7;
        return work(out, 0.03, 0.005, 0.06, 0.12, job.memory_share);
      }
      const swing = 0.96 + 0.06 * wander(job.seed, ts_ms / 45_000);
      out.nvlink = job.nvlink * (0.6 + 0.8 * wander(job.seed ^ 3, ts_ms / 25_000));
      out.pcie_rx = job.pcie_bytes_per_second * swing;
      out.pcie_tx = out.pcie_rx * 0.28;
      return work(out, job.sm * swing, job.tensor * swing, job.dram * swing, 1, job.memory_share);
    }
    case 'inference': {
      const hour = (ts_ms / HOUR_MS + 3) % 24;
      const daily = 0.62 + 0.38 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
      const burst = wander(job.seed, ts_ms / 50_000);
      const load = Math.min(1, daily * (0.35 + 1.1 * burst * burst));
      out.nvlink = job.nvlink * load;
      out.pcie_rx = job.pcie_bytes_per_second * load + 1e6;
      out.pcie_tx = out.pcie_rx * 0.7;
      return work(out, job.sm * load, job.tensor * load, job.dram * load, Math.min(1, 1.25 * load), job.memory_share);
    }
    case 'notebook': {
      const mood = wander(job.seed, ts_ms / (12 * MINUTE_MS));
      if (mood < 0.8) return work(out, 0, 0, 0, 0, job.memory_share);
      const load = (mood - 0.8) * 5;
      out.pcie_rx = job.pcie_bytes_per_second;
      return work(out, job.sm * load, job.tensor * load, job.dram * load, load, job.memory_share);
    }
    case 'batch':
    case 'video': {
      const load = 0.55 + 0.45 * wander(job.seed, ts_ms / 70_000);
      out.pcie_rx = job.pcie_bytes_per_second * load;
      out.pcie_tx = out.pcie_rx * 0.35;
      if (job.kind === 'video') {
        out.decoder = 0.75 * load;
        out.encoder = 0.4 * load;
      }
      return work(out, job.sm * load, job.tensor * load, job.dram * load, 0.9 * load, job.memory_share);
    }
  }
}

function work(out: Activity, sm: number, tensor: number, dram: number, util: number, memory_share: number): Activity {
  out.sm = sm;
  out.occupancy = sm * 0.34;
  out.tensor = tensor;
  out.dram = dram;
  out.util = util;
  out.memory_share = memory_share;
  return out;
}

/**
 * Who has the GPUs when: an endless sequence of spans that follows from a seed. Every node and every GPU walks its own copy
 * with its own position, so nodes of one gang agree without talking.
 */
export interface Timeline {
  readonly seed: number;
  readonly from: Draws;
  start_ms: number;
  end_ms: number;
  /** What the span holds: a job, nothing, or (nodes) whatever each GPU does on its own. */
  job: Job | null;
  alone: boolean;
  spans: number;
}

/** A timeline that stands somewhere in the middle of its first span at `start_ms`. */
export function createTimeline(seed: number, start_ms: number): Timeline {
  const head = (1 + 9 * chance(seed, 11)) * HOUR_MS;
  return {
    seed,
    from: draws(mix(seed, 0x71)),
    start_ms: start_ms - head,
    end_ms: start_ms - head,
    job: null,
    alone: false,
    spans: 0,
  };
}

const hours = (from: Draws, low: number, high: number): number => low * (high / low) ** draw(from) * HOUR_MS;

/** Nodes that can work together: gang jobs, spans in which every GPU is let alone, pauses. */
export function advanceGang(line: Timeline, ts_ms: number, nodes: number): void {
  while (line.end_ms <= ts_ms) {
    const pick = draw(line.from);
    const together = nodes > 1 ? 0.4 : 0.27;
    const seed = mix(line.seed, ++line.spans);
    line.start_ms = line.end_ms;
    line.alone = false;
    line.job = null;
    if (pick < together) {
      line.end_ms += hours(line.from, 3, 30);
      const kind = pick < together * 0.6 ? 'pretrain' : pick < together * 0.85 ? 'finetune' : 'inference';
      line.job = createJob(kind, seed, line.start_ms, line.end_ms);
    } else if (pick < 0.84) {
      line.end_ms += hours(line.from, 4, 20);
      line.alone = true;
    } else {
      line.end_ms += hours(line.from, 0.7, 9);
    }
  }
}

/** One GPU by itself. `small` boards serve and transcode. */
export function advanceSingle(line: Timeline, ts_ms: number, small: boolean): void {
  while (line.end_ms <= ts_ms) {
    const pick = draw(line.from);
    const seed = mix(line.seed, ++line.spans);
    line.start_ms = line.end_ms;
    line.end_ms += hours(line.from, 0.7, 14);
    const kind = small ? smallKind(pick) : bigKind(pick);
    line.job = kind === null ? null : createJob(kind, seed, line.start_ms, line.end_ms);
  }
}

const bigKind = (pick: number): JobKind | null =>
  pick < 0.44 ? null : pick < 0.78 ? 'notebook' : pick < 0.88 ? 'inference' : pick < 0.91 ? 'batch' : 'finetune';
const smallKind = (pick: number): JobKind | null =>
  pick < 0.3 ? null : pick < 0.72 ? 'inference' : pick < 0.92 ? 'video' : 'notebook';

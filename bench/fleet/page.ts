import type { Attribution } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { XidReport } from '../../pipeline/contract/scrape.ts';
import { boardSeed } from './board.ts';
import { type FleetNode, type GpuIdentity, identityOf, instancesOf } from './layout.ts';
import type { MigInstance } from './mig.ts';
import { sliceAttribution, sliceLoad } from './mig.ts';
import { narrowToInstance, readBoard } from './readings.ts';
import type { RecentXid, Simulation } from './simulation.ts';
import { FLAG } from './state.ts';

/** A line-up that never changes: one GPU, or one of its slices. */
export interface PageRow extends GpuIdentity {
  readonly gpu: number;
  readonly instance: MigInstance | null;
  /** The serial only where the exporter shows it. */
  readonly shown_serial: string;
}

/** All that an exporter knows at one instant, in its own units; the page and the scrape are two ways to write it. */
export interface Page {
  readonly ts_ms: number;
  readonly rows: readonly PageRow[];
  /** rows x METRIC_COUNT; NaN = no reading. */
  readonly raw: Float64Array;
  readonly attribution: readonly (readonly Attribution[])[];
  readonly xids: readonly (readonly XidReport[])[];
}

const NO_XIDS: readonly XidReport[] = [];

/** The rows of a node, in the order of its page. */
export function pageRows(node: FleetNode, seed: number): PageRow[] {
  const rows: PageRow[] = [];
  for (let slot = 0; slot < node.gpus; slot++) {
    const gpu = node.first + slot;
    const who = identityOf(seed, gpu, slot);
    const shown_serial = node.serial_label ? who.serial : '';
    if (!node.mig || node.parent_rows) rows.push({ ...who, gpu, instance: null, shown_serial });
    for (const instance of instancesOf(node, gpu)) rows.push({ ...who, gpu, instance, shown_serial });
  }
  return rows;
}

/** Reads every board that is on the bus. `scratch` is used for the values when it is large enough. */
export function readPage(sim: Simulation, node: FleetNode, all: readonly PageRow[], seed: number, ts_ms: number): Page {
  const flags = sim.state.flags;
  const lost = all.some((row) => ((flags[row.gpu] as number) & FLAG.vanished) !== 0);
  const rows = lost ? all.filter((row) => ((flags[row.gpu] as number) & FLAG.vanished) === 0) : all;
  const raw = new Float64Array(rows.length * METRIC_COUNT);
  const attribution: (readonly Attribution[])[] = [];
  const xids: (readonly XidReport[])[] = [];
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as PageRow;
    const at = r * METRIC_COUNT;
    readBoard(sim.state, node, row.gpu, raw, at);
    if (row.instance === null) {
      attribution.push(sim.attribution(row.gpu));
    } else {
      const own = boardSeed(seed, row.gpu);
      narrowToInstance(node, own, row.instance, ts_ms, ((flags[row.gpu] as number) & FLAG.prof_zero) !== 0, raw, at);
      const { tenant } = sliceLoad(own, row.instance, ts_ms);
      attribution.push(tenant === 0 ? [] : [sliceAttribution(tenant)]);
    }
    const recent = node.counts_xids ? sim.recentXids(row.gpu) : [];
    xids.push(recent.length === 0 ? NO_XIDS : countXids(recent));
  }
  return { ts_ms, rows, raw, attribution, xids };
}

function countXids(recent: readonly RecentXid[]): XidReport[] {
  const counts = new Map<number, number>();
  for (const { code } of recent) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([xid, count]) => ({ xid, kind: 'window_count', count }));
}

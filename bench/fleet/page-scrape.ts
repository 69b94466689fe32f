import { factors, valueRefusal } from '../../pipeline/collect/check-value.ts';
import type { Refusal } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Scrape, ScrapedGpu } from '../../pipeline/contract/scrape.ts';
import type { FleetNode } from './layout.ts';
import type { Page, PageRow } from './page.ts';
import { UTIL_GARBAGE } from './readings.ts';

const GPU_UTIL = metricIndex('gpu_util_ratio');
const MULTIPLIERS = Float64Array.from(METRICS, (_, m) => factors(m).mul);
const DIVISORS = Float64Array.from(METRICS, (_, m) => factors(m).div);
const ZERO_IS_MISSING = METRICS.map((metric) => metric.zero_is_missing === true);

/** A page as the collector would hand it on: canonical units, absent readings as NaN, garbage refused. */
export function pageScrape(page: Page, node: FleetNode, ts_ms: number, boot_epoch: number, sequence: number): Scrape {
  const { rows, raw } = page;
  const { exported, dialect } = node;
  const values = new Float64Array(rows.length * METRIC_COUNT);
  const refusals: Refusal[] = [];
  let blanks = 0;
  const gpus: ScrapedGpu[] = [];
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as PageRow;
    const from = r * METRIC_COUNT;
    for (let m = 0; m < METRIC_COUNT; m++) {
      const reading = raw[from + m] as number;
      let value = Number.NaN;
      if (exported[m] === 1) {
        if (Number.isNaN(reading)) blanks += node.leaks_blanks && leaksBlank(m) ? 1 : 0;
        else if (reading === 0 && ZERO_IS_MISSING[m]) blanks++;
        else value = (reading * (MULTIPLIERS[m] as number)) / (DIVISORS[m] as number);
      }
      values[from + m] = value;
    }
    if (exported[GPU_UTIL] === 1 && raw[from + GPU_UTIL] === UTIL_GARBAGE) {
      const value = dialect.util_as_ratio ? UTIL_GARBAGE : (values[from + GPU_UTIL] as number);
      values[from + GPU_UTIL] = Number.NaN;
      const times = Math.max(1, page.attribution[r]?.length ?? 1);
      for (let k = 0; k < times; k++)
        refusals.push(valueRefusal(GPU_UTIL, 'out_of_range', value, String(UTIL_GARBAGE)));
    }
    gpus.push({
      uuid: row.uuid,
      instance: row.instance === null ? '' : row.instance.id,
      model: node.model.name,
      pci_bus_id: dialect.pci_label ? row.pci_bus_id : '',
      serial: row.shown_serial,
      slot: row.slot,
      ts: ts_ms,
      values: values.subarray(from, from + METRIC_COUNT),
      xids: page.xids[r] as ScrapedGpu['xids'],
      attribution: page.attribution[r] as ScrapedGpu['attribution'],
    });
  }
  return { node: node.name, ts: ts_ms, boot_epoch, sequence, gpus, refusals, blanks, unknown_metrics: 0 };
}

const XID_LAST = metricIndex('xid_last');

/** Old exporters print sentinels for readings that a board lacks; a missing XID row is never one of them. */
export const leaksBlank = (metric: number): boolean => metric !== XID_LAST;

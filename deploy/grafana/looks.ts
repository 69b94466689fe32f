import type { DynamicConfigValue, Threshold, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { limitsOf } from '../../operators/health/board-limits.ts';
import { gradeOf } from '../../operators/health/verdict.ts';
import { METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { XID_CODES, xidEntry } from '../../pipeline/contract/xids.ts';

/** Units, colours and limits, each from where it is defined. */

/** Grafana's name of a unit of the catalogue. */
const UNITS: Readonly<Record<string, string>> = {
  C: 'celsius',
  W: 'watt',
  J: 'joule',
  ratio: 'percentunit',
  bytes: 'bytes',
  'bytes/s': 'binBps',
  'MB/s': 'MBs',
  MHz: 'suffix: MHz',
  ns: 'ns',
};
export const unitOf = (metric: MetricName): string => UNITS[METRICS[metricIndex(metric)]?.unit ?? ''] ?? 'short';

export const GRADE_COLOURS: Readonly<Record<string, string>> = {
  excellent: 'dark-green',
  good: 'green',
  fair: 'yellow',
  degraded: 'orange',
  poor: 'red',
  critical: 'dark-red',
  unknown: '#808080',
};
const SEVERITY_COLOURS = { info: 'blue', warning: 'orange', critical: 'red' } as const;
const ADVICE_COLOURS = {
  keep: 'green',
  watch: 'yellow',
  drain: 'red',
  rma: 'red',
  repurpose: 'orange',
  sell: 'orange',
  decommission: 'dark-red',
} as const;

const coloured = (colours: Readonly<Record<string, string>>): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(colours).map(([name, color], index) => [name, { text: name, color, index }]),
  ),
});

export const GRADES: ValueMapping = coloured(GRADE_COLOURS);
const SEVERITIES = coloured(SEVERITY_COLOURS);
const ADVICES = coloured(ADVICE_COLOURS);

/** Codes with their meaning. */
const XIDS: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(XID_CODES.map((xid, index) => [xid, { text: `${xid} ${xidEntry(xid).name}`, index }])),
};

/** Colours that begin at a value; the first holds below. */
export const steps = (base: string, ...rest: readonly (readonly [value: number, color: string])[]): Threshold[] => [
  { color: base, value: null as never },
  ...rest.map(([value, color]) => ({ value, color })),
];

/** A score's colour is that of its grade. */
export const SCORE_STEPS: Threshold[] = (() => {
  const edges = [...Array(101).keys()].filter((score) => score > 0 && gradeOf(score) !== gradeOf(score - 1));
  return steps(
    GRADE_COLOURS[gradeOf(0)] ?? '',
    ...edges.map((score) => [score, GRADE_COLOURS[gradeOf(score)] ?? ''] as const),
  );
})();

const LIMITS = limitsOf(0);
/** Where boards begin to slow themselves down, for models that are not known closer; orange from 7 degrees below. */
export const GPU_TEMP_STEPS: Threshold[] = steps(
  'green',
  [LIMITS.gpu_celsius - 7, 'orange'],
  [LIMITS.gpu_celsius, 'red'],
);
export const MEMORY_TEMP_STEPS: Threshold[] = steps(
  'green',
  [(LIMITS.memory_celsius ?? 95) - 5, 'orange'],
  [LIMITS.memory_celsius ?? 95, 'red'],
);
/** A failure within 30 days: worth a look, likely. */
export const RISK_STEPS: Threshold[] = steps('green', [0.05, 'yellow'], [0.2, 'orange'], [0.5, 'red']);

const PAINTED = { id: 'custom.cellOptions', value: { type: 'color-text' } };
const link = (title: string, url: string): DynamicConfigValue => ({
  id: 'links',
  value: [{ title, url, targetBlank: true }],
});
const width = (value: number): DynamicConfigValue => ({ id: 'custom.width', value });
const unit = (value: string): DynamicConfigValue => ({ id: 'unit', value });
const thresholds = (list: Threshold[]): DynamicConfigValue[] => [
  { id: 'thresholds', value: { mode: 'absolute', steps: list } },
  { id: 'color', value: { mode: 'thresholds' } },
  PAINTED,
];
const mapped = (mapping: ValueMapping): DynamicConfigValue[] => [{ id: 'mappings', value: [mapping] }, PAINTED];
const wide: DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } },
  { id: 'custom.minWidth', value: 320 },
];
const score: DynamicConfigValue[] = [...thresholds(SCORE_STEPS), { id: 'decimals', value: 1 }, width(90)];
const risk: DynamicConfigValue[] = [
  ...thresholds(RISK_STEPS),
  unit('percentunit'),
  { id: 'decimals', value: 1 },
  width(110),
];
const dollars: DynamicConfigValue[] = [unit('currencyUSD'), { id: 'decimals', value: 2 }];

/** How a column of a table looks, by its name: the same in every panel. */
export const COLUMNS: Readonly<Record<string, readonly DynamicConfigValue[]>> = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variables
  gpu_uuid: [link('Open in the console', '${console}/gpus/${__value.raw:percentencode}'), width(330)],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variables
  node: [link('Open in the console', '${console}/?node=${__value.raw:percentencode}'), width(140)],
  severity: [...mapped(SEVERITIES), width(90)],
  health_grade: [...mapped(GRADES), width(100)],
  advice: [...mapped(ADVICES), width(120)],
  overall_score: score,
  health: score,
  memory_health: score,
  thermal_health: score,
  performance_health: score,
  power_health: score,
  reliability_health: score,
  confidence: [unit('percentunit'), { id: 'decimals', value: 0 }, width(100)],
  p30: risk,
  failure_prob_7d: risk,
  failure_prob_30d: risk,
  failure_prob_90d: risk,
  primary_xid: [
    { id: 'mappings', value: [XIDS] },
    { id: 'custom.align', value: 'left' },
  ],
  usd_per_hour: [...dollars, width(110)],
  npv_keep: dollars,
  npv_sell: dollars,
  npv_repurpose: dollars,
  salvage_value: dollars,
  expected_value: dollars,
  brier: [{ id: 'decimals', value: 4 }],
  age_seconds: [unit('s'), ...thresholds(steps('green', [60, 'orange'], [300, 'red'])), width(110)],
  duration_seconds: [unit('s')],
  utilisation: [unit('percentunit'), { id: 'decimals', value: 0 }, width(100)],
  share: [unit('percentunit'), { id: 'decimals', value: 2 }],
  gpu_temp_celsius: [unit('celsius'), { id: 'decimals', value: 0 }, ...thresholds(GPU_TEMP_STEPS)],
  memory_temp_celsius: [unit('celsius'), { id: 'decimals', value: 0 }, ...thresholds(MEMORY_TEMP_STEPS)],
  power_watts: [unit('watt'), { id: 'decimals', value: 0 }],
  fb_used_bytes: [unit('bytes')],
  ttf_days: [unit('d'), { id: 'decimals', value: 0 }, width(110)],
  explanation: wide,
  rationale: wide,
  summary: wide,
};

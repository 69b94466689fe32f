import { SEVERITY_COLOURS, scaleColour, type Theme } from './colour-scale.ts';
import type { FleetGpu, Severity } from './fleet-gpu.ts';
import { decimal, percent } from './format-value.ts';

/** One way to colour the heatmap. Further readings are further rows of the table below. */
export interface ColourMode {
  readonly id: string;
  readonly label: string;
  /** Null when it is not known. */
  readonly value: (gpu: FleetGpu) => number | null;
  /** Ends of the scale, in the value's unit. */
  readonly from: number;
  readonly to: number;
  /** The value in a cell, short. */
  readonly cell: (value: number) => string;
  readonly legend: readonly [string, string];
  /** What a cell without a value is called. */
  readonly missing: string;
  /** Severities that are marked in a corner; none where the colour itself tells them. */
  readonly marks: readonly Severity[];
  readonly colour: (theme: Theme, value: number) => string;
  /** The value at a share 0..1 of the legend's scale, where that is not even. */
  readonly at?: (share: number) => number;
}

const scaled = (mode: Omit<ColourMode, 'colour'>): ColourMode => ({
  ...mode,
  colour: (theme, value) => scaleColour(theme, (value - mode.from) / (mode.to - mode.from)),
});

/** Most fleets are between 90 and 100, and a GPU at 80 must be seen among them: the lower part of a linear scale is spent on nobody. */
const lossShare = (score: number): number => (1 - Math.round(score) / 100) ** 0.6;

/** A cell tells its score only where something was lost. */
const FULL = 99.5;

/** One in a hundred is what nobody worries about, one in two what nobody waits for: told in between by magnitude. */
const RISK_ENDS = [0.01, 0.5] as const;
const riskShare = (p: number): number =>
  Math.log(Math.max(p, 1e-9) / RISK_ENDS[0]) / Math.log(RISK_ENDS[1] / RISK_ENDS[0]);

const ALL: readonly Severity[] = ['critical', 'warning', 'info'];
const SEVERITIES = ['none', 'info', 'warning', 'critical'] as const;
const CALM: Readonly<Record<Theme, string>> = { dark: '#27405a', light: '#d3dde7' };

export const COLOUR_MODES: readonly [ColourMode, ...ColourMode[]] = [
  {
    id: 'health',
    label: 'Health',
    value: (gpu) => gpu.health?.score ?? null,
    from: 100,
    to: 0,
    cell: (value) => (value >= FULL ? '' : decimal(value, 0)),
    legend: ['100 healthy', '0'],
    missing: 'unknown',
    // What is only worth knowing costs no health, and would be most of what one sees.
    marks: ['critical', 'warning'],
    colour: (theme, value) => scaleColour(theme, lossShare(value)),
  },
  {
    id: 'risk',
    label: 'Risk, 30 days',
    value: (gpu) => gpu.p30,
    from: RISK_ENDS[0],
    to: RISK_ENDS[1],
    cell: (value) => (value >= 0.05 ? percent(value) : ''),
    legend: ['1 %', '50 %'],
    at: (share) => RISK_ENDS[0] * (RISK_ENDS[1] / RISK_ENDS[0]) ** share,
    missing: 'unknown',
    marks: ['critical', 'warning'],
    colour: (theme, value) => scaleColour(theme, riskShare(value)),
  },
  scaled({
    id: 'temperature',
    label: 'Temperature',
    value: (gpu) => gpu.gpu_temp_celsius,
    from: 25,
    to: 90,
    cell: (value) => decimal(value, 0),
    legend: ['25 °C', '90 °C'],
    missing: 'n/a',
    marks: ALL,
  }),
  scaled({
    id: 'power',
    label: 'Power of limit',
    value: (gpu) =>
      gpu.power_watts === null || gpu.power_limit_watts === null || gpu.power_limit_watts === 0
        ? null
        : gpu.power_watts / gpu.power_limit_watts,
    from: 0,
    to: 1,
    cell: percent,
    legend: ['0 %', '100 %'],
    missing: 'n/a',
    marks: ALL,
  }),
  scaled({
    id: 'utilisation',
    label: 'Utilisation',
    value: (gpu) => gpu.util_ratio,
    from: 0,
    to: 1,
    cell: percent,
    legend: ['0 %', '100 %'],
    missing: 'n/a',
    marks: ALL,
  }),
  {
    id: 'anomalies',
    label: 'Anomalies',
    value: (gpu) => (gpu.worst === null ? 0 : SEVERITIES.indexOf(gpu.worst)),
    from: 0,
    to: 3,
    cell: (value) => ['', 'i', 'w', 'c'][value] ?? '',
    legend: ['none', 'critical'],
    missing: 'n/a',
    marks: [],
    colour: (theme, value) => {
      const severity = SEVERITIES[value] ?? 'none';
      return severity === 'none' ? CALM[theme] : SEVERITY_COLOURS[theme][severity];
    },
  },
];

export const colourMode = (id: string): ColourMode => COLOUR_MODES.find((mode) => mode.id === id) ?? COLOUR_MODES[0];

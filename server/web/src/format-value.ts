import type { Metric } from '../../../pipeline/contract/metrics.ts';
import { throttleText } from './throttle-reasons.ts';

/** A reading as people write it: the number and its unit apart, so that they can be set differently. */
export interface Reading {
  readonly text: string;
  readonly unit: string;
}

const GIB = 1_073_741_824;
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const RECOVERY = ['none', 'GPU reset', 'reboot', 'drain P2P', 'drain and reset'];

/** `digits` after the point, with thousands separators. */
export function decimal(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** One digit after the point below ten, none above. */
const short = (value: number): string => decimal(value, Math.abs(value) < 10 ? 1 : 0);

export const integer = (value: number): string => grouped.format(value);

/** A ratio 0..1 as percent. */
export const percent = (ratio: number): string => decimal(ratio * 100, ratio > 0 && ratio < 0.1 ? 1 : 0);

/** Watts as the largest unit that keeps the number above one. */
export function power(watts: number): Reading {
  if (watts >= 1e6) return { text: decimal(watts / 1e6, 2), unit: 'MW' };
  if (watts >= 1e4) return { text: decimal(watts / 1e3, 1), unit: 'kW' };
  if (watts >= 1e3) return { text: decimal(watts / 1e3, 2), unit: 'kW' };
  return { text: decimal(watts, 0), unit: 'W' };
}

/** Seconds as one or two of the largest units: `3 s`, `4 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

function energy(joules: number): Reading {
  const kwh = joules / 3.6e6;
  return kwh >= 1_000 ? { text: decimal(kwh / 1_000, 2), unit: 'MWh' } : { text: decimal(kwh, 1), unit: 'kWh' };
}

function byteRate(value: number): Reading {
  return value >= 1e8 || value === 0
    ? { text: decimal(value / 1e9, value === 0 ? 0 : 1), unit: 'GB/s' }
    : { text: decimal(value / 1e6, 1), unit: 'MB/s' };
}

function heldBack(nanoseconds: number): Reading {
  const seconds = nanoseconds / 1e9;
  return seconds > 0 && seconds < 60 ? { text: decimal(seconds, 1), unit: 's' } : { text: duration(seconds), unit: '' };
}

/** A reading of a metric of the catalogue, in the unit that people use for it. */
export function formatReading(metric: Pick<Metric, 'unit'>, value: number): Reading {
  switch (metric.unit) {
    case 'C':
      return { text: decimal(value, Number.isInteger(value) ? 0 : 1), unit: '°C' };
    case 'W':
      return { text: decimal(value, value < 100 ? 1 : 0), unit: 'W' };
    case 'J':
      return energy(value);
    case 'MHz':
      return { text: integer(value), unit: 'MHz' };
    case 'ratio':
      return { text: percent(value), unit: '%' };
    case 'bytes':
      return { text: short(value / GIB), unit: 'GiB' };
    case 'bytes/s':
      return byteRate(value);
    case 'MB/s':
      return { text: decimal(value / 1_000, 1), unit: 'GB/s' };
    case 'ns':
      return heldBack(value);
    case 'flag':
      return { text: value === 0 ? 'no' : value === 1 ? 'yes' : integer(value), unit: '' };
    case 'bitmask':
      return { text: throttleText(value), unit: '' };
    case 'XID':
      return { text: value === 0 ? 'none' : `XID ${integer(value)}`, unit: '' };
    case 'enum':
      return { text: RECOVERY[value] ?? `code ${integer(value)}`, unit: '' };
    default:
      return { text: integer(value), unit: metric.unit === 'count' ? '' : metric.unit };
  }
}

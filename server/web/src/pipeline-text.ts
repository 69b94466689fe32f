import { decimal, integer, percent } from './format-value.ts';

/** `1,240 /s`, `2.5 /s`, `idle`. */
export function rateText(per_s: number): string {
  if (per_s === 0) return 'idle';
  if (per_s < 0.1) return '<0.1 /s';
  return `${per_s < 10 ? decimal(per_s, 1) : integer(per_s)} /s`;
}

/** Share of a core: `12 % busy`. */
export const busyText = (ratio: number): string => `${ratio > 0 && ratio < 0.001 ? '<0.1' : percent(ratio)} % busy`;

/** A short time: `340 ns`, `12 µs`, `1.2 ms`. */
export function shortTime(ms: number | null): string {
  if (ms === null || ms === 0) return '–';
  if (ms < 0.001) return `${integer(ms * 1e6)} ns`;
  if (ms < 1) return `${decimal(ms * 1_000, ms < 0.01 ? 1 : 0)} µs`;
  return `${decimal(ms, ms < 10 ? 1 : 0)} ms`;
}

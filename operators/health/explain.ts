import { DIMENSIONS, type HealthContribution, type HealthGrade } from '../../pipeline/contract/events.ts';
import type { BoardLimits } from './board-limits.ts';
import { figure } from './figure.ts';
import type { Loss } from './loss.ts';
import type { Observations } from './observations.ts';
import { slowdownCelsius } from './thermal-terms.ts';
import { BITS, hasBit } from './throttle-bits.ts';
import type { PerDimension } from './verdict.ts';

/** Losses that the sentence names. */
const NAMED = 3;

/** The verdict in one sentence, `critical` where something critical is open: what is wrong, else what was looked at; what is unknown; how sure. */
export function explain(
  grade: HealthGrade,
  overall: number | null,
  held: HealthContribution | null,
  dimensions: PerDimension<number | null>,
  confidence: number,
  losses: readonly Loss[],
  o: Observations,
  limits: BoardLimits,
  critical: boolean,
): string {
  const worst = [...losses]
    .sort((a, b) => b.points - a.points)
    .filter(firstOfItsCause)
    .slice(0, NAMED);
  const unknown = DIMENSIONS.filter((dimension) => dimensions[dimension] === null);
  const parts = [
    ...worst.map(lost),
    held === null
      ? ''
      : `overall held at ${overall} while ${held.metric}${held.metric === 'xid' ? ` ${held.value}` : ''} stands`,
    dimensions.thermal === null ? '' : heat(o, limits),
    dimensions.power === null ? '' : draw(o),
    o.ecc_dbe_volatile_total === 0 && dimensions.memory !== null
      ? 'no uncorrectable memory error since driver load'
      : '',
    unknown.length > 0 ? `${unknown.join(', ')} unknown` : '',
    `confidence ${confidence.toFixed(2)}`,
  ].filter((part) => part !== '');
  const first = worst[0];
  const next = first === undefined || first.points < 10 ? '' : `; next: ${first.action}`;
  return `${headline(grade, overall, critical)}: ${parts.join(', ')}${next}.`;
}

/** What costs in one dimension alone leaves a good grade; a GPU that needs somebody now is not called healthy for it. */
const headline = (grade: HealthGrade, overall: number | null, critical: boolean): string => {
  if (overall === null) return 'unknown';
  const good = grade === 'excellent' || grade === 'good';
  const word = good ? (critical ? 'faulty' : 'healthy') : grade;
  return `${word} (${overall.toFixed(1)} of 100)`;
};

/** A fault that takes the GPU out of work costs in several dimensions; it is one thing to say. */
const firstOfItsCause = (loss: Loss, i: number, all: readonly Loss[]): boolean =>
  all.findIndex(({ metric, value }) => metric === loss.metric && value === loss.value) === i;

function lost({ dimension, points, metric, value, limit, unit, window }: Loss): string {
  const reading = value === null ? '' : metric === 'xid' ? ` ${value}` : ` at ${figure(value)}${unit && ` ${unit}`}`;
  const against = limit === null ? '' : ` against ${figure(limit)}`;
  return `${dimension} lost ${figure(points)} points to ${metric}${reading}${against} (${window})`;
}

function heat(o: Observations, limits: BoardLimits): string {
  if (Number.isNaN(o.gpu_temp_celsius)) return '';
  return `${figure(o.gpu_temp_celsius)} C of ${figure(slowdownCelsius(o, limits))} C`;
}

function draw(o: Observations): string {
  const limit = Number.isNaN(o.power_limit_watts) ? '' : ` of ${figure(o.power_limit_watts)} W`;
  const now = Number.isNaN(o.power_watts) ? '' : `${figure(o.power_watts)} W${limit}`;
  if (!hasBit(o, BITS.power_cap) && !(o.sw_power_cap_count > 0)) return now;
  const share = Math.min(1, o.sw_power_cap_count / o.samples_7d);
  const cap = Number.isNaN(o.power_limit_watts) ? '' : ` at ${figure(o.power_limit_watts)} W`;
  const often = share > 0 ? ` in ${figure(100 * share)} % of its samples` : '';
  return `${now}${now ? ', ' : ''}power capped${cap} as configured${often}`;
}

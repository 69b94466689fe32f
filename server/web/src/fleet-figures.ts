import type { AnomalyAnswer } from '../../schemas.ts';
import type { FleetGpu, Severity } from './fleet-gpu.ts';

/** The fleet in figures, with the anomalies of whole nodes; a stale GPU counts in `gpus`, `nodes`, `stale` and with its anomalies, and in nothing else. */
export interface FleetFigures {
  readonly gpus: number;
  readonly nodes: number;
  readonly stale: number;
  readonly open: Readonly<Record<Severity, number>>;
  readonly power_watts: number | null;
  readonly mean_temp_celsius: number | null;
  readonly max_temp_celsius: number | null;
  /** Latest event time, ISO text. */
  readonly newest: string | null;
}

export function fleetFigures(gpus: Iterable<FleetGpu>, anomalies: Iterable<AnomalyAnswer>): FleetFigures {
  const nodes = new Set<string>();
  const open = { info: 0, warning: 0, critical: 0 };
  let [count, stale, power, powers, temps, temp_sum] = [0, 0, 0, 0, 0, 0];
  for (const { gpu_uuid, severity } of anomalies) if (gpu_uuid === '') open[severity]++;
  let max_temp_celsius: number | null = null;
  let newest: string | null = null;
  for (const gpu of gpus) {
    count++;
    nodes.add(gpu.node);
    open.info += gpu.open.info;
    open.warning += gpu.open.warning;
    open.critical += gpu.open.critical;
    if (gpu.ts !== null && (newest === null || gpu.ts > newest)) newest = gpu.ts;
    if (gpu.stale_since !== null) {
      stale++;
      continue;
    }
    if (gpu.power_watts !== null) {
      power += gpu.power_watts;
      powers++;
    }
    const temp = gpu.gpu_temp_celsius;
    if (temp === null) continue;
    temps++;
    temp_sum += temp;
    if (max_temp_celsius === null || temp > max_temp_celsius) max_temp_celsius = temp;
  }
  return {
    gpus: count,
    nodes: nodes.size,
    stale,
    open,
    power_watts: powers === 0 ? null : power,
    mean_temp_celsius: temps === 0 ? null : temp_sum / temps,
    max_temp_celsius,
    newest,
  };
}

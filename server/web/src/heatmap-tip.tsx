import { useLayoutEffect, useRef } from 'preact/hooks';
import type { FleetGpu } from './fleet-gpu.ts';
import { timeText } from './format-time.ts';
import { decimal, percent } from './format-value.ts';

/** A GPU in one sentence, for those who hear the map. */
export function tipText(gpu: FleetGpu): string {
  const facts = readings(gpu).map(([name, text]) => `${name} ${text}`);
  return `${title(gpu)}: ${[stateText(gpu), ...facts].join(', ')}.`;
}

/** What is known of the cell under the pointer or the keyboard's focus. */
export function HeatmapTip(props: {
  readonly gpu: FleetGpu;
  readonly x: number;
  readonly y: number;
  readonly room: number;
}) {
  const { gpu, x, y, room } = props;
  const tip = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = tip.current;
    if (element === null) return;
    const wide = element.offsetWidth;
    element.style.left = `${Math.max(0, x + 8 + wide > room ? Math.min(room - wide, x - wide - 40) : x + 8)}px`;
    element.style.top = `${y + 8}px`;
  });
  return (
    <div class="tip" ref={tip} aria-hidden="true">
      <strong>{title(gpu)}</strong>
      <div class="quiet">{gpu.model || 'unknown model'}</div>
      <dl>
        {readings(gpu).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class={gpu.stale_since !== null ? 'stale' : (gpu.worst ?? 'quiet')}>{stateText(gpu)}</div>
    </div>
  );
}

const title = (gpu: FleetGpu): string => `${gpu.node}${gpu.slot === '' ? '' : `, GPU ${gpu.slot}`}`;

function stateText(gpu: FleetGpu): string {
  if (gpu.stale_since !== null) return `no data since ${timeText(Date.parse(gpu.stale_since), Date.now())}`;
  const counts = (['critical', 'warning', 'info'] as const).flatMap((severity) =>
    gpu.open[severity] > 0 ? [`${gpu.open[severity]} ${severity}`] : [],
  );
  return counts.length === 0 ? 'no open anomaly' : `${counts.join(', ')} open`;
}

/** Unknown is told as such, and never looks like a good score. */
function healthText({ health }: FleetGpu): string {
  if (health === null || health.score === null) return 'unknown';
  return `${decimal(health.score, 1)}, ${health.grade}`;
}

function readings(gpu: FleetGpu): [string, string][] {
  const limit = gpu.power_limit_watts === null ? '' : ` of ${decimal(gpu.power_limit_watts, 0)}`;
  const rows: [string, string | null][] = [
    ['Health', healthText(gpu)],
    ['Temperature', gpu.gpu_temp_celsius === null ? null : `${decimal(gpu.gpu_temp_celsius, 0)} °C`],
    ['Power', gpu.power_watts === null ? null : `${decimal(gpu.power_watts, 0)}${limit} W`],
    ['Utilisation', gpu.util_ratio === null ? null : `${percent(gpu.util_ratio)} %`],
    ['MIG instances', gpu.instances === 0 ? null : String(gpu.instances)],
  ];
  return rows
    .map(([name, text]): [string, string | null] => [name, text])
    .filter((row): row is [string, string] => row[1] !== null);
}

import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ColourMode } from './colour-modes.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { timeText } from './format-time.ts';
import { decimal, percent } from './format-value.ts';
import { cellState, type HeatCell } from './heatmap-cells.ts';
import { money } from './money-text.ts';
import { chance } from './prediction-text.ts';

const SEVERITIES = ['critical', 'warning', 'info'] as const;

/** A GPU in one sentence, for those who hear the map. */
export function tipText(gpu: FleetGpu): string {
  const facts = readings(gpu).map(([name, text]) => `${name} ${text}`);
  return `${title(gpu)}: ${[stateText(gpu), ...facts].join(', ')}.`;
}

/** A node in one sentence. */
export function nodeTipText(cell: HeatCell, gpus: ReadonlyMap<string, FleetGpu>, mode: ColourMode): string {
  const facts = nodeFacts(cell, gpus, mode).map(([name, text]) => `${name} ${text}`);
  return `${cell.node}: ${facts.join(', ')}.`;
}

/** What is known of the cell under the pointer or the keyboard's focus: of one GPU, or of a node's together. */
export function HeatmapTip(props: {
  readonly cell: HeatCell;
  readonly gpu: FleetGpu | undefined;
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly mode: ColourMode;
  readonly x: number;
  readonly y: number;
  readonly room: number;
}) {
  const { cell, gpu, gpus, mode, x, y, room } = props;
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
      <strong>{gpu === undefined ? cell.node : title(gpu)}</strong>
      {gpu !== undefined && <div class="quiet">{gpu.model || 'unknown model'}</div>}
      <dl>
        {(gpu === undefined ? nodeFacts(cell, gpus, mode) : readings(gpu)).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {gpu !== undefined && (
        <div class={gpu.stale_since !== null ? 'stale' : (gpu.worst ?? 'quiet')}>{stateText(gpu)}</div>
      )}
    </div>
  );
}

function nodeFacts(cell: HeatCell, gpus: ReadonlyMap<string, FleetGpu>, mode: ColourMode): [string, string][] {
  const members = cell.uuids.flatMap((uuid) => gpus.get(uuid) ?? []);
  const { value } = cellState(cell, gpus, mode);
  const stale = members.filter(({ stale_since }) => stale_since !== null).length;
  const open = { critical: 0, warning: 0, info: 0 };
  for (const gpu of members) for (const severity of SEVERITIES) open[severity] += gpu.open[severity];
  return [
    ['GPUs', stale === 0 ? String(members.length) : `${members.length}, ${stale} stale`],
    [`${mode.label}, the worst`, value === null ? mode.missing : mode.cell(value) || mode.legend[0]],
    ...SEVERITIES.flatMap((severity): [string, string][] =>
      open[severity] === 0 ? [] : [[`Open, ${severity}`, String(open[severity])]],
    ),
  ];
}

const title = (gpu: FleetGpu): string => `${gpu.node}${gpu.slot === '' ? '' : `, GPU ${gpu.slot}`}`;

function stateText(gpu: FleetGpu): string {
  if (gpu.stale_since !== null) return `no data since ${timeText(Date.parse(gpu.stale_since), Date.now())}`;
  const counts = SEVERITIES.flatMap((severity) =>
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
    ['Risk, 30 days', gpu.p30 === null ? null : chance(gpu.p30)],
    ['At risk', gpu.risk?.usd_per_hour == null ? null : `${money(gpu.risk.usd_per_hour)} an hour`],
    ['MIG instances', gpu.instances === 0 ? null : String(gpu.instances)],
  ];
  return rows
    .map(([name, text]): [string, string | null] => [name, text])
    .filter((row): row is [string, string] => row[1] !== null);
}

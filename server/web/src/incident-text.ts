import { ACTION_TEXT } from './action-text.ts';
import type { IncidentAnswer } from './answers.ts';
import { integer } from './format-value.ts';

const SCOPES: Readonly<Record<IncidentAnswer['scope'], string>> = {
  gpu: 'GPU',
  node: 'Node',
  nvlink_domain: 'NVLink domain',
  rack: 'Rack',
  job: 'Job',
};

/** The GPU of an incident as the fleet knows it; a UUID alone where it does not. */
export interface NamedGpu {
  readonly node: string;
  readonly slot: string;
}

export const gpuName = (gpu: NamedGpu | undefined, gpu_uuid: string): string =>
  gpu === undefined ? gpu_uuid.slice(0, 12) : `${gpu.node}${gpu.slot === '' ? '' : ` · GPU ${gpu.slot}`}`;

/** Where it comes from: `NVLink domain h100-r01-n1`, or the GPU by its place. */
export function originText(incident: IncidentAnswer, gpus: ReadonlyMap<string, NamedGpu>): string {
  const { scope, origin, gpu_uuid, node } = incident;
  if (scope !== 'gpu') return `${SCOPES[scope]} ${origin}`;
  const gpu = gpus.get(gpu_uuid);
  return gpu === undefined && node !== '' ? `${node} · ${gpu_uuid.slice(0, 12)}` : gpuName(gpu, gpu_uuid);
}

/** The summary without what is said beside it: the GPU at its beginning and the action at its end. */
export function summaryText({ summary, origin, node, action }: IncidentAnswer): string {
  const named = `${origin} on node ${node}: `;
  const text = summary.startsWith(named) ? summary.slice(named.length) : summary;
  const at = text.lastIndexOf(` ${ACTION_TEXT[action]}`);
  return at > 0 && !text.slice(at).includes(', ') ? text.slice(0, at) : text;
}

export const countText = (count: number, one: string): string => `${integer(count)} ${one}${count === 1 ? '' : 's'}`;

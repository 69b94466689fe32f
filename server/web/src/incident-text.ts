import { ACTION_TEXT, capital } from './action-text.ts';
import type { IncidentAnswer } from './answers.ts';
import { integer } from './format-value.ts';
import { inWords } from './metric-label.ts';
import { xidText } from './xid-text.ts';

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

/**
 * What happened, and what to do about it: the summary without the GPU at its beginning, which is shown as the place, and
 * its action at the end, which may say more than the recovery action alone; empty when there is none.
 */
export function summaryParts(incident: IncidentAnswer): { readonly text: string; readonly action: string } {
  const { summary, origin, node, action } = incident;
  const named = `${origin} on node ${node}: `;
  const text = inWords(summary.startsWith(named) ? summary.slice(named.length) : summary);
  const at = text.lastIndexOf(`. ${ACTION_TEXT[action]}`);
  const what = at < 0 ? text : text.slice(0, at);
  const todo = at < 0 ? ACTION_TEXT[action] : text.slice(at + 2).replace(/\.$/, '');
  const named_xids = what.replace(/\bXID (\d+)\b/g, (_, xid: string) => xidText(Number(xid)));
  return { text: capital(named_xids.replace(/\.$/, '')), action: action === 'none' ? '' : todo };
}

export const countText = (count: number, one: string): string => `${integer(count)} ${one}${count === 1 ? '' : 's'}`;

import type { AlertAnswer } from './answers.ts';
import { gpuName, type NamedGpu } from './incident-text.ts';
import { anomaliesPath, episodePath, gpuPath, incidentPath, nodePath } from './router.ts';

/** What an alert is about, in a few words. */
export function placeText(alert: AlertAnswer, gpu: NamedGpu | undefined): string {
  const { gpu_uuid, node, rack, cluster, source, source_id } = alert;
  if (gpu_uuid !== '')
    return gpu === undefined && node !== '' ? `${node} · ${gpu_uuid.slice(0, 12)}` : gpuName(gpu, gpu_uuid);
  if (node !== '') return `Node ${node}`;
  if (source === 'alert-channels') return `Channel ${source_id}`;
  return rack !== '' ? `Rack ${rack}` : cluster !== '' ? `Cluster ${cluster}` : 'Several nodes';
}

/** Where to look at what an alert is about; null when there is no such page. */
export function placeLink({ gpu_uuid, node }: AlertAnswer): string | null {
  return gpu_uuid !== '' ? gpuPath(gpu_uuid) : node !== '' ? nodePath(node) : null;
}

/** What an alert follows from, and the page that shows it. */
export function sourceLink(alert: AlertAnswer): { readonly text: string; readonly href: string } {
  const { source, source_id, gpu_uuid, node } = alert;
  switch (source) {
    case 'incidents':
      return { text: 'The incident', href: incidentPath(source_id) };
    case 'xid_episodes':
      return { text: 'The fault story', href: episodePath(source_id) };
    case 'anomalies':
      return { text: 'The anomalies there', href: anomaliesPath({ q: gpu_uuid || node, state: 'all', span: 'all' }) };
    case 'gpu_health_scores':
      return { text: 'Its health', href: gpuPath(gpu_uuid) };
    case 'gpu_failure_predictions':
      return { text: 'Its prediction', href: gpuPath(gpu_uuid) };
    case 'alert-channels':
      return { text: 'The channels', href: '/settings?view=channels' };
  }
}

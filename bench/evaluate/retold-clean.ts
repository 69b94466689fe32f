import type { TruthIndex } from './match-truth.ts';
import type { SinkLog } from './sink-log.ts';

/** Episodes and incidents that began where nothing was wrong, on any of their GPUs and nodes; null while nothing tells them. */
export function retoldClean(
  truth: TruthIndex,
  log: SinkLog,
): { readonly episodes: number | null; readonly incidents: number | null } {
  const clean = (gpu_uuid: string, node: string, ts: number): boolean =>
    truth.bucket({ gpu_uuid, node }, ts).kind === 'clean';
  const episodes = [...log.episodes.values()].filter((one) => clean(one.gpu_uuid, one.node, one.started_at));
  const members = new Map([...log.episodes.values()].map((one) => [one.id, one]));
  const incidents = [...log.incidents.values()].filter(
    (one) =>
      one.episodes.every((id) => {
        const member = members.get(id);
        return member === undefined || clean(member.gpu_uuid, member.node, member.started_at);
      }) && one.nodes.every((node) => clean('', node, one.opened_at)),
  );
  return {
    episodes: 'xid_episodes' in log.items ? episodes.length : null,
    incidents: 'incidents' in log.items ? incidents.length : null,
  };
}

import { firstValueFrom, timeout } from 'rxjs';
import { WebSocket } from 'ws';
import { createLiveClient, type LiveSocket } from '../../server/live-client.ts';
import type { LiveGpuSummary } from '../../server/live-rows.ts';
import type { Results } from './read-results.ts';

const ANSWER_MS = 5_000;
const Socket = WebSocket as unknown as new (url: string, protocol: string) => LiveSocket;

/**
 * What whoever subscribes now is told first, by topic: open anomalies and alerts, and the verdicts of those `gpus`. Readings of
 * the past are not told live, so of others only a server knows that was started since and has read the tables.
 */
export async function readLive(url: string, gpus: ReadonlySet<string | undefined>): Promise<Results> {
  const client = createLiveClient({ url, WebSocket: Socket });
  const first = async <Row>(topic: 'fleet' | 'anomalies' | 'alerts'): Promise<Row[]> => {
    const { state } = await firstValueFrom(client.follow(topic).pipe(timeout(ANSWER_MS)));
    return [...(state as ReadonlyMap<string, unknown> as ReadonlyMap<string, Row>).values()];
  };
  const lines = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
  try {
    const [fleet, anomalies, alerts] = await Promise.all([
      first<LiveGpuSummary>('fleet'),
      first('anomalies'),
      first('alerts'),
    ]);
    return {
      'live fleet': lines(fleet.filter(({ gpu_uuid }) => gpus.has(gpu_uuid)).map(verdictOf)),
      'live anomalies': lines(anomalies),
      'live alerts': lines(alerts),
    };
  } finally {
    client.close();
  }
}

/** Without readings: a server that was started since has seen those of the present only. */
function verdictOf(gpu: LiveGpuSummary): Partial<LiveGpuSummary> {
  const { gpu_uuid, node, instance, open_info, open_warning, open_critical, worst_severity } = gpu;
  const { overall_score, health_grade, failure_prob_7d, failure_prob_30d, decision } = gpu;
  return {
    ...{ gpu_uuid, node, instance, open_info, open_warning, open_critical, worst_severity },
    ...{ overall_score, health_grade, failure_prob_7d, failure_prob_30d, decision },
  };
}

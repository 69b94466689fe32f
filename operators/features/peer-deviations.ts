import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { PEER_GAUGES } from '../../pipeline/contract/windows.ts';
import { MOMENTS, meanOf } from '../windows/moments.ts';
import type { WindowCells, Windows } from '../windows/windows.ts';

const PEERS_MIN = 2;

/** A board among those of its node; instances of a board are not compared. */
export interface Peer {
  readonly gpu: number;
  readonly model: string;
  readonly instance: string;
}

/**
 * How far each board's last hour lies from that of the node's other boards of the same model: mean less the median of
 * their means, NaN with fewer than two of them. Reads every board once.
 */
export function createPeerDeviations(
  windows: Windows,
): (cells: WindowCells, boards: readonly Peer[], t: number) => (gpu: number, metric: MetricName) => number {
  const moments = new Float64Array(MOMENTS);
  const reads = PEER_GAUGES.map((metric) => windows.gauge(metric, '1h'));
  return (cells, boards, t) => {
    const whole = boards.filter(({ instance }) => instance === '');
    const means = whole.map(({ gpu }) =>
      reads.map((read) => {
        read(cells, gpu, t, moments);
        return meanOf(moments);
      }),
    );
    return (gpu, metric) => {
      const m = PEER_GAUGES.indexOf(metric);
      const own = whole.findIndex((board) => board.gpu === gpu);
      const mean = means[own]?.[m] ?? Number.NaN;
      if (Number.isNaN(mean)) return mean;
      const others: number[] = [];
      for (let i = 0; i < whole.length; i++) {
        const other = means[i]?.[m] as number;
        if (i !== own && whole[i]?.model === whole[own]?.model && !Number.isNaN(other)) others.push(other);
      }
      return others.length < PEERS_MIN ? Number.NaN : mean - median(others);
    };
  };
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  const upper = values[half] as number;
  return values.length % 2 === 1 ? upper : ((values[half - 1] as number) + upper) / 2;
}

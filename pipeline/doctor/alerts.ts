import type { ChannelFigures, LabelledFigure } from '../alert-desk/channel-figures.ts';
import { type Finding, finding } from './finding.ts';
import { spanText } from './in-words.ts';

type ChannelFigure = 'waiting' | 'failed_total' | 'given_up_total' | 'broken';

/** As the desk that delivers alerts tells it once a second. */
export type AlertFigures = Partial<ChannelFigures> & {
  readonly alerts_open?: number;
  readonly alerts_table_waiting?: number;
};

export interface AlertFacts {
  readonly heard: AlertFigures | null;
  readonly listened_ms: number;
  /** When the first engine that is heard began; infinite when none is. */
  readonly engine_since: number;
  readonly now: number;
}

/** Longer than a desk whose owner died needs to be taken over. */
const TAKE_OVER_MS = 60_000;

export function judgeAlerts({ heard, listened_ms, engine_since, now }: AlertFacts): Finding[] {
  if (heard === null) {
    if (now - engine_since < TAKE_OVER_MS || engine_since === Number.POSITIVE_INFINITY) return [];
    return [
      finding('alerts', 'desk', {
        state: 'fail',
        what: `nobody was heard delivering alerts in ${spanText(listened_ms)}: no engine holds the lease`,
        code: 'GV-BUS-002',
        action:
          'Look for GV-BUS-002 in `gpu-vitals logs --part engine`, and at the state of JetStream; restart the engine.',
      }),
    ];
  }
  const { alerts_open = 0 } = heard;
  const desk = finding('alerts', 'desk', { what: `works, ${alerts_open} open`, figures: { alerts_open } });
  const channels = (heard.alert_channel_broken ?? []).flatMap(({ labels }) => labels.channel ?? []);
  return [desk, ...channels.map((channel) => judgeChannel(channel, heard))];
}

function judgeChannel(channel: string, heard: AlertFigures): Finding {
  const figureOf = (name: ChannelFigure): number => {
    const series: readonly LabelledFigure[] = heard[`alert_channel_${name}`] ?? [];
    return series.find(({ labels }) => labels.channel === channel)?.value ?? 0;
  };
  const [waiting, failed, given_up] = [figureOf('waiting'), figureOf('failed_total'), figureOf('given_up_total')];
  const figures = { channel, waiting, failed, given_up };
  const check = `channel ${channel}`;
  if (figureOf('broken') > 0) {
    const what = `takes nothing, ${waiting} messages wait`;
    return finding('alerts', check, { state: 'fail', what, code: 'GV-ALT-004', figures });
  }
  if (given_up > 0) {
    const what = `${given_up} messages were given up since the start of the engine`;
    return finding('alerts', check, { state: 'warn', what, code: 'GV-ALT-003', figures });
  }
  return finding('alerts', check, { what: `works, ${waiting} messages wait`, figures });
}

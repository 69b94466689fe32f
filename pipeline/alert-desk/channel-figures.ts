import type { LineCounts } from '../../sinks/alerts/channel-line.ts';

/** A figure told on the bus that has a value for each of some labels. */
export interface LabelledFigure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type ChannelFigure =
  | 'sent_total'
  | 'failed_total'
  | 'given_up_total'
  | 'merged_total'
  | 'duplicates_total'
  | 'waiting'
  | 'broken';
export type ChannelFigures = Readonly<Record<`alert_channel_${ChannelFigure}`, readonly LabelledFigure[]>>;

/** How each channel fares, by the names of /metrics; `alert_channel_broken` is 1 while it takes nothing. */
export function channelFigures(channels: Readonly<Record<string, LineCounts>>): ChannelFigures {
  const by = (figure: (counts: LineCounts) => number): LabelledFigure[] =>
    Object.entries(channels).map(([channel, counts]) => ({ labels: { channel }, value: figure(counts) }));
  return {
    alert_channel_sent_total: by(({ sent }) => sent),
    alert_channel_failed_total: by(({ failed }) => failed),
    alert_channel_given_up_total: by(({ given_up }) => given_up),
    alert_channel_merged_total: by(({ merged }) => merged),
    alert_channel_duplicates_total: by(({ duplicates }) => duplicates),
    alert_channel_waiting: by(({ waiting }) => waiting),
    alert_channel_broken: by(({ broken_since }) => (broken_since === null ? 0 : 1)),
  };
}

import type { Severity } from '../../pipeline/contract/events.ts';
import { instantText, spanText } from '../episodes/in-words.ts';
import { type NewestReading, readingText } from './newest-reading.ts';

/** What has become of an alert that was open. */
export type AlertChange =
  | { readonly kind: 'raised'; readonly from: Severity; readonly to: Severity }
  /** What it was about is gone; `told`: the text before says so already, with its times. */
  | { readonly kind: 'over'; readonly told: boolean }
  /** Quiet for so long that it is taken as gone, without the reset that it needed. */
  | { readonly kind: 'unseen_reset' }
  /** An incident of its node tells for it from now on. */
  | { readonly kind: 'explained'; readonly by: string }
  /** Nobody hears of it any more. */
  | { readonly kind: 'forgotten' }
  /** The rule was taken away. */
  | { readonly kind: 'unwanted' };

/**
 * How an alert ends or goes on, in sentences with instants and spans of event time that hold when they are told: what its
 * findings say is as old as they are. `began` is since when its rule held, `at` when the change was.
 */
export function courseText(
  change: AlertChange,
  when: { readonly began: number; readonly opened_at: number; readonly at: number },
  newest: NewestReading | null,
): string {
  const reading = newest === null ? '' : readingText(newest);
  const last = newest === null || reading === '' ? '' : `Last reading: ${reading} at ${instantText(newest.at)}.`;
  return [sentenceOf(change, when), last].filter((text) => text !== '').join(' ');
}

function sentenceOf(
  change: AlertChange,
  { began, opened_at, at }: { readonly began: number; readonly opened_at: number; readonly at: number },
): string {
  const lasted = at - began;
  switch (change.kind) {
    case 'raised':
      return `Raised from ${change.from} to ${change.to}${at > opened_at ? `, ${spanText(at - opened_at)} after it opened` : ''}.`;
    case 'over':
      if (change.told) return '';
      return lasted > 0
        ? `Over since ${instantText(at)}, after ${spanText(lasted)}.`
        : `Over: nothing more came after ${instantText(at)}.`;
    case 'unseen_reset':
      return `Closed without a reset that anybody saw, at ${instantText(at)}, ${spanText(lasted)} after it began.`;
    case 'explained':
      return `Closed at ${instantText(at)}: other boards of node ${change.by} show the same, which one alert of the node tells.`;
    case 'forgotten':
      return `Closed: nothing was heard of it since ${instantText(at)}, ${spanText(lasted)} after it began.`;
    case 'unwanted':
      return `Closed at ${instantText(at)}: its rule is no longer in force.`;
  }
}

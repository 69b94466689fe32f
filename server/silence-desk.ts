import { randomUUID } from 'node:crypto';
import type { z } from '@hono/zod-openapi';
import { fitsAll } from '../pipeline/alert-desk/alert-matchers.ts';
import type { AlertMatcher, Silence } from '../pipeline/contract/alerts.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { days } from '../pipeline/contract/time.ts';
import type { AlertNow } from './alert-answers.ts';
import type { ApiParts } from './api-parts.ts';
import { instantText, nullableInstantText } from './instant.ts';
import { BadRequest } from './problem.ts';
import type { SILENCE_STATES, silenceAnswerSchema } from './schemas-alerts.ts';

const LENGTH_MAX = days(366);
/** Not yet over; each is compared with every open alert. */
const SILENCES_MAX = 1_000;
/** Ended ones are shown for as long. */
const KEPT = days(90);

type SilenceState = (typeof SILENCE_STATES)[number];

export interface SilenceDesk {
  /** Open alerts that fit all matchers. */
  fitting(matchers: readonly AlertMatcher[]): readonly AlertNow[];
  stateOf(silence: Silence): SilenceState;
  answerOf(silence: Silence): z.input<typeof silenceAnswerSchema>;
  /** Throws BadRequest when it could never be in force, or for too long. */
  checked(silence: Silence): Silence;
  /** Throws BadRequest, GV-API-006 when there are too many, and what the bus throws. */
  begin(
    told: Omit<Silence, 'id' | 'created_at' | 'starts_at'> & { readonly starts_at?: number | undefined },
  ): Promise<Silence>;
}

/** What routes that make and change silences have in common. */
export function silenceDesk({ alerts, clock }: Pick<ApiParts, 'alerts' | 'clock'>): SilenceDesk {
  const fitting = (matchers: readonly AlertMatcher[]): readonly AlertNow[] =>
    alerts.fitting((alert) => fitsAll(alert, matchers));

  const stateOf = ({ starts_at, ends_at }: Silence): SilenceState => {
    const now = clock.now();
    return ends_at <= now || ends_at <= starts_at ? 'expired' : now < starts_at ? 'pending' : 'active';
  };

  function checked(silence: Silence): Silence {
    const { starts_at, ends_at } = silence;
    const wrong =
      ends_at <= starts_at
        ? 'Must be after starts_at'
        : ends_at <= clock.now()
          ? 'Must lie in the future'
          : ends_at - starts_at > LENGTH_MAX
            ? 'Must be at most a year after starts_at'
            : null;
    if (wrong !== null) throw new BadRequest([{ field: 'ends_at', detail: wrong }]);
    return silence;
  }

  return {
    fitting,
    stateOf,
    checked,
    answerOf(silence) {
      const { id, starts_at, ends_at, created_at, matchers, ...rest } = silence;
      return {
        id,
        kind: rest.kind,
        state: stateOf(silence),
        matchers: matchers.map(({ field, values, not }) => ({ field, values: [...values], ...(not && { not }) })),
        starts_at: instantText(starts_at),
        ends_at: instantText(ends_at),
        created_by: rest.created_by,
        comment: rest.comment,
        created_at: instantText(created_at),
        changed_by: rest.changed_by ?? '',
        changed_at: nullableInstantText(rest.changed_at),
        open_alerts: fitting(matchers).length,
      };
    },
    async begin({ starts_at, ...told }) {
      const now = clock.now();
      const all = alerts.silences();
      if (all.filter((one) => stateOf(one) !== 'expired').length >= SILENCES_MAX) {
        throw new VitalsError('GV-API-006', `There are ${SILENCES_MAX} silences already`, 'silences');
      }
      const silence = checked({ id: randomUUID(), ...told, starts_at: starts_at ?? now, created_at: now });
      const made = await alerts.silence(silence.id, () => silence);
      for (const { id, ends_at } of all) if (ends_at < now - KEPT) await alerts.forgetSilence(id);
      return made;
    },
  };
}

import type { Logger } from 'pino';
import type { Bus } from '../contract/bus.ts';
import type { VitalsError } from '../contract/errors.ts';
import { openLog } from '../log.ts';
import { errorFields } from '../logs/error-fields.ts';
import { answerProfiles } from '../profiles/answer-profiles.ts';
import { VERSION } from '../roles/version.ts';
import type { InsightOptions } from './insight-options.ts';
import { openSpans, type RunningSpans } from './open-spans.ts';

export interface ThreadInsight {
  readonly log: Logger;
  /** Null while traces are off. */
  readonly spans: RunningSpans | null;
  /** An error into the log. */
  tell(error: VitalsError): void;
  /** To be called before the bus is closed. */
  stop(): Promise<void>;
}

/** What every thread has for whoever looks inside: a log, spans if they are asked for, and an ear for who wants a profile. */
export async function threadInsight(options: {
  readonly part: string;
  readonly insight: InsightOptions;
  readonly bus: Bus;
  readonly worker?: string;
}): Promise<ThreadInsight> {
  const { part, bus, worker, insight } = options;
  const log = openLog({ data: insight.data, level: insight.level, part, ...(worker === undefined ? {} : { worker }) });
  const tell = (error: VitalsError): void => log.warn(errorFields(error), error.message);
  const spans = await openSpans({ part, version: VERSION, env: process.env, tell });
  const profiles = answerProfiles(bus, part, insight.profiles);
  return {
    log,
    spans,
    tell,
    async stop() {
      profiles.stop();
      await spans?.stop();
    },
  };
}

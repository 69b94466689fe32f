import type { Config } from '../config-schema.ts';
import type { LogLevel } from '../log.ts';

/** What may be asked of a running thread: nothing, what it does with its time, or its memory too. */
export type ProfilesAllowed = 'off' | 'time' | 'memory';

/** What a thread lets others see. */
export interface InsightOptions {
  /** Folder that its log is written below. */
  readonly data: string;
  readonly level: LogLevel;
  readonly profiles: ProfilesAllowed;
}

export const insightOptions = (config: Pick<Config, 'data' | 'log-level' | 'profiles'>): InsightOptions => ({
  data: config.data,
  level: config['log-level'],
  profiles: config.profiles,
});

import type { Config } from '../config-schema.ts';

/** Whether a real fleet is named, to scrape or to be written by a Prometheus; `up` simulates one otherwise. */
export const hasTargets = (
  config: Pick<Config, 'targets' | 'targets-file' | 'targets-url' | 'remote-write'>,
): boolean =>
  config.targets.length > 0 ||
  config['targets-file'].length > 0 ||
  config['targets-url'] !== '' ||
  config['remote-write'] !== '';

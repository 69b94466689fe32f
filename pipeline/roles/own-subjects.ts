import { hostname } from 'node:os';
import type { Config } from '../config-schema.ts';
import { subjectToken } from '../contract/ids.ts';

/** The engine that shares its work with nobody. */
const LONE_WORKER = 'w0';

/** What an engine calls itself: a token of a subject. */
export const workerName = (config: Pick<Config, 'cluster' | 'worker-name'>): string =>
  config.cluster ? subjectToken(config['worker-name'] || hostname()) : LONE_WORKER;

/** What a collector calls itself among those that share targets; null: all targets are its own. */
export const collectorName = (config: Pick<Config, 'collector-cluster' | 'collector-name'>): string | null =>
  config['collector-cluster'] ? config['collector-name'] || hostname() : null;

/** Where an engine tells of itself once a second. */
export const workerSubject = (worker: string): string => `vitals.topology.${worker}`;

/** Where a collector does. One of several has a name; figures of one that is alone go where they always went. */
export const collectorSubject = (name: string | null): string =>
  `vitals.metrics.collector${name === null ? '' : `.${subjectToken(name)}`}`;

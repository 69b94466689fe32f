import type { Clock } from '../clock.ts';
import type { Spans } from '../contract/tracing.ts';
import { StepTraces } from '../telemetry/step-traces.ts';
import type { EngineTracing } from './engine-sinks.ts';

/** What an engine's thread traces with; null while traces are off. */
export const tracingOf = (spans: Spans | null, worker: string, clock: Clock): EngineTracing | null =>
  spans === null ? null : { spans, traces: new StepTraces({ spans, worker, clock }) };

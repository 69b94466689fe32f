import type { VitalsError } from '../contract/errors.ts';
import type { Spans } from '../contract/tracing.ts';
import { telemetrySettings } from './settings.ts';

export interface RunningSpans extends Spans {
  /** Sends what is left, for at most two seconds. */
  stop(): Promise<void>;
}

export interface TelemetryOptions {
  /** Which part of the system this thread is. */
  readonly part: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told once when the collector takes nothing (GV-TEL-001), and again after it took something. */
  readonly tell: (error: VitalsError) => void;
}

/** Null unless the standard variables ask for traces: then the library is not even loaded, and nothing is paid. */
export async function openSpans(options: TelemetryOptions): Promise<RunningSpans | null> {
  const settings = telemetrySettings(options.env);
  if (!settings.traces) return null;
  const { otlpSpans } = await import('./otlp-spans.ts');
  return otlpSpans({ ...options, sampled_ratio: settings.sampled_ratio });
}

import type { reconstruction } from '../operators/novelty/reconstruction.ts';
import { type DetectorSettings, isOn } from './detectors.ts';
import { VECTOR_DELAY } from './step-options.ts';

/** Detectors whose libraries are loaded only where they are switched on. */
export interface OptionalDetectors {
  readonly reconstruction?: ReturnType<typeof reconstruction>;
}

/** Loads what configuration asks for: TensorFlow.js takes a fifth of a second and 30 MB. */
export async function loadOptionalDetectors(settings: DetectorSettings): Promise<OptionalDetectors> {
  if (!isOn('reconstruction', settings)) return {};
  const { RECONSTRUCTION_DEFAULTS, reconstruction } = await import('../operators/novelty/reconstruction.ts');
  return { reconstruction: reconstruction({ ...RECONSTRUCTION_DEFAULTS, delay: VECTOR_DELAY }) };
}

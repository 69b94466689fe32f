import type { VitalsError } from '../contract/errors.ts';
import { placeOf } from '../step-place.ts';

/** What a line of the log says of an error beside its message: step, group and position where it came out of the topology. */
export function errorFields(error: VitalsError): Readonly<Record<string, unknown>> {
  const { code, where } = error;
  const { step, group = null, position = null } = placeOf(error) ?? {};
  return {
    code,
    ...(where === '' ? {} : { where }),
    ...(step === undefined ? {} : { step }),
    ...(group === null ? {} : { group }),
    ...(position === null ? {} : { position }),
  };
}

import { JSON_VARIABLE } from '../config.ts';
import { VitalsError } from '../contract/errors.ts';

/** Whether answers and errors are JSON, by arguments or environment. Throws GV-CFG-001 for a variable that says neither. */
export function answersAsJson(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (args.includes('--json')) return true;
  const said = environment[JSON_VARIABLE] ?? '';
  if (['', '0', 'false'].includes(said)) return false;
  if (['1', 'true'].includes(said)) return true;
  throw new VitalsError('GV-CFG-001', `json (${JSON_VARIABLE}): must be true or false`, '');
}

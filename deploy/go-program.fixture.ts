import { VitalsError } from '../pipeline/contract/errors.ts';
import { type GoProgram, goProgram } from './go-program.ts';

/** Making one with Go takes minutes, once. */
export const GO_BUILD_MAX_MS = 1_300_000;

/** Where a program is; or why it cannot be had, for whoever skips its test. */
export type Had = { readonly path: string } | { readonly why: string };

export async function hadProgram(program: GoProgram): Promise<Had> {
  try {
    return { path: await goProgram(program, process.env, (line) => console.error(line)) };
  } catch (error) {
    if (error instanceof VitalsError && error.code === 'GV-SVC-004') return { why: error.message };
    throw error;
  }
}

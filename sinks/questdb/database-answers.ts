import { request } from 'undici';
import type { DurationMs } from '../../pipeline/contract/time.ts';

const FAULT = 500;

/**
 * Whether the database answers at `url` (`http://host:9000`) within the time, over a connection of its own; which credentials
 * it wants does not matter. Never rejects.
 */
export async function databaseAnswers(url: string, within: DurationMs): Promise<boolean> {
  try {
    const { origin } = new URL(url);
    const { statusCode, body } = await request(`${origin}/ping`, { reset: true, signal: AbortSignal.timeout(within) });
    await body.dump();
    return statusCode < FAULT;
  } catch {
    return false;
  }
}

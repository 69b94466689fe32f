import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';

/** Makes a story happen in the simulated fleet at this address; what it answered. Throws what the fleet refuses, and GV-COL-002 when it is away. */
export async function injectStory(
  fleet: string,
  order: { readonly story: string; readonly gpu_uuid: string },
): Promise<unknown> {
  const url = `${fleet}/inject`;
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
  } catch (cause) {
    throw new VitalsError('GV-COL-002', 'the simulated fleet does not answer', url, { cause });
  }
  const answer = (await response.json()) as { code?: ErrorCode; what?: string; detail?: string; title?: string };
  if (response.ok) return answer;
  throw new VitalsError(answer.code ?? 'GV-API-004', answer.what ?? answer.detail ?? answer.title ?? 'refused', url);
}

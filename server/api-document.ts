import type { ApiParts } from './api-parts.ts';
import { createApp } from './create-app.ts';
import { metricsRegistry } from './metrics-registry.ts';
import type { OpenApiDocument } from './openapi-document.ts';
import { OPEN_GATE } from './security/gate.ts';

/** What is used before anybody asks, and by the answer to `/openapi.json` itself. */
const used = () => ({
  clock: { now: () => 0, monotonic: () => 0 },
  metrics: metricsRegistry(),
  console_dir: null,
  gate: OPEN_GATE,
  behind_proxy: false,
  calls_per_s: 0,
  config: null,
  version: '0.0.0',
});

/** Stands for any other part: it can be taken apart and handed on, and throws when it is called. */
const unused = (name: string): unknown =>
  new Proxy(() => undefined, {
    get: (_, member) => unused(`${name}.${String(member)}`),
    apply() {
      throw new Error(`${name} was used to describe the API`);
    },
  });

/** The OpenAPI document of the API, as `/openapi.json` answers it, without the parts that a running API needs. */
export async function apiDocument(): Promise<OpenApiDocument> {
  const parts = new Proxy(used(), {
    get: (there, member) => (member in there ? Reflect.get(there, member) : unused(String(member))),
  }) as unknown as ApiParts;
  return (await createApp(parts).request('/openapi.json')).json() as Promise<OpenApiDocument>;
}

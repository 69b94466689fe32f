import { hostname } from 'node:os';
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';

/** Who tells: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count before what we know ourselves. */
export const resourceOf = ({ part, version }: { readonly part: string; readonly version: string }): Resource =>
  resourceFromAttributes({
    [ATTR_SERVICE_NAME]: 'gpu-vitals',
    [ATTR_SERVICE_VERSION]: version,
    [ATTR_SERVICE_INSTANCE_ID]: `${hostname()}-${process.pid}-${part}`,
    'gpu_vitals.part': part,
  }).merge(detectResources({ detectors: [envDetector] }));

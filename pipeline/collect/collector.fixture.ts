import type { RequestListener } from 'node:http';

/** A dcgm-exporter of a few GPUs; the temperature counts its scrapes, so that none can be lost or doubled unseen. */
export function exporter(
  node: string,
  gpus = 2,
): { readonly listener: RequestListener; readonly served: () => number } {
  let served = 0;
  return {
    listener(_request, response) {
      served++;
      let text = '# HELP DCGM_FI_DEV_GPU_TEMP GPU temperature.\n# TYPE DCGM_FI_DEV_GPU_TEMP gauge\n';
      for (let n = 0; n < gpus; n++) {
        const labels = `gpu="${n}",UUID="GPU-${node}-${n}",modelName="NVIDIA H100",Hostname="${node}"`;
        text += `DCGM_FI_DEV_POWER_USAGE{${labels}} ${served}\nDCGM_FI_DEV_GPU_TEMP{${labels}} 40\n`;
      }
      response.end(text);
    },
    served: () => served,
  };
}

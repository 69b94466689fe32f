import type { Attribution } from '../../pipeline/contract/events.ts';
import type { FleetNode } from './layout.ts';
import { mix } from './random.ts';
import type { Job, JobKind } from './workload.ts';

const NAMES: Readonly<Record<JobKind, readonly [namespace: string, pod: string, container: string][]>> = {
  pretrain: [
    ['foundation', 'pretrain-70b', 'trainer'],
    ['foundation', 'moe-pretrain', 'trainer'],
    ['research', 'vision-pretrain', 'pytorch'],
  ],
  finetune: [
    ['applied', 'sft-8b', 'trainer'],
    ['research', 'dpo-13b', 'trainer'],
    ['applied', 'lora-sweep', 'pytorch'],
  ],
  inference: [
    ['serving', 'vllm-chat', 'server'],
    ['serving', 'embeddings', 'triton'],
    ['serving', 'rerank', 'triton'],
  ],
  notebook: [
    ['notebooks', 'jupyter', 'notebook'],
    ['students', 'lab', 'notebook'],
  ],
  batch: [
    ['data', 'dedup-batch', 'main'],
    ['data', 'tokenise', 'main'],
  ],
  video: [
    ['media', 'transcode', 'ffmpeg'],
    ['media', 'captions', 'main'],
  ],
};

const NOBODY: readonly Attribution[] = [];

/** What Kubernetes or Slurm would put beside this GPU's samples: one entry, several where pods share the GPU, none when free. */
export function attributionOf(job: Job | null, node: FleetNode, slot: number, gang: boolean): readonly Attribution[] {
  if (job === null) return NOBODY;
  const choices = NAMES[job.kind];
  const [namespace, pod, container] = choices[mix(job.seed, 1) % choices.length] as (typeof choices)[number];
  if (node.slurm)
    return [{ namespace: '', pod: '', container: '', job: String(1_000_000 + (mix(job.seed, 2) % 8_000_000)) }];
  const run = mix(job.seed, 3).toString(36).slice(0, 5);
  const name = gang ? `${pod}-${run}-worker-${node.gang.rank}` : `${pod}-${run}`;
  if (!node.time_sliced || gang) return [{ namespace, pod: name, container, job: '' }];
  return Array.from({ length: 2 + ((slot + job.seed) % 2) }, (_, k) => ({
    namespace,
    pod: `${name}-${k}`,
    container,
    job: '',
  }));
}

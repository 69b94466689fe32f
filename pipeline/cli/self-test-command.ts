import { randomInt } from 'node:crypto';
import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import { minutes } from '../contract/time.ts';
import { type SelfTestStage, selfTest } from '../doctor/self-test.ts';
import { readAddresses } from '../roles/addresses.ts';
import type { Audit } from './audited.ts';
import type { CommandContext } from './context.ts';
import { injectStory } from './inject-story.ts';

const STORY = 'dbe_row_remap';
/** A score is due every five minutes of the fleet's own time, whatever happens. */
const TIMEOUT = minutes(6);

/** `doctor --self-test`: a story for one GPU of the simulated fleet, and the time until each part has told of it; exit 1 when one did not. */
export async function runSelfTest(context: CommandContext, audit: Audit): Promise<void> {
  const { data } = context.loaded.values;
  const up = await readAddresses(data);
  if (!up?.fleet) {
    throw new VitalsError('GV-CLI-002', 'no simulated fleet runs in this data folder', data, {
      action:
        'A test anomaly is never put into a real fleet. Start a simulated one with `gpu-vitals up`, or give --data.',
    });
  }
  const { fleet, nats } = up;
  const gpu_uuid = await anyGpu(fleet);
  const bus = await connectBus({ servers: nats, name: 'gpu-vitals doctor', clock: systemClock });
  try {
    context.say(`${STORY} on ${gpu_uuid}; its first XID comes a minute of the fleet's time after the injection`);
    const stages = await selfTest({
      bus,
      clock: systemClock,
      gpu_uuid,
      inject: () =>
        audit(
          bus,
          () => ({ action: 'doctor --self-test', target: gpu_uuid, detail: JSON.stringify({ story: STORY }) }),
          () => injectStory(fleet, { story: STORY, gpu_uuid }),
        ),
      timeout_ms: TIMEOUT,
      onStage: ({ stage, latency_ms }) => context.say(`${stage} after ${Math.round(latency_ms ?? 0)} ms`),
    });
    context.answer({ story: STORY, gpu_uuid, stages }, () => stages.map(stageText).join('\n'));
    if (stages.some(({ latency_ms }) => latency_ms === null)) process.exitCode = 1;
  } finally {
    await bus.close();
  }
}

const stageText = ({ stage, latency_ms }: SelfTestStage): string =>
  latency_ms === null
    ? `fail  ${stage.padEnd(7)}  was not heard in ${TIMEOUT / 60_000} min: see \`gpu-vitals doctor\``
    : `ok    ${stage.padEnd(7)}  ${Math.round(latency_ms)} ms after the injection`;

/** One of all, so that a second test seldom meets what the first has left open. Throws GV-COL-002. */
async function anyGpu(fleet: string): Promise<string> {
  try {
    const targets = (await (await fetch(`${fleet}/sd`)).json()) as { labels: Record<string, string> }[];
    const path = targets[randomInt(targets.length)]?.labels.__metrics_path__ ?? '';
    const page = await (await fetch(`${fleet}${path}`)).text();
    const found = [...new Set([...page.matchAll(/UUID="(GPU-[^"]+)"/g)].map((match) => match[1] ?? ''))];
    const one = found[randomInt(found.length)];
    if (one !== undefined) return one;
  } catch (cause) {
    throw new VitalsError('GV-COL-002', 'the simulated fleet does not answer', fleet, { cause });
  }
  throw new VitalsError('GV-COL-002', 'the simulated fleet has no GPU', fleet);
}

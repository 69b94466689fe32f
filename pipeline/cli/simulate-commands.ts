import { type Command, Option } from 'commander';
import { createFleet } from '../../bench/fleet/fleet.ts';
import { serveFleet } from '../../bench/fleet/serve-fleet.ts';
import { STORIES } from '../../bench/fleet/stories/story-kinds.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { readAddresses } from '../roles/addresses.ts';
import { noteServedFleet, servedFleet } from '../roles/served-fleet.ts';
import { auditOf } from './audited.ts';
import { configured, contextOf } from './context.ts';
import { injectStory } from './inject-story.ts';
import { openBus } from './open-bus.ts';
import { untilStopped } from './until-stopped.ts';

const KEYS: readonly ConfigKey[] = ['gpus', 'seed', 'stories', 'speed', 'interval'];

/** `simulate`: a fleet of dcgm-exporters over HTTP; `inject`: a fault story into it, or into the fleet of a running `up`. */
export function addSimulateCommands(program: Command): void {
  const simulate = configured(program.command('simulate'), KEYS)
    .description('a fleet of dcgm-exporters over HTTP')
    .option('--port <port>', 'where it listens on loopback; 0 is any free port', '9400')
    .action(async () => {
      const context = contextOf(simulate, KEYS);
      const { gpus, seed, stories, speed, interval, data } = context.loaded.values;
      const port = Number(simulate.opts<{ port: string }>().port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new VitalsError('GV-CLI-001', '--port must be 0..65535', '');
      await untilStopped(async () => {
        const fleet = createFleet({ gpus, seed, start_ms: systemClock.now(), interval_ms: interval, stories });
        const served = await serveFleet(fleet, {
          port,
          clock: systemClock,
          speed,
          interval_ms: interval,
          host: '127.0.0.1',
        });
        const forget = await noteServedFleet(data, served.url).catch(() => {
          context.say(`${data} cannot be written to: inject will not find this fleet`);
          return () => undefined;
        });
        process.stdout.write(`${JSON.stringify({ event: 'ready', url: served.url, sd: served.sd_url })}\n`);
        context.say(`${gpus} simulated GPUs: gpu-vitals up --targets-url ${served.sd_url}`);
        return {
          failed: new Promise<never>(() => undefined),
          stop: () => {
            forget();
            return served.close();
          },
        };
      });
    });

  const inject = configured(program.command('inject'), [])
    .description('a fault story into the running simulated fleet')
    .argument('[story]', 'name of the story; without one they are listed')
    .addOption(new Option('--gpu <UUID>', 'GPU that it happens to'))
    .action(async (story: string | undefined) => {
      const context = contextOf(inject, []);
      if (story === undefined) {
        context.answer(STORIES, () => STORIES.map(({ name, description }) => `${name}: ${description}`).join('\n'));
        return;
      }
      const { gpu } = inject.opts<{ gpu?: string }>();
      if (gpu === undefined) throw new VitalsError('GV-CLI-001', '--gpu UUID is missing', '');
      const { data } = context.loaded.values;
      const up = await readAddresses(data);
      const fleet = up?.fleet ?? (await servedFleet(data));
      if (!fleet) {
        throw new VitalsError('GV-CLI-002', 'no simulated fleet runs in this data folder', data, {
          action: 'Start one with `gpu-vitals up` or `gpu-vitals simulate`, or name its folder with --data.',
        });
      }
      // A fleet of `simulate` belongs to no running system.
      const bus = up?.fleet ? await openBus(context.loaded.values, 'inject') : null;
      try {
        const told = await audit(
          bus,
          () => ({ target: gpu, detail: JSON.stringify({ story }) }),
          () => injectStory(fleet, { story, gpu_uuid: gpu }),
        );
        context.answer(told, () => `${story} on ${gpu}: ${JSON.stringify(told)}`);
      } finally {
        await bus?.close();
      }
    });
  const audit = auditOf(inject);
}

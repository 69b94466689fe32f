import type { Command } from 'commander';
import { listDeadLetters, retryDeadLetters, type StoredDeadLetter, showDeadLetter } from '../bus/dead-letters.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { auditOf } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { openBus } from './open-bus.ts';

const KEYS: readonly ConfigKey[] = ['nats'];
interface Filter {
  readonly reason?: string;
  readonly node?: string;
  readonly limit?: string;
  readonly again?: true;
}

/** `dead-letters list|show|retry`: what was refused, why, and again after a fix. */
export function addDeadLettersCommand(program: Command): void {
  const group = program.command('dead-letters').description('what was refused, why, and again after a fix');

  const list = configured(group.command('list'), KEYS)
    .description('from the oldest on')
    .option('--reason <reason>', 'only this reason')
    .option('--node <node>', 'only this node')
    .option('--limit <n>', 'at most this many', '100')
    .action(async () => {
      const context = contextOf(list, KEYS);
      const { reason, node, limit } = list.opts<Filter>();
      const most = wholeNumber(limit ?? '100', '--limit');
      await withBus(context, async (bus) => {
        const letters: StoredDeadLetter[] = [];
        for await (const letter of listDeadLetters(bus, {
          ...named({ reason, node }),
          limit: most,
        })) {
          letters.push(letter);
        }
        context.answer(letters, () =>
          letters
            .map(({ position, ts, node: from, reason: why, detail, retried_at }) =>
              [position, new Date(ts).toISOString(), from, why, retried_at === null ? '' : '(retried)', detail].join(
                '  ',
              ),
            )
            .join('\n'),
        );
      });
    });

  const show = configured(group.command('show'), KEYS)
    .description('one of them, with its original')
    .argument('<position>', 'as `list` tells it')
    .action(async (position: string) => {
      const context = contextOf(show, KEYS);
      const at = wholeNumber(position, 'the position');
      await withBus(context, async (bus) => {
        const letter = await showDeadLetter(bus, at);
        context.answer(letter, () => JSON.stringify(letter, null, 2));
      });
    });

  const retry = configured(group.command('retry'), KEYS)
    .description('sends the originals again')
    .argument('[positions...]', 'as `list` tells them; without any: all that the options choose')
    .option('--reason <reason>', 'only this reason')
    .option('--node <node>', 'only this node')
    .option('--again', 'also those that were sent again before')
    .action(async (positions: string[]) => {
      const context = contextOf(retry, KEYS);
      const { reason, node, again } = retry.opts<Filter>();
      const chosen = positions.map((text) => wholeNumber(text, 'a position'));
      await withBus(context, async (bus) => {
        const order = {
          ...named({ reason, node }),
          ...(chosen.length === 0 ? {} : { positions: chosen }),
          again: again === true,
        };
        const result = await audit(
          bus,
          (done) => ({
            target: chosen.join(' '),
            detail: JSON.stringify({ ...order, ...done }),
          }),
          () => retryDeadLetters(bus, { ...order, clock: systemClock }),
        );
        context.answer(result, () => `${result.retried} sent again, ${result.skipped} passed by`);
      });
    });
  const audit = auditOf(retry);
}

const named = (filter: {
  reason: string | undefined;
  node: string | undefined;
}): { reason?: string; node?: string } => ({
  ...(filter.reason === undefined ? {} : { reason: filter.reason }),
  ...(filter.node === undefined ? {} : { node: filter.node }),
});

function wholeNumber(text: string, what: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw new VitalsError('GV-CLI-001', `${what} must be a whole number from 1 on, not ${text}`, '');
}

async function withBus(context: CommandContext, run: (bus: Bus) => Promise<void>): Promise<void> {
  const bus = await openBus(context.loaded.values, 'dead-letters');
  try {
    await run(bus);
  } finally {
    await bus.close();
  }
}

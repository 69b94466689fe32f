import type { Bus, BusSubscription } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import { GROUPS, subjectToken } from '../contract/ids.ts';
import { type KnownAsset, knownAssets } from '../write-inventory.ts';
import type { GroupWork } from './group-work.ts';

/** What workers know of boards, asked by the one that writes the inventory. */
interface Answer {
  readonly groups: readonly number[];
  readonly known: readonly KnownAsset[];
}

const ASSETS_AT_ONCE = 200;
const ANSWER_MS = 2_000;
const ATTEMPTS = 30;
const AGAIN_MS = 1_000;

const subjectOf = (worker: string): string => `vitals.cluster.known.${subjectToken(worker)}`;

/** Answers with what a worker's groups know. `step`: id of the enrich step. */
export function answerKnown<T>(options: {
  readonly bus: Bus;
  readonly worker: string;
  readonly step: string;
  readonly groups: () => readonly GroupWork<T>[];
}): BusSubscription {
  const { bus, worker, step, groups } = options;
  return bus.subscribe(subjectOf(worker), ({ data, reply }) => {
    const assets = JSON.parse(Buffer.from(data).toString('utf8')) as readonly Asset[];
    const works = groups();
    const answer: Answer = {
      groups: works.map(({ group }) => group),
      known: works.flatMap(({ states }) => knownAssets(states, step, assets)),
    };
    bus.publish({ subject: reply, data: Buffer.from(JSON.stringify(answer), 'utf8') });
  });
}

/**
 * Asks all workers; again when not all groups have answered, because some are moving. Throws VitalsError GV-BUS-001 after half
 * a minute of that, and soon after the signal aborts.
 */
export async function askKnown(
  bus: Bus,
  workers: () => readonly string[],
  assets: readonly Asset[],
  signal: AbortSignal,
): Promise<readonly KnownAsset[]> {
  const known: KnownAsset[] = [];
  for (let at = 0; at < assets.length; at += ASSETS_AT_ONCE) {
    known.push(...(await askSome(bus, workers, assets.slice(at, at + ASSETS_AT_ONCE), signal)));
  }
  return known;
}

async function askSome(
  bus: Bus,
  workers: () => readonly string[],
  assets: readonly Asset[],
  signal: AbortSignal,
): Promise<readonly KnownAsset[]> {
  const data = Buffer.from(JSON.stringify(assets), 'utf8');
  for (let attempt = 1; ; attempt++) {
    const answers = await Promise.all(
      workers().map((worker) =>
        bus.request({ subject: subjectOf(worker), data }, ANSWER_MS).then(
          (message) => JSON.parse(Buffer.from(message.data).toString('utf8')) as Answer,
          () => null,
        ),
      ),
    );
    const heard = answers.filter((answer) => answer !== null);
    if (new Set(heard.flatMap(({ groups }) => groups)).size === GROUPS) {
      // A worker of an older build does not say when it saw a board last.
      return heard.flatMap(({ known }) => known.map((one) => ({ ...one, seen_at: one.seen_at ?? one.asset.ts })));
    }
    if (attempt === ATTEMPTS || signal.aborted)
      throw new VitalsError('GV-BUS-001', 'not all groups tell which boards they know', 'cluster');
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

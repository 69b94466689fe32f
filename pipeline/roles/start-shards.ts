import type { VitalsError } from '../contract/errors.ts';
import { errorOf, errorText, type FromShard, type ShardPort, type ToShard } from '../shards/shard-messages.ts';
import type { EngineShardData } from './engine-shard-thread.ts';
import { startThread } from './thread.ts';

const STOP_GRACE_MS = 3_000;

interface ShardNews {
  readonly data: Omit<EngineShardData, 'thread'>;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

/** Starts so many threads of an engine; all of them or none. */
export async function startShards(threads: number, news: ShardNews): Promise<ShardPort<ToShard, FromShard>[]> {
  const starts = await Promise.allSettled(Array.from({ length: threads }, (_, number) => startShard(number, news)));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const refused = starts.find((start) => start.status === 'rejected');
  if (refused === undefined) return started;
  await Promise.all(started.map((port) => port.end()));
  throw refused.reason;
}

/** The unexpected end of the thread is told as its failure. */
async function startShard(number: number, { data, say, tell }: ShardNews): Promise<ShardPort<ToShard, FromShard>> {
  let take: (message: FromShard) => void = () => undefined;
  const thread = await startThread<true>({
    file: new URL('./engine-shard-thread.js', import.meta.url),
    name: `engine-${number}`,
    data: { ...data, thread: number } satisfies EngineShardData,
    onExit: (error) => take({ kind: 'failed', why: errorText(error) }),
    onMessage(message) {
      const told = message as FromShard;
      if (told.kind === 'say') say(told.line);
      else if (told.kind === 'tell') tell(errorOf(told.why));
      else take(told);
    },
  });
  return {
    post: (message, transfer) => thread.post(message, transfer),
    listen(handler) {
      take = handler;
    },
    end: () => thread.stop(STOP_GRACE_MS),
  };
}

import type { ShardPort } from '../shards/shard-messages.ts';
import type { Draw } from './seeded-random.ts';
import type { Life } from './virtual-time.ts';

const TRAVEL_MS = 1;

/** Both ends of a connection between threads: what is sent is cloned, takes some time, and keeps its order. */
export function memoryPorts<Down, Up>(life: Life, draw: Draw): [ShardPort<Down, Up>, ShardPort<Up, Down>] {
  let up: (message: Up) => void = () => undefined;
  let down: (message: Down) => void = () => undefined;
  let open = true;
  const lane = <T>(deliver: (message: T) => void): ((message: T, transfer?: readonly ArrayBuffer[]) => void) => {
    let last = 0;
    return (message, transfer = []) => {
      const clone = structuredClone(message, { transfer: [...transfer] });
      last = Math.max(last, life.time.now + draw.unit() * TRAVEL_MS);
      life.after(last - life.time.now, () => {
        if (open) deliver(clone);
      });
    };
  };
  const end = async (): Promise<void> => {
    open = false;
  };
  return [
    {
      post: lane<Down>((message) => down(message)),
      listen(handler) {
        up = handler;
      },
      end,
    },
    {
      post: lane<Up>((message) => up(message)),
      listen(handler) {
        down = handler;
      },
      end,
    },
  ];
}

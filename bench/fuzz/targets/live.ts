import { settableClock } from '../../../pipeline/clock.ts';
import { FleetView } from '../../../server/fleet-view.ts';
import { LiveHub } from '../../../server/live-hub.ts';
import { LIVE_LIMITS } from '../../../server/live-limits.ts';
import { LiveTopics } from '../../../server/live-topics.ts';
import { RecentDeltas } from '../../../server/recent-deltas.ts';
import { liveMessageSchema } from '../../../server/schemas-fleet.ts';
import type { LiveSocket } from '../../../sinks/live/socket-server.ts';
import { bytesOf, type FuzzTarget, law, textOf } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';

const TALKS = [
  '{"op":"subscribe","topic":"fleet"}\n{"op":"ping"}\n{"op":"unsubscribe","topic":"fleet"}',
  '{"op":"subscribe","topic":"node/n1","since":1767225600000000}\n{"op":"subscribe","topic":"node/n1","since":0}',
  '{"op":"auth","key":"gvk_000000000000_x"}\n{"op":"subscribe","topic":"gpu/GPU-1"}\n{"op":"subscribe","topic":"alerts"}',
  '{"op":"subscribe","topic":"anomalies"}',
];

/** What one socket says, a message a line: answered with messages of the protocol, within its limits. */
export const live: FuzzTarget = {
  name: 'live',
  summary: 'messages of a client on the live socket',
  seeds: [...TALKS.map(bytesOf), ...keptInputs('live')],
  words: ['"op":', '"topic":', '"since":', '"node/', '"gpu/', 'subscribe', 'unsubscribe', '\n', '"key":'],
  bytes_max: 65_536,
  feed(input) {
    const clock = settableClock(SAMPLE_TS);
    const view = new FleetView({ clock });
    const recent = new RecentDeltas({ clock, keep_ms: 60_000, bytes_max: 1_048_576 });
    const limits = { recent, keep_ms: 60_000, topics_max: 1_000, alerts_max: 100, deltas_max: 16, bytes_max: 65_536 };
    const hub = new LiveHub({ clock, topics: new LiveTopics({ clock, view, ...limits }) });
    let joined = 0;
    let errors = 0;
    let closed = false;
    const socket: LiveSocket = {
      send(text) {
        const message = liveMessageSchema.parse(JSON.parse(text));
        if (message.type === 'error') errors++;
      },
      buffered: () => 0,
      join: () => {
        joined++;
      },
      leave: () => {
        joined--;
      },
      close: () => {
        closed = true;
      },
    };
    const session = hub.open(socket);
    for (const line of textOf(input).split('\n')) {
      if (!closed) hub.message(session, line);
      law(joined <= LIVE_LIMITS.topics_per_socket_max, `a socket in ${joined} topics`);
    }
    hub.tick();
    hub.closed(session);
    hub.close();
    law(joined === 0, `${joined} topics after the end`);
    return errors === 0;
  },
};

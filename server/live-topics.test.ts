import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { FleetView } from './fleet-view.ts';
import type { LiveTopic } from './live-topic.ts';
import { LiveTopics } from './live-topics.ts';
import { RecentDeltas } from './recent-deltas.ts';

it('takes no number of another server for one of its own, though both began the topic in the same millisecond', () => {
  const clock = settableClock(1_767_225_600_000);
  const recent = new RecentDeltas({ clock, keep_ms: 60_000, bytes_max: 1 << 20 });
  const limits = { recent, keep_ms: 60_000, topics_max: 100, alerts_max: 100, deltas_max: 16, bytes_max: 1 << 20 };
  const [mine, other] = [0, 1].map(() => {
    const topics = new LiveTopics({ clock, view: new FleetView({ clock }), ...limits });
    const topic = topics.open('anomalies') as LiveTopic;
    for (let i = 0; i < 3; i++) {
      topics.touchAnomaly(anomalyOf({ gpu_uuid: 'GPU-0', id: `id-${i}` }));
      topics.takeDelta(topic);
    }
    return topic;
  }) as [LiveTopic, LiveTopic];
  expect(mine.after(mine.seq - 2)).toHaveLength(2);
  for (let back = 0; back <= 3; back++) expect(mine.after(other.seq - back)).toBeNull();
});

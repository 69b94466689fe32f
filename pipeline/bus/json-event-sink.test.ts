import { expect, it } from 'vitest';
import { memoryBus } from '../../sinks/live/memory-bus.fixture.ts';
import { jsonEventSink } from './json-event-sink.ts';

const row = { node: 'n.1', gpu_uuid: 'GPU-1' };
const MISSED = 'vitals.missed.anomalies';

function told() {
  const bus = memoryBus();
  const sink = jsonEventSink(bus, 'anomalies');
  return { bus, sink, subjects: () => bus.published.splice(0).map(({ subject }) => subject) };
}

it('tells that rows could not be told, before the next one', async () => {
  const { bus, sink, subjects } = told();
  sink.write(row);
  const [subject] = subjects();
  bus.online = false;
  sink.write(row);
  bus.online = true;
  sink.write(row);
  expect(subjects()).toEqual([MISSED, subject]);
  await sink.flush();
  expect(subjects()).toEqual([]);
});

it('tells it as well of a connection that was lost and is back: what it was given last may not have left', async () => {
  const { bus, sink, subjects } = told();
  sink.write(row);
  bus.online = false;
  bus.online = true;
  subjects();
  await sink.flush();
  expect(subjects()).toEqual([MISSED]);
  await sink.flush();
  expect(subjects()).toEqual([]);
});

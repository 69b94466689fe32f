import { describe, expect, it } from 'vitest';
import type { DatabaseFacts, RollupFacts, TableFacts } from '../../sinks/questdb/inspect-database.ts';
import type { BusFacts, StreamFacts } from '../bus/inspect-bus.ts';
import { findingsText } from '../cli/doctor-command.ts';
import { type ClockFacts, judgeClocks } from './clocks.ts';
import { type CollectorFacts, judgeCollector } from './collector.ts';
import { judgeDeadLetters } from './dead-letters.ts';
import { type EngineFacts, type EngineReport, judgeEngine } from './engine.ts';
import { seen } from './finding.fixture.ts';
import { judgeBus } from './streams.ts';
import { judgeDatabase } from './tables.ts';

const NOW = Date.UTC(2026, 5, 1);

describe('streams', () => {
  const stream: StreamFacts = {
    name: 'DCGM_RAW',
    messages: 9,
    bytes: 90,
    oldest_at: NOW - 3_600_000,
    age_max_ms: 86_400_000,
    size_max_bytes: 100,
    refuses_when_full: false,
    consumers: 1,
    pending_max: 0,
  };
  const bus: BusFacts = {
    version: '2.15.1',
    jetstream_trouble: null,
    round_trip_ms: 1,
    ahead_ms: 0,
    storage_bytes: 5,
    storage_max_bytes: 0,
    streams: [stream],
    missing: [],
  };
  const context = { now: NOW, engine: true, url: 'nats://user:secret@h:4222' };
  it.each<[Partial<BusFacts>, string[]]>([
    [{}, ['server ok', 'jetstream ok', 'DCGM_RAW ok']],
    [{ jetstream_trouble: 'JetStream does not answer: 503' }, ['server ok', 'jetstream fail GV-BUS-001']],
    [{ storage_max_bytes: 5 }, ['server ok', 'jetstream warn GV-BUS-002', 'DCGM_RAW ok']],
    [{ streams: [{ ...stream, bytes: 99 }] }, ['server ok', 'jetstream ok', 'DCGM_RAW warn']],
    [
      { streams: [{ ...stream, bytes: 99, oldest_at: NOW - 86_000_000 }] },
      ['server ok', 'jetstream ok', 'DCGM_RAW ok'],
    ],
    [
      { streams: [{ ...stream, bytes: 99, refuses_when_full: true, age_max_ms: 0 }] },
      ['server ok', 'jetstream ok', 'DCGM_RAW fail GV-BUS-002'],
    ],
    [{ streams: [{ ...stream, pending_max: 20_000 }] }, ['server ok', 'jetstream ok', 'DCGM_RAW warn']],
    [{ streams: [{ ...stream, oldest_at: null, messages: 0 }] }, ['server ok', 'jetstream ok', 'DCGM_RAW ok']],
    [{ missing: ['ALERTS'] }, ['server ok', 'jetstream ok', 'DCGM_RAW ok', 'ALERTS fail GV-BUS-002']],
  ])('%o', (facts, expected) => expect(seen(judgeBus({ ...bus, ...facts }, context))).toEqual(expected));

  it('shows no credentials, and misses no stream that no engine made', () => {
    const findings = judgeBus({ ...bus, missing: ['ALERTS'] }, { ...context, engine: false });
    expect(findings.at(-1)?.state).toBe('warn');
    expect(findingsText(findings)).not.toContain('secret');
  });
});

it('tells dead letters by reason, most frequent first', () => {
  expect(seen(judgeDeadLetters({ by_reason: new Map(), limit: 10 }))).toEqual(['dead letters ok']);
  const findings = judgeDeadLetters({
    by_reason: new Map([
      ['odd', 1],
      ['late', 9],
    ]),
    limit: 10,
  });
  expect(seen(findings)).toEqual(['dead letters warn GV-VAL-005', 'dead letters warn']);
  expect(findings[0]?.what).toBe('at least 9 in the last hour: late');
  expect(findings[0]?.action).toContain('raise lateness-max');
});

describe('the engine', () => {
  const report = (lag_messages: number): EngineReport => ({
    worker: 'w0',
    lag_messages,
    gpus: 8,
    started_at: NOW - 600_000,
    steps: [],
  });
  const good: EngineFacts = {
    heard: [{ first: report(0), last: report(0) }],
    listened_ms: 2_300,
    expected: true,
    ours: true,
    snapshot_at: NOW - 5_000,
    snapshot_interval_ms: 10_000,
    now: NOW,
  };
  it.each<[Partial<EngineFacts>, string[]]>([
    [{}, ['alive ok', 'lag ok', 'snapshot ok']],
    [{ heard: [] }, ['alive fail']],
    [{ heard: [], expected: false }, ['alive warn']],
    [{ heard: [{ first: report(9_000), last: report(600) }] }, ['alive ok', 'lag warn', 'snapshot ok']],
    [{ heard: [{ first: report(600), last: report(600) }] }, ['alive ok', 'lag warn', 'snapshot ok']],
    [{ heard: [{ first: report(1e6), last: report(1e6) }] }, ['alive ok', 'lag fail', 'snapshot ok']],
    [{ snapshot_at: NOW - 60_000 }, ['alive ok', 'lag ok', 'snapshot warn GV-SNP-001']],
    [{ snapshot_at: null }, ['alive ok', 'lag ok', 'snapshot warn GV-SNP-001']],
    [{ snapshot_at: null, ours: false }, ['alive ok', 'lag ok']],
  ])('%#', (facts, expected) => expect(seen(judgeEngine({ ...good, ...facts }))).toEqual(expected));

  it('is told by worker with its share, and how much of that is read again', () => {
    const last = { ...report(0), groups: [3, 7], replaying: 1, has_fleet: true };
    const [alive] = judgeEngine({ ...good, heard: [{ first: last, last }] });
    expect(alive?.what).toContain(', groups 3 7 (1 read again) and the fleet');
  });
});

describe('the collector', () => {
  const good: CollectorFacts = {
    heard: { targets: 4, targets_failing: 0 },
    listened_ms: 2_300,
    expected: true,
  };
  it.each<[Partial<CollectorFacts>, string[]]>([
    [{}, ['targets ok', 'spool ok']],
    [{ heard: null }, ['alive fail']],
    [{ heard: null, expected: false }, ['alive warn']],
    [{ heard: { targets: 0 } }, ['targets warn GV-COL-005', 'spool ok']],
    [{ heard: { targets: 4, targets_failing: 1 } }, ['targets warn GV-COL-002', 'spool ok']],
    [{ heard: { targets: 4, targets_failing: 4 } }, ['targets fail GV-COL-002', 'spool ok']],
    [{ heard: { targets: 4, spooled_messages: 3, spooled_bytes: 99 } }, ['targets ok', 'spool warn']],
    [{ heard: { targets: 4, spooled_messages: 3, dropped_messages: 1 } }, ['targets ok', 'spool fail GV-COL-006']],
  ])('%o', (facts, expected) => expect(seen(judgeCollector({ ...good, ...facts }))).toEqual(expected));
});

describe('the database', () => {
  const table: TableFacts = {
    name: 'gpu_metrics',
    suspended: false,
    error: '',
    transactions_behind: 0,
    memory_pressure: 0,
    rows: 10,
    bytes: 1_000,
    partitions: 4,
    parquet_partitions: 3,
    parquet_bytes: 300,
    newest_at: NOW,
  };
  const rollup: RollupFacts = {
    name: 'gpu_metrics_1m',
    status: 'valid',
    reason: '',
    transactions_behind: 0,
    refreshed_at: NOW - 3_600_000,
    every_ms: 300_000,
  };
  const good: DatabaseFacts = {
    version: '9.3.4',
    ahead_ms: 0,
    answer_ms: 1,
    tables: [table],
    rollups: [rollup],
    missing: [],
  };
  const context = { now: NOW, engine: true, url: 'http://h:9000' };
  const R = 'gpu_metrics_1m refresh';
  it.each<[Partial<DatabaseFacts>, string[]]>([
    [{}, ['server ok', 'gpu_metrics ok', `${R} ok`]],
    [{ tables: [{ ...table, suspended: true }] }, ['server ok', 'gpu_metrics fail GV-SNK-003', `${R} ok`]],
    [
      { tables: [{ ...table, suspended: true, error: 'DISK FULL: No space left on device' }] },
      ['server ok', 'gpu_metrics fail GV-SNK-004', `${R} ok`],
    ],
    [{ tables: [{ ...table, transactions_behind: 101 }] }, ['server ok', 'gpu_metrics warn', `${R} ok`]],
    [{ tables: [{ ...table, memory_pressure: 2 }] }, ['server ok', 'gpu_metrics warn', `${R} ok`]],
    [{ rollups: [{ ...rollup, status: 'invalid' }] }, ['server ok', 'gpu_metrics ok', `${R} fail GV-SNK-003`]],
    [{ rollups: [{ ...rollup, transactions_behind: 5 }] }, ['server ok', 'gpu_metrics ok', `${R} warn`]],
    [{ rollups: [{ ...rollup, refreshed_at: null }] }, ['server ok', 'gpu_metrics ok', `${R} ok`]],
    [{ rollups: [], missing: ['anomalies'] }, ['server ok', 'gpu_metrics ok', 'anomalies fail']],
  ])('%o', (facts, expected) => expect(seen(judgeDatabase({ ...good, ...facts }, context))).toEqual(expected));

  it('tells rows, bytes a partition and the share of Parquet', () => {
    const [, told] = judgeDatabase(good, context);
    expect(told?.figures).toMatchObject({
      rows: 10,
      bytes_per_partition: 250,
      parquet_ratio: 0.75,
      parquet_bytes: 300,
    });
  });

  it('tells how to resume when no engine does', () => {
    const suspended = { ...good, tables: [{ ...table, suspended: true }] };
    expect(judgeDatabase(suspended, { ...context, engine: false })[1]?.action).toContain(
      'ALTER TABLE gpu_metrics RESUME',
    );
  });
});

describe('clocks', () => {
  const good: ClockFacts = {
    nats_ahead_ms: 3,
    questdb_ahead_ms: -3,
    newest_at: NOW - 10_000,
    now: NOW,
    interval_ms: 10_000,
    future_max_ms: 300_000,
    engine: true,
  };
  it.each<[Partial<ClockFacts>, string[]]>([
    [{}, ['nats-server ok', 'QuestDB ok', 'newest row ok']],
    [{ nats_ahead_ms: null, newest_at: null }, ['QuestDB ok']],
    [{ nats_ahead_ms: -5_000, questdb_ahead_ms: 61_000 }, ['nats-server warn', 'QuestDB fail', 'newest row ok']],
    [{ newest_at: NOW + 1_000 }, ['nats-server ok', 'QuestDB ok', 'newest row ok']],
    [{ newest_at: NOW + 301_000 }, ['nats-server ok', 'QuestDB ok', 'newest row warn']],
    [{ newest_at: NOW - 60_000 }, ['nats-server ok', 'QuestDB ok', 'newest row warn']],
    [{ newest_at: NOW - 600_000 }, ['nats-server ok', 'QuestDB ok', 'newest row fail']],
    [{ newest_at: NOW - 600_000, engine: false }, ['nats-server ok', 'QuestDB ok', 'newest row ok']],
  ])('%o', (facts, expected) => expect(seen(judgeClocks({ ...good, ...facts }))).toEqual(expected));
});

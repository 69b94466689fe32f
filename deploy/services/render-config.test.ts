import { expect, it } from 'vitest';
import { type NatsConfigOptions, renderNatsConfig } from './nats-config.ts';
import { questdbArguments, renderQuestdbConfig } from './questdb-config.ts';

const nats: NatsConfigOptions = {
  version: '2.15.1',
  host: '127.0.0.1',
  port: 4222,
  monitor_port: 8222,
  server_name: 's',
  store_dir: '/data with "quotes"/store',
  durability: 'fast',
  file_store_max_mib: 100,
};

it.each([
  { version: '2.15.1', durability: 'safe', always: true },
  { version: '2.10.0', durability: 'safe', always: true },
  { version: '2.9.10', durability: 'safe', always: false },
  { version: '2.15.1', durability: 'fast', always: false },
] as const)('nats $version, $durability: sync_interval always is $always', ({ version, durability, always }) => {
  const text = renderNatsConfig({ ...nats, version, durability });
  expect(/^ {2}sync_interval: always$/m.test(text)).toBe(always);
});

it('keeps nats-server on loopback, with room for a large scrape', () => {
  const text = renderNatsConfig(nats);
  expect(text).toContain('host: "127.0.0.1"\nport: 4222\nhttp: "127.0.0.1:8222"\nmax_payload: 8MB');
  expect(text).toContain('store_dir: "/data with \\"quotes\\"/store"');
});

const questdb = {
  host: '127.0.0.1',
  http_port: 9000,
  pg_port: 8812,
  pg_user: 'admin',
  pg_password: 'quest',
  http_login: false,
  reader_password: null,
  durability: 'fast',
} as const;

it('gives every QuestDB pool one thread, no telemetry, no other protocol', () => {
  const lines = renderQuestdbConfig(questdb).split('\n');
  expect(lines.filter((line) => line.includes('worker.count')).every((line) => line.endsWith('=1'))).toBe(true);
  for (const line of [
    'http.bind.to=127.0.0.1:9000',
    'pg.net.bind.to=127.0.0.1:8812',
    'http.min.enabled=false',
    'line.tcp.enabled=false',
    'telemetry.enabled=false',
    'cairo.commit.mode=nosync',
    'cairo.mat.view.enabled=true',
  ]) {
    expect(lines).toContain(line);
  }
});

it('writes durability and odd passwords as properties files want them', () => {
  const text = renderQuestdbConfig({ ...questdb, durability: 'safe', pg_password: ' a\\b\nü=' });
  expect(text).toContain('cairo.commit.mode=sync\n');
  expect(text).toContain('pg.password=\\u0020a\\u005cb\\u000a\\u00fc=\n');
});

it.each([
  { java_major: 17, native: false },
  { java_major: 23, native: false },
  { java_major: 24, native: true },
  { java_major: 25, native: true },
])('Java $java_major: flags for native access are $native', ({ java_major, native }) => {
  const args = questdbArguments({
    java_major,
    jar: 'q.jar',
    root: '/r',
    heap_max_mib: 300,
    quick_start: false,
    scratch: '/s',
    crash_log: '/l',
  });
  expect(args).toContain('-Xmx300m');
  expect(args).toContain('-Djava.io.tmpdir=/s');
  expect(args.includes('--enable-native-access=io.questdb')).toBe(native);
  expect(args.slice(-6)).toEqual(['-p', 'q.jar', '-m', 'io.questdb/io.questdb.ServerMain', '-d', '/r']);
});

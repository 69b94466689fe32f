import { expect, it } from 'vitest';
import { runCommand } from '../services/run-command.ts';
import { findPrometheus } from './find-prometheus.ts';

const found = await findPrometheus(process.env);
const why = typeof found === 'string' ? found : 'Prometheus is there';

it.skipIf(typeof found === 'string').each([
  ['the rules are rules', ['check', 'rules', 'alerts.yaml']],
  ['each alert is raised when it should be, and only then', ['test', 'rules', 'alerts.test.yaml']],
  ['the scrape example is a configuration', ['check', 'config', 'scrape.yaml']],
  ['the remote write example is a configuration', ['check', 'config', 'remote-write.yaml']],
])(`%s (${why})`, async (_, args) => {
  if (typeof found === 'string') return;
  const cwd = import.meta.dirname;
  const { code, output } = await runCommand(found.promtool, args, { env: process.env, cwd, timeout_ms: 60_000 });
  expect(output).not.toMatch(/FAILED|duplicate rule/);
  expect(code, output).toBe(0);
});

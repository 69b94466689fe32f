import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigSources, loadConfig, variableOf } from './config.ts';
import { CONFIG_KEYS, CONFIG_SECTIONS } from './config-schema.ts';
import { VitalsError } from './contract/errors.ts';

const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'gpu-vitals.yaml');
const load = (sources: Partial<ConfigSources> & { yaml?: string } = {}) => {
  const path = sources.yaml === undefined ? '/nonexistent/gpu-vitals.yaml' : file;
  if (sources.yaml !== undefined) writeFileSync(file, sources.yaml);
  return loadConfig({ file: path, file_required: false, environment: {}, flags: {}, ...sources });
};
const failure = (sources: Parameters<typeof load>[0]): string => {
  try {
    load(sources);
  } catch (error) {
    return error instanceof VitalsError ? error.line() : `unexpected ${String(error)}`;
  }
  return 'no error';
};

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(load().values).toMatchObject({
      gpus: 256,
      seed: 42,
      interval: 10_000,
      history: 7 * 86_400_000,
      targets: [],
    });
  });

  it('takes flag over environment over file, and tells where each value is from', () => {
    const { values, origins } = load({
      yaml: 'gpus: 16\nseed: 1\ninterval: 5s\n',
      environment: { GPU_VITALS_GPUS: '32', GPU_VITALS_SEED: '2', PATH: '/bin' },
      flags: { gpus: '64', api: undefined },
    });
    expect(values).toMatchObject({ gpus: 64, seed: 2, interval: 5_000 });
    expect(origins).toMatchObject({ gpus: '--gpus', seed: 'GPU_VITALS_SEED', interval: file, api: 'default' });
  });

  it.each<[string, Parameters<typeof load>[0], RegExp]>([
    ['an unknown key in the file', { yaml: 'gpu: 3' }, /no option gpu, did you mean gpus\?/],
    [
      'an unknown variable',
      { environment: { GPU_VITALS_NATZ: 'x' } },
      /GPU_VITALS_NATZ: there is no option natz, did you mean nats\?/,
    ],
    ['a bad number', { flags: { gpus: 'many' } }, /gpus \(--gpus\)/],
    ['a number out of range', { flags: { gpus: '0' } }, /must lie in 1\.\.100000/],
    ['a fraction', { flags: { gpus: '8.5' } }, /whole number/],
    ['a bad duration', { flags: { interval: '10 parsecs' } }, /must be a duration such as/],
    ['a duration out of range', { flags: { interval: '9h' } }, /must lie in 100ms\.\.1h, is 9h/],
    ['a bad address', { flags: { api: '8080' } }, /must be host:port/],
    ['a port that there is not', { flags: { api: '127.0.0.1:99999' } }, /api \(--api\): .*0\.\.65535/],
    ['the same where nothing may stand', { flags: { 'remote-write': '[::1]:65536' } }, /0\.\.65535, or nothing/],
    ['a list of targets elsewhere', { flags: { 'targets-url': 'ftp://x' } }, /targets-url \(--targets-url\): .*http:/],
    ['a bad target in the file', { yaml: 'targets: [a, "b c"]' }, /targets \(.*'b c' at 1/],
    ['YAML that is none', { yaml: 'a: [' }, /not YAML/],
    ['a list as file', { yaml: '- a' }, /options by name/],
    ['a named file that is missing', { file_required: true }, /GV-CLI-002.*cannot be read/],
  ])('refuses %s', (_, sources, expected) => {
    expect(failure(sources)).toMatch(expected);
  });

  it('leaves the variables of every command, which are no options of the configuration, to the command', () => {
    const environment = { GPU_VITALS_CONFIG: 'x.yaml', GPU_VITALS_JSON: '1', GPU_VITALS_SEED: '7' };
    expect(load({ environment }).values.seed).toBe(7);
    expect(failure({ yaml: 'json: true' })).toMatch(/no option json/);
  });

  it('simulates a single GPU when asked to', () => {
    expect(load({ flags: { gpus: '1' } }).values.gpus).toBe(1);
  });

  it('reports all problems at once', () => {
    const line = failure({ yaml: 'gpu: 3', flags: { interval: 'x', api: 'y' } });
    expect(line).toMatch(/no option gpu.*interval.*api/);
  });

  it('tells of every bad target, and not what its login is', () => {
    const line = failure({
      flags: { targets: 'a b, ok:9400, http://user:hunter2@h:9400, h:99999', 'targets-url': 'x' },
    });
    expect(line).toMatch(/'a b' at 0.*no password.*@h:9400' at 2.*'h:99999' at 3.*targets-url/);
    expect(line).not.toMatch(/hunter2|ok:9400/);
    expect(
      load({ flags: { targets: 'a, [::1]:9400', 'remote-write': '', 'targets-url': '', api: '[::1]:65535' } }).values,
    ).toMatchObject({
      targets: ['a', '[::1]:9400'],
      api: '[::1]:65535',
    });
  });

  it('reads thresholds by metric from the file, and as JSON from elsewhere', () => {
    const thresholds = { power_watts: 4, fb_used_bytes: 6.5, memory_clock_mhz: 0 };
    const yaml = 'zscore-thresholds:\n  power_watts: 4\n  fb_used_bytes: 6.5\n  memory_clock_mhz: 0\n';
    const option = 'zscore-thresholds';
    expect(load().values[option]).toEqual({});
    expect(load({ yaml }).values[option]).toEqual(thresholds);
    expect(load({ flags: { [option]: JSON.stringify(thresholds) } }).values[option]).toEqual(thresholds);
    const environment = { GPU_VITALS_ZSCORE_THRESHOLDS: JSON.stringify(thresholds) };
    expect(load({ environment }).values[option]).toEqual(thresholds);
  });

  it('refuses every threshold of what cannot be judged, and says why', () => {
    const line = failure({
      flags: {
        'zscore-thresholds': JSON.stringify({
          gpu_utilization_ratio: 6,
          gpu_util_ratio: 101,
          sm_clock_mhz: 0.5,
          power_watts: '4',
          xid_last: 3,
          throttle_reasons: 0,
          ecc_sbe_volatile_total: 3,
          row_remap_failed: 3,
          pcie_link_gen: 3,
          power_limit_watts: 3,
        }),
      },
    });
    expect(line).toMatch(
      /there is no metric gpu_utilization_ratio, gauges [^;]* are gpu_temp_celsius, [^;]*gpu_util_ratio/,
    );
    expect(line).toMatch(/must lie in 1\.\.100, or be 0 for never at gpu_util_ratio/);
    expect(line).toMatch(/must lie in 1\.\.100, or be 0 for never at sm_clock_mhz/);
    expect(line).toMatch(/expected number, received string at power_watts/);
    expect(line).toMatch(/it is a code: only gauges [^;]* at xid_last/);
    expect(line).toMatch(/it is a mask: only gauges [^;]* at throttle_reasons/);
    expect(line).toMatch(/it is a counter: only gauges [^;]* at ecc_sbe_volatile_total/);
    expect(line).toMatch(/it is a flag: only gauges [^;]* at row_remap_failed/);
    expect(line).toMatch(/it is set or moves in steps: [^;]* at pcie_link_gen/);
    expect(line).toMatch(/it is set or moves in steps: [^;]* at power_limit_watts/);
    expect(failure({ yaml: 'zscore-thresholds: 4' })).toMatch(/zscore-thresholds \(.*expected object/);
    expect(failure({ yaml: 'zscore-thresholds: {power_watts: .nan}' })).toMatch(/at power_watts/);
  });

  it('describes every option', () => {
    for (const section of Object.values(CONFIG_SECTIONS)) {
      for (const [key, schema] of Object.entries(section)) expect(schema.description, key).toMatch(/\.$/);
    }
    expect(new Set(CONFIG_KEYS.map(variableOf)).size).toBe(CONFIG_KEYS.length);
  });

  it('reads rules for exporters from the file, and as JSON from elsewhere', () => {
    const yaml = 'target-access:\n- match: "*.gpu:9400"\n  ca_file: ca.pem\n- bearer_token_file: token\n';
    const rules = [
      { match: '*.gpu:9400', ca_file: 'ca.pem', insecure: false },
      { match: '*', bearer_token_file: 'token', insecure: false },
    ];
    expect(load().values['target-access']).toEqual([]);
    expect(load({ yaml }).values['target-access']).toEqual(rules);
    expect(load({ flags: { 'target-access': JSON.stringify(rules) } }).values['target-access']).toEqual(rules);
    expect(failure({ flags: { 'target-access': 'x' } })).toContain('target-access (--target-access): is not JSON');
    expect(failure({ yaml: 'target-access: [{ca: x}]' })).toContain('"ca" at 0');
    expect(failure({ yaml: 'target-access: [{bearer_token: secret}]' })).toContain('"bearer_token" at 0');
    expect(failure({ yaml: 'target-access: {match: x}' })).toContain('expected array');
  });
});

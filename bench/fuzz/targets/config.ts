import { loadConfig } from '../../../pipeline/config.ts';
import { CONFIG_KEYS } from '../../../pipeline/config-schema.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { bytesOf, type FuzzTarget, law, textOf } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';

const FILES = [
  'gpus: 64\nhistory: 2d\ntargets: [a:9400, b:9400]\nalert-routes: {routes: [{name: pager, severities: [critical], channels: [ops]}]}\n',
  'alert-channels:\n  ops: {kind: slack, url_file: /run/secrets/slack}\nalert-rules: {thermal: {for: 2h}}\n',
  'detectors: &d {pcie_replay_rate: {warning: 2}}\nalert-inhibitions: []\nGPU_VITALS_SEED=7\n--api=127.0.0.1:0\n',
  '{"interval": "10s", "target-access": [{"match": "*", "insecure": true}], "api": "[::1]:8080"}',
];
const FILE = 'fuzz.yaml';

/** A configuration file; its lines `GPU_VITALS_X=...` are the environment, `--x=...` the flags. */
export const config: FuzzTarget = {
  name: 'config',
  summary: 'configuration: file, environment, flags',
  seeds: [...FILES.map(bytesOf), ...keptInputs('config')],
  words: [
    ...CONFIG_KEYS.slice(0, 40),
    'routes: ',
    'matchers: ',
    '&a',
    '*a',
    '<<: ',
    '!!js/function ',
    '!!binary ',
    '? ',
    '---\n',
    '\nGPU_VITALS_',
    '\n--',
  ],
  bytes_max: 16_384,
  grown_bytes_max: 140_000,
  feed(input) {
    const environment: Record<string, string> = {};
    const flags: Record<string, unknown> = {};
    const file: string[] = [];
    for (const line of textOf(input).split('\n')) {
      const [, name, value] = /^(GPU_VITALS_[A-Z0-9_]+|--[^=]+)=(.*)$/.exec(line) ?? [];
      if (name === undefined) file.push(line);
      else if (name.startsWith('--')) flags[name.slice(2)] = value;
      else environment[name] = value ?? '';
    }
    try {
      const { values } = loadConfig({
        file: FILE,
        file_required: true,
        environment,
        flags,
        read: () => file.join('\n'),
      });
      law(
        Object.keys(values).every((key) => CONFIG_KEYS.includes(key as (typeof CONFIG_KEYS)[number])),
        'an option that there is not',
      );
      law(values.gpus >= 8 && values.gpus <= 100_000, `gpus is ${values.gpus}`);
      law(values.interval >= 100 && values.interval <= 3_600_000, `interval is ${values.interval}`);
    } catch (error) {
      if (error instanceof VitalsError) return false;
      throw error;
    }
    return true;
  },
};

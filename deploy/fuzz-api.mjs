import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

/**
 * `npm run fuzz-api -- --cases N --seed S`: as many requests, good and bad, to every operation of the API together, or to one
 * of them: `--operation "GET /api/v1/gpus"`.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    operation: { type: 'string' },
  },
});
const { cases, seed, operation } = values;
process.stdout.write(`seed ${seed}, ${cases} cases\n`);
const chosen = operation === undefined ? [] : ['-t', `${operation.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`];
const vitest = spawn('node_modules/.bin/vitest', ['run', '--project', 'slow', 'server/conformance', ...chosen], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_API_CASES: cases, FUZZ_API_SEED: seed },
});
vitest.on('exit', (code) => process.exit(code ?? 1));

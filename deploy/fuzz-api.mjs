import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

/** `npm run fuzz-api -- --cases N --seed S`: as many requests, good and bad, to every operation of the API together. */
const { values } = parseArgs({
  options: { cases: { type: 'string', default: '20000' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
});
process.stdout.write(`seed ${values.seed}, ${values.cases} cases\n`);
const vitest = spawn('node_modules/.bin/vitest', ['run', '--project', 'unit', 'server/conformance'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_API_CASES: values.cases, FUZZ_API_SEED: values.seed },
});
vitest.on('exit', (code) => process.exit(code ?? 1));

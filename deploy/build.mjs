import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';

/** Compiles the project and the console, and puts the command where `npx gpu-vitals` finds it in a checkout. */
const bin = (name) => `node_modules/.bin/${name}`;
const run = (program, ...args) => execFileSync(program, args, { stdio: 'inherit' });

rmSync('dist/pipeline', { recursive: true, force: true });
run(bin('tsc'), '-p', 'tsconfig.build.json');
// Types of what the package exports.
run(bin('tsc'), '-p', 'deploy/tsconfig.types.json');
if (existsSync('server/web/vite.config.ts')) run(bin('vite'), 'build', 'server/web', '--logLevel', 'warn');

// What the program reads at run time lies beside what was built, as it lies beside the sources.
mkdirSync('dist/deploy', { recursive: true });
cpSync('deploy/price-book.yaml', 'dist/deploy/price-book.yaml');
if (existsSync('models/shipped')) cpSync('models/shipped', 'dist/models/shipped', { recursive: true });

const command = 'dist/pipeline/cli/main.js';
chmodSync(command, 0o755);
mkdirSync('node_modules/.bin', { recursive: true });
rmSync(bin('gpu-vitals'), { force: true });
symlinkSync(`../../${command}`, bin('gpu-vitals'));

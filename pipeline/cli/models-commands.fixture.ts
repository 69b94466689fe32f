import { Command } from 'commander';
import { vi } from 'vitest';
import { addModelsRegistry } from './models-registry-commands.ts';
import { addModelsImport } from './models-score.ts';

/** Runs `models ...` inside this process; what it says on stdout and stderr. Throws what the command throws. */
export async function runModels(...args: string[]): Promise<{ readonly out: string; readonly err: string }> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  const group = program.command('models');
  addModelsRegistry(group);
  addModelsImport(group);
  // A test is no run for somebody's MLflow.
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
  const said = { out: '', err: '' };
  const take = (to: 'out' | 'err') => (text: string | Uint8Array) => {
    said[to] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(take('err')),
  ];
  try {
    await program.parseAsync(['models', ...args], { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return said;
}

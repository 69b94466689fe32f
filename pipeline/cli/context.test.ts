import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { VitalsError } from '../contract/errors.ts';
import { answersAsJson } from './answers-as-json.ts';
import { type CommandContext, configured, contextOf, takesEverywhere } from './context.ts';
import { describeError } from './exit-codes.ts';
import { makeProgram } from './program.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-context-'));
  for (const seed of [1, 2, 3]) writeFileSync(join(folder, `${seed}.yaml`), `seed: ${seed}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const yaml = (seed: number): string => join(folder, `${seed}.yaml`);

/** `keys list` of a program with nothing else. */
async function contextOfList(...args: string[]): Promise<CommandContext> {
  let context: CommandContext | null = null;
  const program = new Command().exitOverride();
  const list = configured(program.command('keys').command('list'), ['seed']).action(() => {
    context = contextOf(list, ['seed']);
  });
  takesEverywhere(program);
  await program.parseAsync(args, { from: 'user' });
  if (context === null) throw new Error('was not run');
  return context;
}

describe('what every command takes', () => {
  it.each([[['--json', 'keys', 'list']], [['keys', '--json', 'list']], [['keys', 'list', '--json']]])(
    'may stand anywhere: %j',
    async (args) => {
      expect((await contextOfList(...args)).json).toBe(true);
      expect((await contextOfList('keys', 'list')).json).toBe(false);
    },
  );

  it.each([
    [['--data', 'a', 'keys', 'list'], 'a'],
    [['--data', 'a', 'keys', '--data', 'b', 'list'], 'b'],
    [['--data', 'a', 'keys', '--data', 'b', 'list', '--data', 'c'], 'c'],
    [['keys', '--data', 'b', 'list'], 'b'],
    [['keys', 'list'], 'from-variable'],
  ])('counts where it stands last, before the environment: %j', async (args, data) => {
    vi.stubEnv('GPU_VITALS_DATA', 'from-variable');
    expect((await contextOfList(...args)).loaded.values.data).toBe(data);
  });

  it('has a file and JSON from the environment too, and the flag before them', async () => {
    vi.stubEnv('GPU_VITALS_CONFIG', yaml(1));
    vi.stubEnv('GPU_VITALS_JSON', '1');
    const { loaded, json } = await contextOfList('keys', 'list');
    expect([loaded.values.seed, loaded.origins.seed, json]).toEqual([1, yaml(1), true]);
    const above = await contextOfList('--config', yaml(2), 'keys', 'list');
    expect(above.loaded.values.seed).toBe(2);
    const at = await contextOfList('--config', yaml(2), 'keys', 'list', '--config', yaml(3));
    expect(at.loaded.values.seed).toBe(3);
  });

  it('wants the file that a variable names, and nothing of an empty one', async () => {
    vi.stubEnv('GPU_VITALS_CONFIG', '/nonexistent/x.yaml');
    await expect(contextOfList('keys', 'list')).rejects.toMatchObject({ code: 'GV-CLI-002' });
    vi.stubEnv('GPU_VITALS_CONFIG', '');
    vi.stubEnv('GPU_VITALS_JSON', '');
    expect((await contextOfList('keys', 'list')).json).toBe(false);
  });

  it('is there on the program and on every group of it', () => {
    const groups = (command: Command): Command[] =>
      command.commands.length === 0 ? [] : [command, ...command.commands.flatMap(groups)];
    const all = groups(makeProgram());
    expect(all.map((group) => group.name())).toContain('models');
    for (const group of all) {
      const known = group.options.map(({ long }) => long);
      expect(known, group.name()).toEqual(expect.arrayContaining(['--config', '--json', '--data', '--log-level']));
    }
  });
});

describe('answersAsJson', () => {
  it.each([
    [[], {}, false],
    [['x', '--json'], {}, true],
    [[], { GPU_VITALS_JSON: 'true' }, true],
    [[], { GPU_VITALS_JSON: '0' }, false],
    [['--json'], { GPU_VITALS_JSON: 'false' }, true],
  ])('%j %j: %s', (args, environment, expected) => {
    expect(answersAsJson(args, environment)).toBe(expected);
  });

  it('refuses what says neither', () => {
    expect(() => answersAsJson([], { GPU_VITALS_JSON: 'maybe' })).toThrow(/GPU_VITALS_JSON.*true or false/);
  });
});

describe('what is said on stderr', () => {
  const said = (): string[] => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      lines.push(...String(text).trimEnd().split('\n'));
      return true;
    });
    return lines;
  };

  it('is one line of JSON each with --json: news, errors, their stack', async () => {
    const lines = said();
    const { say, tell } = await contextOfList('--json', '--log-level', 'debug', 'keys', 'list');
    say('token="hush-hush", 3 rows\nand more');
    tell(new VitalsError('GV-CLI-002', 'what', 'where', { cause: new Error('why') }));
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ level: 'info', message: expect.stringMatching(/3 rows\nand more$/) });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ code: 'GV-CLI-002', stack: expect.stringMatching(/at .*why/s) });
  });

  it('is as it was without', async () => {
    const lines = said();
    const { say } = await contextOfList('keys', 'list');
    say('3 rows');
    expect(lines).toEqual(['3 rows']);
    const error = new VitalsError('GV-CLI-002', 'what', 'where');
    expect(describeError(error, { json: false, debug: false })).toBe(error.line());
    expect(describeError(error, { json: false, debug: true })).toMatch(/^error GV-CLI-002.*\n.*\n\s+at /);
    expect(Object.keys(JSON.parse(describeError(error, { json: true, debug: false })))).toEqual([
      'code',
      'what',
      'where',
      'action',
    ]);
  });
});

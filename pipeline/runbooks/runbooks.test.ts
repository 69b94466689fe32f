import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { errorsPage as htmlPage } from '../../server/errors-page.ts';
import { makeProgram } from '../cli/program.ts';
import { CONFIG_KEYS } from '../config-schema.ts';
import { ERRORS } from '../contract/error-catalogue.ts';
import { REASON_CODES } from '../contract/events.ts';
import { errorsPage } from './errors-page.ts';
import { RUNBOOKS } from './runbooks.ts';

const codes = Object.keys(ERRORS) as (keyof typeof ERRORS)[];
const linesOf = (code: (typeof codes)[number]): string[] => {
  const { shows, check, afterwards } = RUNBOOKS[code];
  return [ERRORS[code].action, shows, ...check, ...afterwards];
};
const inCode = (line: string): string[] => [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

it('codes are GV, three letters and three digits, as every reader of them expects', () => {
  expect(codes.filter((code) => !/^GV-[A-Z]{3}-\d{3}$/.test(code))).toEqual([]);
});

it.each(codes)('%s: says how it shows and what to look at, with commands that exist', (code) => {
  expect(RUNBOOKS[code].shows).toMatch(/\.$/);
  expect(RUNBOOKS[code].check.length).toBeGreaterThan(0);
  for (const line of linesOf(code)) expect(line.split('`').length % 2, line).toBe(1);
  for (const typed of linesOf(code).flatMap(inCode)) {
    const [name, ...words] = typed.split(' ');
    if (name !== 'gpu-vitals' || words[0] === 'COMMAND' || words[0] === '--help' || words[0] === '--version') continue;
    let command: Command = makeProgram();
    let depth = 0;
    for (const word of words) {
      const sub = command.commands.find((one) => one.name() === word);
      if (sub === undefined) break;
      command = sub;
      depth++;
    }
    expect(depth, typed).toBeGreaterThan(0);
    expect(command.commands, `${typed} lacks a command`).toEqual([]);
    const known = command.options.map(({ long }) => long);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(known, typed).toContain(option);
    const reason = words[words.indexOf('--reason') + 1];
    if (words.includes('--reason')) expect(Object.keys(REASON_CODES), typed).toContain(reason);
  }
});

it('names no option of the configuration that is not there', () => {
  const kebab = codes
    .flatMap(linesOf)
    .flatMap(inCode)
    .filter((word) => /^[a-z]+(-[a-z]+)+$/.test(word));
  expect(kebab.length).toBeGreaterThan(5);
  const known = new Set<string>(CONFIG_KEYS);
  expect(kebab.filter((word) => !known.has(word))).toEqual([]);
});

it('has a place for every code on both pages', () => {
  const markdown = errorsPage();
  const html = htmlPage();
  for (const code of codes) {
    expect(markdown.split(`<a id="${code}"></a>`)).toHaveLength(2);
    expect(html.split(`<h2 id="${code}">`)).toHaveLength(2);
  }
  expect(html).not.toMatch(/<script|https?:\/\/(?!NODE|HOST)[^<]*(src|href)=|src=/);
});

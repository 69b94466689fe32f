import { expect, it } from 'vitest';
import { configReference, documentedOptions } from './config-reference.ts';
import { CONFIG_KEYS, configSchema } from './config-schema.ts';

it('documents every option with a default that the schema takes', () => {
  const options = documentedOptions();
  expect(options.map(({ option }) => option)).toEqual(CONFIG_KEYS);
  const defaults = Object.fromEntries(options.map((one) => [one.option, one.default]));
  expect(configSchema.parse(defaults)).toEqual(configSchema.parse({}));
  expect(JSON.parse(JSON.stringify(options))).toEqual(options);
  for (const { option } of options) expect(configReference()).toContain(`| \`${option}\` |`);
});

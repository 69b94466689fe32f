import { expect, it } from 'vitest';
import { benchRemoteWrite } from './remote-write.ts';

it('measures both versions', async () => {
  const figures = await benchRemoteWrite({ seconds: 0.02 });
  expect(figures.bytes_per_series).toBeGreaterThan(240);
  for (const [name, value] of Object.entries(figures)) expect(value, name).toBeGreaterThan(0);
});

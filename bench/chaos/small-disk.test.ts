import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallDisk } from './small-disk.ts';

it('takes nothing while it is full, keeps what it holds, and goes on', async ({ skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-disk-'));
  try {
    const disk = await smallDisk(folder, 8);
    if (disk === null) return skip('this user may not mount');
    const write = (name: string): void => writeFileSync(join(folder, name), 'x'.repeat(100_000));
    write('before');
    disk.fill();
    expect(() => write('full')).toThrow(/ENOSPC/);
    expect(readFileSync(join(folder, 'before')).length).toBe(100_000);
    disk.free();
    write('after');
    await disk.unmount();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawTopology } from './define-topology.ts';
import { replaceDrawing } from './readme-drawing.ts';
import { referencePages } from './reference.ts';
import { defaultTopology } from './topology.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');

describe('generated files are fresh (else: npm run generate)', () => {
  it.each(Object.entries(referencePages()))('deploy/reference/%s', (name, content) => {
    const written = read('deploy', 'reference', name);
    // The formatter lays JSON out in its own way.
    if (name.endsWith('.json')) expect(JSON.parse(written)).toEqual(JSON.parse(content));
    else expect(written).toBe(content);
  });

  it('the drawing in README.md', () => {
    const readme = read('README.md');
    expect(readme).toBe(replaceDrawing(readme, drawTopology(defaultTopology())));
  });
});

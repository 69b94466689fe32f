import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grafanaDashboards } from '../deploy/grafana/dashboards.ts';
import { apiDocument } from '../server/api-document.ts';
import { apiPage } from '../server/api-page.ts';
import { generateClient } from '../server/client/generate-client.ts';
import { drawTopology } from './define-topology.ts';
import { replaceDrawing } from './readme-drawing.ts';
import { referencePages } from './reference.ts';
import { defaultTopology } from './topology.ts';

/** `npm run generate`: writes everything that is computed from the contract, relative to the working directory. */
const folder = join('deploy', 'reference');
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries(referencePages())) writeFileSync(join(folder, name), content);
const dashboards = join('deploy', 'grafana', 'dashboards');
mkdirSync(dashboards, { recursive: true });
for (const [name, content] of Object.entries(grafanaDashboards())) writeFileSync(join(dashboards, name), content);
const api = await apiDocument();
writeFileSync(join('server', 'client', 'api-types.generated.ts'), generateClient(api));
writeFileSync(join(folder, 'api.md'), apiPage(api));
writeFileSync('README.md', replaceDrawing(readFileSync('README.md', 'utf8'), drawTopology(defaultTopology())));

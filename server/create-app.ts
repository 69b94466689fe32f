import { OpenAPIHono } from '@hono/zod-openapi';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { routePath } from 'hono/route';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { ApiParts } from './api-parts.ts';
import { consoleFiles } from './console-files.ts';
import { DOCS_STYLE_HASH, docsPage } from './docs-page.ts';
import { errorsPage } from './errors-page.ts';
import { finishedAnswer } from './finished-answer.ts';
import { fleetNow } from './fleet-now.ts';
import type { OpenApiDocument } from './openapi-document.ts';
import { ownPagesOnly } from './own-page.ts';
import { problem } from './problem.ts';
import { alertChannelRoutes } from './routes/alert-channels.ts';
import { alertRuleRoutes } from './routes/alert-rules.ts';
import { alertSilenceRoute } from './routes/alert-silence.ts';
import { alertRoutes } from './routes/alerts.ts';
import { anomalyRoutes } from './routes/anomalies.ts';
import { assetRoutes } from './routes/assets.ts';
import { auditRoutes } from './routes/audit.ts';
import { availabilityReportRoutes } from './routes/availability-report.ts';
import { complianceReportRoutes } from './routes/compliance-report.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { evidenceRoute } from './routes/evidence.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { fleetMetricsRoute } from './routes/fleet-metrics.ts';
import { fleetRisksRoute } from './routes/fleet-risks.ts';
import { gpuMetricsRoute } from './routes/gpu-metrics.ts';
import { gpuRoutes } from './routes/gpus.ts';
import { healthRoutes } from './routes/health.ts';
import { injectRoutes } from './routes/inject.ts';
import { installationRoutes } from './routes/installation.ts';
import { keyRoutes } from './routes/keys.ts';
import { labelRoutes } from './routes/labels.ts';
import { modelPerformanceRoute } from './routes/model-performance.ts';
import { modelRoutes } from './routes/models.ts';
import { predictRoute } from './routes/predict.ts';
import { scoreRoute } from './routes/score.ts';
import { silenceRoutes } from './routes/silences.ts';
import { tableRoutes } from './routes/tables.ts';
import { auditCalls } from './security/audit-calls.ts';
import { addBrowserHeaders } from './security/browser-headers.ts';
import { requireAccess } from './security/require-access.ts';
import { tenantApps } from './security/tenant-apps.ts';

const DOCS_POLICY = `default-src 'none'; style-src ${DOCS_STYLE_HASH}; frame-ancestors 'none'`;

/** The REST API and the console's files as one Hono app; every answer that is no success is problem+json. */
export function createApp(parts: ApiParts): OpenAPIHono {
  const app = new OpenAPIHono();
  app.onError((error, c) => {
    const answer = problem(c, error);
    // That a part is away is told by /readyz and by the part itself.
    if (answer.status === 500) parts.onFailure(error, `${c.req.method} ${c.req.path}`);
    return answer;
  });
  app.notFound((c) => problem(c, new VitalsError('GV-API-002', `There is nothing at ${c.req.path}`, 'path')));

  app.use(async (c, next) => {
    const started = parts.clock.monotonic();
    await next();
    if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-cache');
    const route = c.res.status === 404 || c.res.status === 405 ? 'unmatched' : routePath(c, -1);
    parts.metrics.countRequest(route, c.res.status, (parts.clock.monotonic() - started) / 1_000);
  });
  app.use(addBrowserHeaders());
  app.use(ownPagesOnly(parts.pages));
  app.use(auditCalls(parts));
  app.use(requireAccess({ ...parts, answerTenant: tenantApps(parts, createApp) }));
  app.use(finishedAnswer());
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed(c, methods) {
        const answer = problem(c, new VitalsError('GV-API-005', `${c.req.method} is not allowed here`, c.req.path));
        answer.headers.set('Allow', methods.join(', '));
        return answer;
      },
    }),
  );

  gpuRoutes(app, parts);
  gpuMetricsRoute(app, parts);
  anomalyRoutes(app, parts);
  alertRoutes(app, parts);
  alertSilenceRoute(app, parts);
  silenceRoutes(app, parts);
  alertRuleRoutes(app, parts);
  alertChannelRoutes(app, parts);
  assetRoutes(app, parts);
  tableRoutes(app, parts);
  labelRoutes(app, parts);
  modelPerformanceRoute(app, parts);
  // After the routes below its path that are no versions.
  modelRoutes(app, parts);
  scoreRoute(app, parts);
  predictRoute(app, parts);
  const now = fleetNow(parts);
  decisionRoutes(app, parts, now);
  fleetRisksRoute(app, now);
  fleetMetricsRoute(app, parts);
  evidenceRoute(app, parts);
  fleetRoutes(app, parts, now);
  availabilityReportRoutes(app, parts);
  complianceReportRoutes(app, parts);
  deadLetterRoutes(app, parts);
  injectRoutes(app, parts);
  installationRoutes(app, parts);
  auditRoutes(app, parts);
  keyRoutes(app, parts);
  healthRoutes(app, parts);

  // Made when somebody asks: most of the time that an app takes to make, and every tenant has one.
  const described = once(() => app.getOpenAPI31Document(documentOf(parts.version)));
  const text = once(() => JSON.stringify(described()));
  const page = once(() => docsPage(described() as unknown as OpenApiDocument));
  const errors = once(errorsPage);
  app.get('/openapi.json', (c) => c.body(text(), 200, { 'Content-Type': 'application/json' }));
  app.get('/docs', (c) => c.html(page(), 200, { 'Content-Security-Policy': DOCS_POLICY }));
  app.get('/docs/errors', (c) => c.html(errors(), 200, { 'Content-Security-Policy': DOCS_POLICY }));
  consoleFiles(app, parts);
  return app;
}

const documentOf = (version: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'gpu-vitals',
    version,
    description:
      'Health of a GPU fleet. Lists answer items, next and total; times are ISO 8601 in UTC, ratios 0..1; errors are problem+json with a code.',
    license: { name: 'MIT' },
  },
});

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

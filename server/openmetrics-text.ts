/** A family of metrics as it is told in OpenMetrics 1.0 (prometheus.io/docs/specs/om/open_metrics_spec). */
export interface MetricFamily {
  /** Without `_info`, which samples of an info have behind it; ends in its unit where it has one. */
  readonly name: string;
  readonly type: 'gauge' | 'info';
  readonly unit?: string;
  readonly help: string;
}

export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const OPENMETRICS_END = '# EOF\n';

/** What stands before a family's samples. */
export function familyHead({ name, type, unit, help }: MetricFamily): string {
  const measured = unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
  return `# TYPE ${name} ${type}\n${measured}# HELP ${name} ${escaped(help)}\n`;
}

/** `name="value"`, separated by commas; empty values are left out, as for Prometheus they are no labels. */
export const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

/** As values of labels and help texts must be spelled. */
function escaped(text: string): string {
  if (!/[\\"\n]/.test(text)) return text;
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

import type { CoxData } from './cox-rows.ts';
import type { CoxTies } from './cox-sweep.ts';

/** Log partial likelihood of raw coefficients straight from its definition: every event looks at every row. */
export function partialLogLikelihood(data: CoxData, beta: readonly number[], ties: CoxTies): number {
  const rows = Array.from(data.stop, (_, i) => i);
  const weight = (i: number): number => data.weights?.[i] ?? 1;
  const eta = rows.map((i) =>
    beta.reduce((sum, b, j) => sum + b * (data.covariates[i * beta.length + j] as number), 0),
  );
  const risk = (group: readonly number[]): number =>
    group.reduce((sum, i) => sum + weight(i) * Math.exp(eta[i] as number), 0);
  let log_likelihood = 0;
  const seen = new Set<string>();
  for (const i of rows) {
    if (data.events[i] !== 1 || weight(i) === 0) continue;
    const stratum = data.strata?.[i] ?? 0;
    const time = data.stop[i] as number;
    if (seen.has(`${stratum} ${time}`)) continue;
    seen.add(`${stratum} ${time}`);
    const same = rows.filter((k) => (data.strata?.[k] ?? 0) === stratum);
    const at_risk = same.filter((k) => (data.stop[k] as number) >= time && (data.start?.[k] ?? -1e9) < time);
    const dead = at_risk.filter((k) => data.stop[k] === time && data.events[k] === 1 && weight(k) > 0);
    const mean_weight = dead.reduce((sum, k) => sum + weight(k), 0) / dead.length;
    dead.forEach((k, n) => {
      const gone = ties === 'efron' ? n / dead.length : 0;
      log_likelihood += weight(k) * (eta[k] as number) - mean_weight * Math.log(risk(at_risk) - gone * risk(dead));
    });
  }
  return log_likelihood;
}

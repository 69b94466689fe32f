import type { FleetMoney } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { useFleet, useNow } from './console-parts.ts';
import { ADVICE_TEXT, adviceText, OPTION_TEXT } from './decision-text.ts';
import { integer } from './format-value.ts';
import { gpuName } from './incident-text.ts';
import { money } from './money-text.ts';
import { Notice } from './notice.tsx';
import { OriginBadge } from './origin-badge.tsx';
import { gpuPath } from './router.ts';
import { useAnswer } from './use-answer.ts';
import { useModels } from './use-origins.ts';

const EVERY_MS = 30_000;
const TOP = 20;
const HOURS_PER_MONTH = 730;

/** What the fleet is worth, what is at risk while one waits, and where. */
export function MoneyPage() {
  const now = useNow();
  const answered = useAnswer((signal) => api.get('/api/v1/fleet/money', { query: { top: TOP }, signal }), {
    about: '',
    every_ms: EVERY_MS,
  });
  const judging = useModels(0).value?.items.filter(({ judges_ratio }) => judges_ratio > 0) ?? [];
  return (
    <div class="money">
      <div class="head">
        <h1>Money</h1>
        {[...new Set(judging.map(({ trained_on }) => trained_on))].map((trained_on) => (
          <OriginBadge key={trained_on} trained_on={trained_on} />
        ))}
        <span class="quiet small">
          {judging.length > 0 &&
            `Risks by ${judging.map(({ name, version }) => modelName(name, version)).join(' and ')}`}
        </span>
      </div>
      <AnswerState answered={answered} what="Decisions" now={now}>
        {(fleet) =>
          fleet.total.boards === 0 ? (
            <section class="card" data-testid="no-money">
              <Notice title="Nothing is decided yet">
                A decision about a board needs its health score and a prediction; both come after some minutes of
                readings. This page fills by itself.
              </Notice>
            </section>
          ) : (
            <Figures fleet={fleet} />
          )
        }
      </AnswerState>
    </div>
  );
}

const modelName = (name: string, version: string): string => (name === version ? name : `${name} ${version}`);

function Figures({ fleet }: { readonly fleet: FleetMoney }) {
  const { total, by_advice, by_decision, most_at_risk } = fleet;
  return (
    <>
      <dl class="counters" data-testid="money-total">
        {(
          [
            ['At risk per hour', money(total.value_at_risk_usd_per_hour)],
            ['At risk per month', money(total.value_at_risk_usd_per_hour * HOURS_PER_MONTH)],
            ['Worth, each at its best', money(total.expected_value_usd)],
            ['More than keeping all', money(total.gain_over_keep_usd)],
            ['Boards decided on', integer(total.boards)],
          ] as const
        ).map(([name, text]) => (
          <div key={name} class="counter">
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class="halves">
        <Split
          title="By advice"
          totals={by_advice}
          names={ADVICE_TEXT}
          href={(advice) => `/predictions?advice=${advice}`}
        />
        <Split title="By best option" totals={by_decision} names={OPTION_TEXT} />
      </div>
      <MostAtRisk boards={most_at_risk} />
      <p class="quiet small">
        Dollars of the price book, over its horizon: <code>gpu-vitals config --reference</code> says where to put prices
        of your own. A GPU's page says what would change its decision.
      </p>
    </>
  );
}

/** Boards that share an answer, the most at risk first. */
function Split(props: {
  readonly title: string;
  readonly totals: Readonly<Record<string, FleetMoney['total']>>;
  readonly names: Readonly<Record<string, string>>;
  readonly href?: (name: string) => string;
}) {
  const { title, totals, names, href } = props;
  const rows = Object.entries(totals)
    .filter(([, { boards }]) => boards > 0)
    .sort(([, a], [, b]) => b.value_at_risk_usd_per_hour - a.value_at_risk_usd_per_hour);
  const most = Math.max(...rows.map(([, { value_at_risk_usd_per_hour: risk }]) => risk));
  return (
    <section class="card table" aria-label={title}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too */}
      <div class="scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {[title, 'Boards', 'At risk $/h', 'Worth', 'More than kept'].map((head, i) => (
                <th key={head} scope="col" class={`plain ${i === 0 ? '' : 'number'}`}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(
              ([name, { boards, value_at_risk_usd_per_hour: risk, expected_value_usd, gain_over_keep_usd }]) => (
                <tr key={name} data-name={name}>
                  <td class="with-bar">
                    {href === undefined ? (names[name] ?? name) : <a href={href(name)}>{names[name] ?? name}</a>}
                    <svg viewBox="0 0 100 4" preserveAspectRatio="none" class="bar-of warning" aria-hidden="true">
                      <rect width="100" height="4" class="ground" />
                      <rect width={most > 0 ? (100 * risk) / most : 0} height="4" class="level" />
                    </svg>
                  </td>
                  <td class="number">{integer(boards)}</td>
                  <td class="number">{money(risk)}</td>
                  <td class="number">{money(expected_value_usd)}</td>
                  <td class="number">{money(gain_over_keep_usd)}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const AT_RISK_HEADS = [
  ['GPU', ''],
  ['At risk $/h', 'number'],
  ['Advice', ''],
  ['Best', ''],
  ['Worth', 'number'],
  ['Why', 'said-why'],
] as const;

function MostAtRisk({ boards }: { readonly boards: FleetMoney['most_at_risk'] }) {
  const { gpus } = useFleet();
  return (
    <section class="card table" aria-labelledby="most-title" data-testid="most-at-risk">
      <h2 id="most-title">
        Most at risk{' '}
        <span class="quiet">{boards.length === 0 ? 'nothing' : `the first ${integer(boards.length)}`}</span>
      </h2>
      {boards.length === 0 ? (
        <p class="quiet empty">No board is expected to lose anything.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                {AT_RISK_HEADS.map(([head, kind]) => (
                  <th key={head} scope="col" class={`plain ${kind}`}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {boards.map((board) => (
                <tr key={board.gpu_uuid} data-gpu={board.gpu_uuid}>
                  <td>
                    <a href={gpuPath(board.gpu_uuid)} title={board.gpu_uuid}>
                      {gpus.has(board.gpu_uuid)
                        ? gpuName(gpus.get(board.gpu_uuid), board.gpu_uuid)
                        : `${board.node} · ${board.gpu_uuid.slice(0, 12)}`}
                    </a>
                  </td>
                  <td class="number">{money(board.value_at_risk_usd_per_hour)}</td>
                  <td>{adviceText(board.advice)}</td>
                  <td>{OPTION_TEXT[board.decision]}</td>
                  <td class="number">{money(board.expected_value)}</td>
                  <td class="said-why">{board.rationale}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

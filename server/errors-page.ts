import { ERRORS, type ErrorCode } from '../pipeline/contract/error-catalogue.ts';
import { RUNBOOKS } from '../pipeline/runbooks/runbooks.ts';
import { docsFrame } from './docs-page.ts';
import { htmlText } from './html-text.ts';

/** The runbook of every error code as a page for people, `#GV-...` leads to one; no script, no external asset. */
export function errorsPage(): string {
  const codes = (Object.keys(ERRORS) as ErrorCode[]).sort();
  const contents = codes.map(
    (code) => `<tr><td><a href="#${code}"><code>${code}</code></a></td><td>${htmlText(ERRORS[code].meaning)}</td></tr>`,
  );
  const sections = codes.map((code) => {
    const { meaning, action } = ERRORS[code];
    const { shows, check, afterwards } = RUNBOOKS[code];
    return `<h2 id="${code}">${code}</h2><p><strong>${inline(meaning)}</strong></p>
<p>How it shows: ${inline(shows)}</p><p>What to check:</p><ol>${items(check)}</ol>
<p>What to do:</p><ul>${items([action, ...afterwards])}</ul>`;
  });
  return docsFrame(
    'Errors of gpu-vitals',
    `<p><a href="/docs">The API</a></p><table><tr><th>Code</th><th>Meaning</th></tr>${contents.join('')}</table>${sections.join('')}`,
  );
}

const items = (lines: readonly string[]): string => lines.map((line) => `<li>${inline(line)}</li>`).join('');

/** Text whose backticks are code. */
const inline = (text: string): string =>
  text
    .split('`')
    .map((part, i) => (i % 2 === 1 ? `<code>${htmlText(part)}</code>` : htmlText(part)))
    .join('');

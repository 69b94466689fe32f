import { ERRORS, type ErrorCode } from '../contract/error-catalogue.ts';
import { RUNBOOKS } from './runbooks.ts';

/** The runbooks as Markdown, one section a code; `#GV-...` leads to it. */
export function errorsPage(): string {
  const sections = (Object.keys(ERRORS) as ErrorCode[]).sort().flatMap((code) => {
    const { meaning, action } = ERRORS[code];
    const { shows, check, afterwards } = RUNBOOKS[code];
    return [
      '',
      `<a id="${code}"></a>`,
      '',
      `## ${code}`,
      '',
      `**${meaning}**`,
      '',
      `How it shows: ${shows}`,
      '',
      'What to check:',
      '',
      ...check.map((line, i) => `${i + 1}. ${line}`),
      '',
      'What to do:',
      '',
      ...[action, ...afterwards].map((line) => `- ${line}`),
    ];
  });
  return [
    '# Errors',
    '',
    'Generated from `pipeline/contract/errors.ts` and `pipeline/runbooks` by `npm run generate`. A running API serves the same at `/docs/errors`, which the `type` of every error answer leads to.',
    ...sections,
    '',
  ].join('\n');
}

// Renders docs/errors.md from the one catalogue of error codes: `node docs/render-errors.ts > docs/errors.md`.
import { errorCatalog } from '../lambda/errors.ts';

/** The page, as Markdown. A test holds that docs/errors.md is this text. */
export function renderErrors(): string {
  const rows = Object.entries(errorCatalog).map(
    ([code, { status, retryable, summary }]) =>
      `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${summary} |`,
  );
  return [
    '# Error codes',
    '',
    'Made from `lambda/errors.ts` by `docs/render-errors.ts`; edit it there.',
    '',
    'The API answers `{ "error": { "code", "message", "details", "retryable" } }` with the status below. A',
    'retryable error can pass when the same request is sent again unchanged.',
    '',
    '| code | status | retryable | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

if (import.meta.main) process.stdout.write(renderErrors());

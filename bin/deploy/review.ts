import { costOf, renderCostDifference } from '../../lib/cost/index.ts';
import { renderDifferences, renderJudgement } from '../../lib/guard/index.ts';
import type { Check } from './check.ts';

/**
 * What a reviewer is told of one environment, in Markdown: what would be lost, what it costs, what changes.
 * @param mostCharacters GitHub takes comments of 65,536 characters, for all environments together.
 */
export function renderReview(check: Check, mostCharacters = 20_000): string {
  const before = costOf(
    check.pairs.flatMap(({ name, deployed }) =>
      deployed === undefined ? [] : [{ name, template: deployed }],
    ),
  );
  const after = costOf(check.pairs.map(({ name, next }) => ({ name, template: next })));
  const judgement = renderJudgement(check, check.environment);
  const changes = check.pairs.flatMap(({ name, deployed, next }) => {
    const text = renderDifferences(deployed ?? {}, next);
    return text === '' ? [] : [{ name: deployed === undefined ? `${name} (new)` : name, text }];
  });
  const head = [
    `### ${check.environment}`,
    '',
    ...(judgement === ''
      ? ['Nothing that holds data would be lost.']
      : [
          check.refused.length > 0 ? '**The deployment will be refused.**' : 'Read this first.',
          '',
          fenced(judgement),
        ]),
    '',
    `Cost: ${renderCostDifference(before, after)}`,
    '',
    changes.length === 0
      ? 'No stack changes.'
      : `${changes.length} stack(s) change: ${changes.map(({ name }) => name).join(', ')}.`,
  ].join('\n');
  const details = changes.map(
    ({ name, text }) => `\n<details><summary>${name}</summary>\n\n${fenced(text)}\n\n</details>`,
  );
  return `${[head, ...fitting(details, mostCharacters - head.length)].join('\n')}\n`;
}

/** As many as there is room for; what is left out is told. */
function fitting(parts: readonly string[], room: number): readonly string[] {
  const fits: string[] = [];
  let left = room;
  for (const part of parts) {
    if (part.length + 1 > left) break;
    fits.push(part);
    left -= part.length + 1;
  }
  const missing = parts.length - fits.length;
  return missing === 0
    ? fits
    : [
        ...fits,
        `\nThe changes of ${missing} stack(s) are too long for a comment: they are in the log of the job.`,
      ];
}

/** Longer than any fence in the text, which then ends nothing. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

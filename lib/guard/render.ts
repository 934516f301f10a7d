import type { Judgement } from './judge.ts';
import type { Fate, Loss } from './losses.ts';

const fates: Readonly<Record<Fate, string>> = {
  kept: 'What is there now is kept, outside of the stack',
  snapshotted: 'What is there now is destroyed after a last snapshot',
  destroyed: 'What is there now is destroyed',
};

/** One sentence or two: what would be lost, why, and what becomes of the data. */
function renderLoss(loss: Loss): string {
  const name = loss.path === loss.logicalId ? loss.logicalId : `${loss.path} (${loss.logicalId})`;
  const what =
    loss.kind === 'removed'
      ? `would leave ${loss.stack}`
      : `${loss.certain ? 'would' : 'may'} be replaced by an empty one, since ${loss.because.join(', ')} ${loss.because.length === 1 ? 'changes' : 'change'}`;
  return `${loss.type} ${name} ${what}. ${fates[loss.fate]}.`;
}

const runbookOf = (loss: Loss): string => `docs/runbooks/${loss.runbook}.md`;

/** For people: all that is refused with what to do about it, then what passes. */
export function renderJudgement(judgement: Judgement, environment: string): string {
  const { refused, allowed, unused, expired } = judgement;
  return [
    ...refused.map((loss) =>
      [
        `refused: ${renderLoss(loss)}`,
        `  Follow ${runbookOf(loss)}; or change the code back. To let it happen, add to lib/environments/allowed-losses.ts:`,
        `  ${allowanceFor(loss, environment)}`,
      ].join('\n'),
    ),
    ...allowed.map((loss) => `allowed: ${renderLoss(loss)}`),
    ...unused.map(
      ({ stack, resource, loss }) =>
        `warning: allowed-losses.ts lets ${resource} of ${stack} be ${loss}, which this deployment does not do: take the line out`,
    ),
    ...expired.map(
      ({ stack, resource, until }) =>
        `warning: allowed-losses.ts has a line for ${resource} of ${stack} that ended on ${until}: it allows nothing, take it out`,
    ),
  ].join('\n');
}

const allowanceFor = ({ stack, path, kind }: Loss, environment: string): string =>
  `{ environment: '${environment}', stack: '${stack}', resource: '${path}', loss: '${kind}', reason: '…', until: 'YYYY-MM-DD' },`;

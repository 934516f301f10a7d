import { PolystoreError } from '../errors.ts';
import { type Catalog, storeOf } from '../model/index.ts';
import { backOffMs } from '../stores/backoff.ts';
import { unknownScope } from './capture-letters.ts';
import type { JobTools } from './job-tools.ts';
import type { LetterBox } from './letter-box.ts';
import type { KeptLetter, LetterRef, SeenLetter } from './letter-item.ts';
import { type Retried, retryLetter } from './retry-letter.ts';

/** Open letters of a model, to look at and to retry. */
export interface LetterDesk {
  list(request: {
    readonly store?: string | undefined;
    readonly scope?: string | undefined;
    readonly closed?: boolean | undefined;
    readonly limit: number;
  }): Promise<readonly KeptLetter[]>;
  show(letter: LetterRef): Promise<KeptLetter>;
  /** One letter; it is closed when that mends it. */
  retry(letter: LetterRef): Promise<Retried>;
  /** Those whose turn it is. Answers what came of each kind, and which views want a backfill. */
  retryDue(untilMs: number): Promise<RetrySummary>;
  discard(letter: LetterRef, note: string): Promise<void>;
  /** Closes letters that a backfill has made good; one that was seen again since it began stays open. */
  closeFilled(letters: readonly SeenLetter[], job: string): Promise<void>;
}

export interface RetrySummary {
  readonly mended: number;
  readonly open: number;
  readonly backfills: readonly { readonly letter: KeptLetter; readonly views: readonly string[] }[];
}

const pageSize = 100;
/** Between tries in vain: a minute at first, a day in the end. */
const pauses = { firstMs: 60_000, mostMs: 24 * 3600 * 1000 };

export function createLetterDesk(
  tools: Pick<JobTools, 'catalog' | 'stores' | 'clock'> & {
    readonly box: LetterBox;
    readonly random: () => number;
  },
): LetterDesk {
  const { box, catalog, clock, random } = tools;
  const find = async (letter: LetterRef): Promise<KeptLetter> => {
    const found = await box.find(letter);
    if (found !== undefined) return found;
    throw new PolystoreError(
      'invalid_request',
      `There is no open dead letter '${letter.id}' of ${letter.scope} in ${letter.store}. "polystore dead-letters list" shows those there are.`,
    );
  };
  const settle = async (letter: KeptLetter): Promise<Retried> => {
    const retried = await retryLetter(tools, letter);
    if (retried.kind === 'mended') await box.close(letter, { outcome: 'mended', note: retried.note });
    if (retried.kind === 'open') {
      // Half of the time is fixed: what fails together is not tried together again.
      const pauseMs = backOffMs(letter.attempts + 1, 0.5 + random() / 2, pauses);
      await box.postpone(letter, { reason: retried.reason, nextTryMs: clock() + pauseMs });
    }
    return retried;
  };
  return {
    async list({ store, scope, closed = false, limit }) {
      const letters: KeptLetter[] = [];
      for (const each of scopesOf(catalog)) {
        if ((store !== undefined && each.store !== store) || (scope !== undefined && each.scope !== scope))
          continue;
        let after: string | undefined;
        do {
          if (letters.length >= limit) return letters;
          const page = await box.list({ ...each, closed, after, limit: limit - letters.length });
          letters.push(...page.letters);
          after = page.next;
        } while (after !== undefined);
      }
      return letters;
    },
    show: find,
    retry: async (letter) => settle(await find(letter)),
    async retryDue(untilMs) {
      const counts = { mended: 0, open: 0 };
      const backfills: RetrySummary['backfills'][number][] = [];
      for (const each of scopesOf(catalog)) {
        let after: string | undefined;
        do {
          const page = await box.list({ ...each, after, limit: pageSize });
          after = page.next;
          for (const letter of page.letters) {
            if (clock() >= untilMs) return { ...counts, backfills };
            if (letter.nextTry !== undefined && Date.parse(letter.nextTry) > clock()) continue;
            const retried = await settle(letter);
            if (retried.kind === 'backfill') backfills.push({ letter, views: retried.views });
            else counts[retried.kind] += 1;
          }
        } while (after !== undefined);
      }
      return { ...counts, backfills };
    },
    async closeFilled(letters, job) {
      for (const letter of letters)
        await box.close(letter, { outcome: 'mended', note: `the view was filled by ${job}` });
    },
    async discard(letter, note) {
      if (note.trim() === '')
        throw new PolystoreError(
          'invalid_request',
          'A dead letter is discarded for a reason: a view lacks a change for ever. Say which.',
        );
      if (!(await box.close(await find(letter), { outcome: 'discarded', note })))
        throw new PolystoreError(
          'conflict',
          'The dead letter was seen again, or closed, at the same moment. Look at it again.',
        );
    },
  };
}

/** Of whom there can be letters: each view, and each entity and topic in each of its stores, and what capture keeps. */
function scopesOf(catalog: Catalog): readonly { readonly store: string; readonly scope: string }[] {
  const unknown = { store: 'capture', scope: unknownScope };
  const ofEntities = catalog.entities.flatMap(({ name, topic, views }) => {
    const stores = [...new Set(views.map(storeOf))];
    return [
      ...views.map((view) => ({ store: storeOf(view), scope: `${name}.${view.name}` })),
      ...[...stores, 'capture'].map((store) => ({ store, scope: name })),
      ...stores.map((store) => ({ store, scope: topic })),
    ];
  });
  return [...ofEntities, unknown];
}

/** A mistake that somebody could make in one line of the deployed code. */
export interface PlantedBug {
  readonly name: string;
  /** Below `lambda/`. */
  readonly file: string;
  /** Exactly one place in the file. */
  readonly find: string;
  readonly replace: string;
  /** What the simulation must say of it, so that it is caught for what it does. */
  readonly says: RegExp;
  /**
   * A seed whose run shows it soon. It saves time and promises nothing: when the run of another order of events
   * shows it no more, all seeds are tried.
   */
  readonly seed: number;
}

const notEqual = /lacks|shows|rule 1/;
const noLetter = /no letter/;

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a batch keeps the change of a key that came last, whatever its version',
    file: 'change/change.ts',
    find: 'if (held === undefined || change.version > held.version)',
    replace: 'if (held === undefined || change.version !== held.version)',
    says: notEqual,
    seed: 28,
  },
  {
    name: 'a row that moved is left behind: a batch forgets the place that it left',
    file: 'change/change.ts',
    find: '{placeOf(change)}`',
    replace: "{''}`",
    says: notEqual,
    seed: 6,
  },
  {
    name: 'apply drops deletes',
    file: 'sync/apply-plan.ts',
    find: "else if (decoded.kind === 'change') {",
    replace:
      "else if (decoded.kind === 'change' && decoded.change.kind === 'delete') ignored += 1;\n    else if (decoded.kind === 'change') {",
    says: notEqual,
    seed: 3,
  },
  {
    name: 'a tombstone is swept while the log can still be applied again',
    file: 'stores/tombstone.ts',
    find: 'logKeepMs + 2 * 24 * 3600 * 1000',
    replace: 'logKeepMs / 7',
    says: /rule 2/,
    seed: 6,
  },
  {
    name: 'a version goes through a JSON number',
    file: 'change/version.ts',
    find: 'return ((BigInt(generation) << positionBits) | position) as Version;',
    replace: 'return BigInt(Number((BigInt(generation) << positionBits) | position)) as Version;',
    says: notEqual,
    seed: 3,
  },
  {
    name: 'capture names the last failure in place of the first',
    file: 'sync/capture.ts',
    find: 'done.indexOf(false)',
    replace: 'done.lastIndexOf(false)',
    says: notEqual,
    seed: 136,
  },
  {
    name: 'capture names no failure',
    file: 'sync/capture.ts',
    find: 'if (first === -1) {',
    replace: 'if (first !== -2) {',
    says: notEqual,
    seed: 8,
  },
  {
    name: 'capture drops deletes',
    file: 'sync/capture.ts',
    find: 'const captured = planCapture(',
    replace: 'if (stream.dynamodb?.NewImage?.deleted) continue; const captured = planCapture(',
    says: /shows/,
    seed: 5,
  },
  {
    name: 'a slow clock writes a version below the one it replaces',
    file: 'stores/dynamodb/writer.ts',
    find: 'return old === undefined || now > old ? now : old + 1n;',
    replace: 'return now;',
    says: notEqual,
    seed: 28,
  },
  {
    name: 'a tombstone item does not keep what its row was located by',
    file: 'stores/dynamodb/item.ts',
    find: 'item.deleted = { BOOL: true };',
    replace: 'item.deleted = { BOOL: true };if (item.deleted) return item;',
    says: /shows/,
    seed: 5,
  },
  {
    name: 'apply goes on when its store has failed',
    file: 'sync/apply.ts',
    find: 'throw failed.reason;',
    replace: '',
    says: /did not fail/,
    seed: 5,
  },
  {
    name: 'apply keeps no letter of what a view refused',
    file: 'sync/apply.ts',
    find: 'if (rejected.length > 0)\n',
    replace: 'if (rejected.length < 0)\n',
    says: noLetter,
    seed: 3,
  },
  {
    name: 'apply keeps no letter of what nobody can read',
    file: 'sync/apply.ts',
    find: 'if (plan.poison.length > 0)',
    replace: 'if (plan.poison.length < 0)',
    says: noLetter,
    seed: 25,
  },
  {
    name: 'ingest acknowledges what the log has not',
    file: 'sync/ingest.ts',
    find: 'if (error === undefined && position !== undefined) return position;',
    replace: "return position ?? { topic: '', partition: 0, offset: 0n };",
    says: /acknowledged/,
    seed: 23,
  },
  {
    name: 'a row without a score stands in a sorted set',
    file: 'stores/placement.ts',
    find: "if (target.kind === 'redis.sortedSet') return present(target.score);",
    replace: "if (target.kind === 'redis.sortedSet') return true;",
    says: /shows/,
    seed: 5,
  },
  {
    name: 'a row stays when it has expired',
    file: 'stores/placement.ts',
    find: 'return Date.parse(at) + expire.afterMs;',
    replace: 'return undefined;',
    says: /shows/,
    seed: 5,
  },
  {
    name: 'the removal of an item by somebody else is no change',
    file: 'sync/capture-plan.ts',
    find: 'if (removed === undefined) return',
    replace: 'if (removed !== null) return',
    says: /shows/,
    seed: 5,
  },
  {
    name: 'progress is kept before the write',
    file: 'sync/apply.ts',
    find: '    const outcomes: PromiseSettledResult<ViewResult>[] = [];',
    replace: '    await progress?.taken(records); const outcomes: PromiseSettledResult<ViewResult>[] = [];',
    says: /lacks .*: progress of/,
    seed: 5,
  },
  {
    name: 'an older success closes a letter, which hides that progress passed it',
    file: 'sync/supersede.ts',
    find: "if ((letter.version ?? '') <= version)",
    replace: 'if (version)',
    says: /no letter|lacks/,
    seed: 11,
  },
  {
    name: 'a clock that is far off writes nevertheless',
    file: 'stores/dynamodb/service-clock.ts',
    find: 'if (low <= limitMs && high >= -limitMs) return;',
    replace: 'if (low <= limitMs || high >= -limitMs) return;',
    says: /ahead of its time/,
    seed: 55,
  },
  {
    name: 'the truth of Aurora is given the position where the next record begins',
    file: 'stores/aurora/truth.ts',
    find: 'createVersion(generation, position - 1n)',
    replace: 'createVersion(generation, position)',
    says: notEqual,
    seed: 46,
  },
  {
    name: 'the truth of Aurora does not wait for the transactions in flight',
    file: 'stores/aurora/truth.ts',
    find: '  await awaitInFlight(client, placement, { waitMs, waiting });\n',
    replace: '',
    says: notEqual,
    seed: 73,
  },
  {
    name: 'a backfill does not remove what the source lacks',
    file: 'sync/backfill.ts',
    find: 'if (placement === undefined) return finish(',
    replace: 'if (placement !== null) return finish(',
    says: notEqual,
    seed: 14,
  },
  {
    name: "a backfill's progress is the end of the log after it has read",
    file: 'sync/backfill.ts',
    find: 'if (counts.unreadable === 0) await moveProgress(tools, views, { entity, ends });',
    replace:
      'if (counts.unreadable === 0) await moveProgress(tools, views, { entity, ends: (await tools.endOffsets(entity.topic)).map(({ partition, offset }) => ({ partition, offset: String(offset) })) });',
    says: /progress of/,
    seed: 29,
  },
  {
    name: 'a repair is applied under rule 1',
    file: 'sync/project.ts',
    find: 'const result = await store.repair(placement, repairs);',
    replace:
      'const result = { repaired: (await store.apply(placement, repairs.map(({ change }) => change))).applied, moved: [] };',
    says: /verify finds/,
    seed: 5,
  },
  {
    name: 'the generation of a change is looked up when it is read',
    file: 'change/decode.ts',
    find: 'parseGeneration(record.headers[headerNames.generation])',
    replace: 'parseGeneration(process.env.POLYSTORE_GENERATION)',
    says: notEqual,
    seed: 5,
  },
  {
    name: 'a row whose key is gone from DynamoDB is left where it was',
    file: 'sync/project.ts',
    find: 'if (suspect.length === 0) return 0;',
    replace: 'if (suspect.length >= 0) return 0;',
    says: notEqual,
    seed: 14,
  },
  {
    name: 'a rebuild is switched to before it is filled',
    file: 'sync/rebuild.ts',
    find: "return { phase: 'carry', build: state.build, after: null };",
    replace: "return { phase: 'activate', build: state.build };",
    says: /lacks|shows|rule 1|no letter/,
    seed: 12,
  },
  {
    name: 'verify does not look for rows that the source lacks',
    file: 'sync/verify-rows.ts',
    find: "kinds: ['extra']",
    replace: 'kinds: []',
    says: /verify finds/,
    seed: 5,
  },
  {
    name: 'a letter is closed though its cause is not mended',
    file: 'sync/retry-letter.ts',
    find: 'return first === undefined ?',
    replace: 'return first !== null ?',
    says: /lacks|no letter/,
    seed: 22,
  },
  {
    name: 'a rebuild forgets what was deleted, so that the log applied again brings it back',
    file: 'sync/rebuild.ts',
    find: 'if (tombstones.length > 0)',
    replace: 'if (tombstones.length < 0)',
    says: /forgets the delete/,
    seed: 29,
  },
];

import type { BugInCode } from '../../plant-bug.ts';

/** A mistake that somebody could make in one line of the deployed code, or in a statement of the schema. */
export type PlantedBug = {
  readonly name: string;
  /** Placements, or paths of the API, at each of which the attacks must show foreign values. */
  readonly shows: readonly string[];
} & (
  | BugInCode
  | {
      /** Run as the superuser, and what undoes it. */
      readonly statement: string;
      readonly undo: string;
    }
);

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'the tenant is no condition of the plan',
    file: 'query/plan-read.ts',
    find: 'return condition === undefined ? select : { ...select, where: [condition, ...select.where] };',
    replace: 'return condition === null ? withTenant(select, tenant) : select;',
    shows: [
      'POST /query',
      'sighting.source',
      'sighting.board',
      'sighting.byTime',
      'sighting.byPlace',
      'sighting.hourly',
      'sighting.found',
      'sighting.logged',
      'sighting.history',
      'combined',
    ],
  },
  {
    name: 'a search index is asked without the tenant',
    file: 'query/prospects.ts',
    find: '[planOpensearch(asked, view, context)]',
    replace:
      '[planOpensearch({ ...asked, select: { ...asked.select, where: asked.select.where.slice(1) } }, view, context)]',
    shows: ['sighting.found', 'sighting.logged'],
  },
  {
    name: 'the archive is asked without the tenant',
    file: 'query/prospects.ts',
    find: '[planArchive(asked, view, context)]',
    replace:
      '[planArchive({ ...asked, select: { ...asked.select, where: asked.select.where.slice(1) } }, view, context)]',
    shows: ['sighting.history'],
  },
  {
    name: 'a tenant enters Aurora as an operator',
    file: 'stores/aurora/transaction.ts',
    find: "return { text: 'select polystore.enter($1, $2)', params: [actor.tenant, timeout] };",
    replace: "return { text: 'select polystore.enter_operator($1)', params: [timeout] };",
    shows: ['POST /query', 'aurora.writer'],
  },
  {
    name: 'row-level security is off for a source',
    statement: 'alter table source.account disable row level security',
    undo: 'alter table source.account enable row level security',
    shows: ['POST /query', 'aurora.writer'],
  },
  {
    name: 'row-level security is off for a view',
    statement: 'alter table view.sighting__table disable row level security',
    undo: 'alter table view.sighting__table enable row level security',
    shows: ['aurora.writer'],
  },
  {
    name: 'what is looked through has the rights of its owner, whom no policy holds',
    statement:
      'alter view entities.account set (security_invoker = false); alter table source.account no force row level security',
    undo: 'alter view entities.account set (security_invoker = true); alter table source.account force row level security',
    shows: ['POST /query', 'aurora.writer'],
  },
];

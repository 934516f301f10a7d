import { randomUUID } from 'node:crypto';
import type { Change, Row } from '../../../lambda/change/change.ts';
import {
  bigint,
  boolean,
  type Catalog,
  compile,
  date,
  decimal,
  entity,
  entityOf,
  float,
  integer,
  json,
  kafka,
  model,
  opensearch,
  parseRow,
  shared,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { createOpensearchStore, ensureSearch } from '../../../lambda/stores/opensearch/index.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { placementOf, upsert } from '../contract-model.ts';

/** Books, searched by all analyzers there are; nobody's, so that every test has a model of its own. */
const book = entity('book', {
  key: ['isbn'],
  tenant: shared,
  fields: {
    isbn: text(),
    title: text().optional(),
    plain: text().optional(),
    exact: text().optional(),
    simple: text().optional(),
    pages: integer().optional(),
    sold: bigint().optional(),
    price: decimal(20, 2).optional(),
    weight: float().optional(),
    inPrint: boolean().optional(),
    printedAt: timestamp().optional(),
    bornOn: date().optional(),
    notes: json().optional(),
  },
  source: kafka(),
  views: {
    search: opensearch.index({
      text: { title: 'english', plain: 'standard', exact: 'whitespace', simple: 'simple' },
    }),
  },
});

export const connection = () =>
  ({ endpoint: sharedEngines().opensearch.url, auth: 'none', region: 'eu-west-1' }) as const;

export interface Library {
  readonly catalog: Catalog;
  readonly books: Placement;
  readonly store: ReturnType<typeof createOpensearchStore>;
  put(...rows: readonly Partial<Row>[]): Promise<void>;
  /** One request to the engine itself. */
  ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

/** A store of books, visible to searches as soon as they are put. */
export async function openLibrary(options: { readonly pageRows?: number } = {}): Promise<Library> {
  const catalog = compile(model(`books-${randomUUID().slice(0, 13)}`, [book]));
  await ensureSearch(catalog, connection());
  const books = placementOf(catalog, 'book.search');
  const store = createOpensearchStore({
    ...connection(),
    model: catalog.name,
    clock: Date.now,
    refresh: true,
    ...options,
  });
  return {
    catalog,
    books,
    store,
    async put(...rows) {
      await store.apply(
        books,
        rows.map((row) => bookOf(catalog, row)),
      );
    },
    ask,
  };
}

/** The change that puts a book, version 1. */
export const bookOf = (catalog: Catalog, row: Partial<Row>): Change => {
  const books = entityOf(catalog, 'book');
  return upsert(books, parseRow(books, row), 1);
};

export async function ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${connection().endpoint}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  // Every answer of these requests is a JSON object.
  return (await response.json()) as Record<string, unknown>;
}

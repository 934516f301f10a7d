import type { AskedStore } from '../stores/store.ts';
import type { ViewStore } from '../stores/view-store.ts';

/**
 * Opens something when it is first asked for, and once: what loads its driver is then no part of a function's start.
 * A failure is not remembered.
 */
export function once<T>(open: () => Promise<T>): {
  (): Promise<T>;
  readonly opened: () => Promise<T> | undefined;
} {
  let opened: Promise<T> | undefined;
  const ask = (): Promise<T> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return Object.assign(ask, { opened: () => opened });
}

/** A store that is opened when it is first asked; what was never opened is closed already. */
export function openStoreLater<S extends AskedStore>(
  open: () => Promise<S>,
): AskedStore & { readonly store: () => Promise<S> } {
  const store = once(open);
  return {
    store,
    read: async (fragment) => (await store()).read(fragment),
    versions: async (placement, keys) => (await store()).versions(placement, keys),
    health: async () => (await store()).health(),
    close: async () => (await store.opened())?.close(),
  };
}

/** A store of views, likewise. */
export function openViewsLater<S extends AskedStore & Pick<ViewStore, 'readProgress'>>(
  open: () => Promise<S>,
) {
  const later = openStoreLater(open);
  const readProgress: ViewStore['readProgress'] = async (placements) =>
    (await later.store()).readProgress(placements);
  return { ...later, readProgress };
}

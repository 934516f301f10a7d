/** Parts of so many items, the last of what is left. */
export const parted = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, part * size + size),
  );

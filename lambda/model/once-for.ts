/** Makes what belongs to an object when it is first asked for, and keeps it for as long as there is the object. */
export function onceFor<K extends object, T extends NonNullable<unknown>>(make: (of: K) => T): (of: K) => T {
  const made = new WeakMap<K, T>();
  return (of) => {
    const known = made.get(of);
    if (known !== undefined) return known;
    const value = make(of);
    made.set(of, value);
    return value;
  };
}

/** `apply-redis` → `ApplyRedis`: how names become ids of constructs and stacks. */
export const pascalCase = (name: string): string =>
  name.replace(/(^|-)([a-z0-9])/g, (_, _hyphen: string, first: string) => first.toUpperCase());

export { SearchStore, type SearchStoreProps } from './search-store.ts';
export { type DailyIndexLoad, dailyIndexLoads } from './sizing.ts';
export { checkTiersAreUsed, type SearchTiers } from './tiers.ts';

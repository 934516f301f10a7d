import type { RedisGeoPlacement } from './catalog.ts';
import type { RedisGeoView } from './language.ts';
import type { ViewContext } from './view-context.ts';

/** A geo index: its place is fixed as any view's, its position may change. */
export function compileGeo(view: RedisGeoView, context: ViewContext): RedisGeoPlacement {
  const { name, where, problems, resolve, term, tenantLeads, held, expiry, typeOf } = context;
  const by = view.by.map((declared) => term(declared, 'by'));
  tenantLeads(by, 'by');
  const columns = held(view.fields);
  const degrees = (part: 'latitude' | 'longitude'): string => {
    const column = resolve(view[part], `views.${name}.${part}`);
    const type = typeOf(column);
    if (type !== undefined && type !== 'float' && type !== 'decimal')
      problems.add(
        `${where}.${part}`,
        `is '${view[part]}' of type ${type}; a position is in degrees`,
        'use float or decimal',
      );
    if (!columns.includes(column))
      problems.add(`${where}.fields`, `leaves out the ${part} '${view[part]}'`, 'add it');
    return column;
  };
  const latitude = degrees('latitude');
  const longitude = degrees('longitude');
  if (latitude === longitude)
    problems.add(`${where}.longitude`, `is its latitude '${view.latitude}', too`, 'name the field of each');
  return { kind: view.kind, name, columns, expire: expiry(view.expire), by, latitude, longitude };
}

import type { Table } from '../../lib/tools/serverless-config.ts';

/**
 * AWS's arithmetic of request units, from item images and the projections in serverless.yml.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html and
 * …/GSI.html#GSI.ThroughputConsiderations, …/LSI.html#LSI.ThroughputConsiderations
 */
type Item = Record<string, unknown>;

interface Index {
  IndexName: string;
  KeySchema: { AttributeName: string }[];
  Projection: { NonKeyAttributes?: string[] };
}

/** Bytes of an item: names and values in UTF-8, numbers by their digits, maps and lists with what they take themselves. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).replace(/^0+|0+$/g, '').length / 2) + 1;
  if (Array.isArray(value)) return 3 + value.reduce((sum, entry) => sum + 1 + valueBytes(entry), 0);
  if (typeof value === 'object' && value !== null) return 3 + Object.keys(value).length + itemBytes(value as Item);
  return 1;
}

/** Write units of one UpdateItem: the table's, and those of every index whose image it changes. */
export function writeUnits(table: Table, before: Item | undefined, after: Item): number {
  const indexes = [
    ...((table.LocalSecondaryIndexes ?? []) as Index[]),
    ...((table.GlobalSecondaryIndexes ?? []) as Index[]),
  ];
  return indexes.reduce(
    (sum, index) => sum + indexUnits(index, table, before, after),
    kilobytes(Math.max(itemBytes(before ?? {}), itemBytes(after))),
  );
}

function indexUnits(index: Index, table: Table, before: Item | undefined, after: Item): number {
  const [was, is] = [project(index, table, before), project(index, table, after)];
  if (JSON.stringify(was) === JSON.stringify(is)) return 0;
  if (was === undefined || is === undefined) return kilobytes(itemBytes(was ?? is ?? {}));
  const sameKey = index.KeySchema.every(({ AttributeName }) => was[AttributeName] === is[AttributeName]);
  if (sameKey) return kilobytes(Math.max(itemBytes(was), itemBytes(is)));
  return kilobytes(itemBytes(was)) + kilobytes(itemBytes(is));
}

/** What an index holds of an item; undefined: the item is not in it. */
export function project(index: Index, table: Table, item: Item | undefined): Item | undefined {
  const keys = index.KeySchema.map(({ AttributeName }) => AttributeName);
  if (item === undefined || !keys.every((key) => key in item)) return undefined;
  const tableKeys = (table.KeySchema as Index['KeySchema']).map(({ AttributeName }) => AttributeName);
  const names = new Set([...tableKeys, ...keys, ...(index.Projection.NonKeyAttributes ?? [])]);
  return Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => names.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function kilobytes(bytes: number): number {
  return Math.ceil(bytes / 1024);
}

/** Units of a consistent read of so many bytes: one for each 4 kB, and at least one. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 4096));
}

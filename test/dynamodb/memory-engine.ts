import type { Engine, Keys, Write } from '../../lib/dynamodb/engine.ts';
import { type Item, keyOf } from '../../lib/dynamodb/items.ts';
import type { FactKey } from '../../lib/dynamodb/keys.ts';
import type { KeyQuery, Update } from '../../lib/dynamodb/requests.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import type { SessionKey } from '../../lib/streams/session.ts';
import type { Store } from '../../lib/streams/store.ts';

// An engine in memory, for as many schedules as no engine over HTTP could serve. It executes the requests of the
// store: a small evaluator of just the expressions that stand there, which throws on anything else. That it does what
// an engine does is shown by histories.engine.test.ts. Ids are taken to be ASCII: then strings sort as their bytes do.

type Table = ReadonlyMap<string, Item>;

/** What is stored. Items are replaced, never changed: so a copy of the Maps is a copy of it all. */
export interface Memory {
  sessions: Table;
  rooms: Table;
  /** `sessions` before each of the last writes, the newest first, as far as an index may lag. */
  past: readonly Table[];
}

export const EMPTY: Memory = { sessions: new Map(), rooms: new Map(), past: [] };

/** One request of the store. */
export type Operation = { query: KeyQuery } | { batchGet: Keys } | { update: Write };

export interface MemoryOptions {
  /** Our clock in ms. */
  nowMs?: number;
  liveShards?: number;
  /** So many writes the indexes `live` and `room` are behind. */
  lag?: () => number;
  /** Is awaited before a request is executed and after it: a place to wait, and to crash. */
  gate?: (operation: Operation, when: 'before' | 'after') => Promise<void> | void;
}

/** Longest lag that is kept. */
const LAG = 4;

/** Opens what is stored in `box.memory`. */
export function memoryStore(box: { memory: Memory }, options: MemoryOptions = {}): Store {
  return storeOn(memoryEngine(box, options), options);
}

export function storeOn(engine: Engine, { nowMs = 0, liveShards = 1 }: MemoryOptions = {}): Store {
  return createStore(engine, nowMs, liveShards);
}

export function memoryEngine(box: { memory: Memory }, { lag = () => 0, gate }: MemoryOptions = {}): Engine {
  async function request<T>(operation: Operation, execute: () => T): Promise<T> {
    if (gate !== undefined) await gate(operation, 'before');
    const result = execute();
    if (gate !== undefined) await gate(operation, 'after');
    return result;
  }

  return {
    query: (query, from) =>
      request({ query }, () => {
        const { sessions, past } = box.memory;
        const isBehind = query.IndexName !== 'siblings';
        const found = runQuery(query, (isBehind ? past[Math.min(lag(), past.length) - 1] : undefined) ?? sessions);
        const start = from === undefined ? 0 : found.findIndex((item) => nameOfItem(item) === nameOfItem(from)) + 1;
        const items = found.slice(start, start + query.Limit);
        const last = items.at(-1);
        return last !== undefined && start + query.Limit < found.length ? { items, last } : { items };
      }),
    batchGet: (keys) =>
      request({ batchGet: keys }, () => ({
        sessions: getItems(keys.sessions ?? [], box.memory.sessions),
        rooms: getItems(keys.rooms ?? [], box.memory.rooms),
      })),
    update: (...write) =>
      request({ update: write }, () => {
        const written = land(box.memory, write);
        const changed = written !== box.memory;
        const { sessions, past } = box.memory;
        box.memory = written.sessions === sessions ? written : { ...written, past: [sessions, ...past].slice(0, LAG) };
        return changed;
      }),
  };
}

/** @returns what a write leaves, or the very memory when its condition does not hold */
export function land(memory: Memory, [table, update]: Write): Memory {
  const written = runUpdate<SessionKey | FactKey>(update, memory[table]);
  return written === memory[table] ? memory : { ...memory, [table]: written };
}

function getItems(keys: readonly (SessionKey | FactKey)[], table: Table): Item[] {
  const names = keys.map(nameOfKey);
  if (new Set(names).size !== names.length) throw new Error('BatchGetItem refuses a key that is asked twice');
  return names.map((name) => table.get(name)).filter((item) => item !== undefined);
}

function nameOfItem(item: Item): string {
  return nameOfKey(keyOf(item));
}

function nameOfKey(key: SessionKey | FactKey): string {
  return 'fact' in key ? `${key.room}\0${key.fact}` : `${key.stream_id}\0${key.stream_sid}`;
}

/** @returns the table with the update, or the very table when the condition does not hold */
export function runUpdate<Key extends SessionKey | FactKey>(update: Update<Key>, table: Table): Table {
  const {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  } = update;
  const name = nameOfKey(update.Key);
  const before = table.get(name);
  const [changes, condition] = compiled(UpdateExpression, ConditionExpression, names, values);
  if (!condition(before ?? {}, names, values)) return table;
  const item: Item = { ...(before ?? update.Key) };
  for (const { action, attribute, value, keeps } of changes) {
    const path = names[attribute] as string;
    if (path in update.Key) throw new Error(`${path} is part of the key`);
    const operand = value === undefined ? undefined : values[value];
    if (action === 'REMOVE') delete item[path];
    else if (action === 'SET' && keeps) item[path] ??= operand;
    else if (action === 'SET') item[path] = operand;
    else if (typeof operand === 'number' && typeof (item[path] ?? 0) === 'number')
      item[path] = Number(item[path] ?? 0) + operand;
    else throw new Error(`ADD to ${path}: not a number`);
  }
  for (const key of ['sibling_key', 'live_key', 'live_room']) {
    if (key in item && (typeof item[key] !== 'string' || item[key] === '')) throw new Error(`${key} is no key`);
  }
  return new Map(table).set(name, item);
}

const INDEX_KEYS: Record<string, [partition: string, sort: string]> = {
  siblings: ['stream_id', 'sibling_key'],
  live: ['live_shard', 'live_key'],
  room: ['live_room', 'live_key'],
};

/** Everything that the query finds, beyond its limit too, in order. */
function runQuery(query: KeyQuery, table: Table): Item[] {
  const {
    IndexName,
    KeyConditionExpression,
    FilterExpression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  } = query;
  const [partition = '', sort = ''] = INDEX_KEYS[IndexName] ?? [];
  if ((query.ConsistentRead ?? false) !== (IndexName === 'siblings')) throw new Error(`consistency of ${IndexName}`);
  const keyNames = KeyConditionExpression.match(/#\w+/g)?.map((name) => names[name]);
  if (
    keyNames?.[0] !== partition ||
    keyNames.slice(1).some((name) => name !== sort) ||
    / OR /.test(KeyConditionExpression)
  ) {
    throw new Error(`no condition for the keys of ${IndexName}: ${KeyConditionExpression}`);
  }
  const all =
    FilterExpression === undefined ? KeyConditionExpression : `${KeyConditionExpression} AND ${FilterExpression}`;
  const [, condition] = compiled('', all, names, values);
  const inIndex = [...table.values()].filter((item) => partition in item && sort in item);
  const found = inIndex.filter((item) => condition(item, names, values));
  const sign = query.ScanIndexForward ? 1 : -1;
  return found.sort((a, b) => ((a[sort] as string) < (b[sort] as string) ? -sign : sign));
}

type Names = Record<string, string>;
type Values = Record<string, unknown>;
type Condition = (item: Item, names: Names, values: Values) => boolean;
interface Change {
  action: 'SET' | 'REMOVE' | 'ADD';
  attribute: string;
  value?: string;
  /** `if_not_exists`: only where the item does not have it. */
  keeps?: boolean;
}

interface Compiled {
  changes: Change[];
  condition: Condition;
  names: ReadonlySet<string>;
  values: ReadonlySet<string>;
}
const cache = new Map<string, Compiled>();

/** Both expressions, after what DynamoDB checks of a request before it looks at an item. */
function compiled(update: string, condition: string, names: Names, values: Values): [Change[], Condition] {
  const text = `${update}\n${condition}`;
  let found = cache.get(text);
  if (found === undefined) {
    found = {
      changes: parseUpdate(update),
      condition: parseCondition(condition),
      names: new Set(text.match(/#\w+/g)),
      values: new Set(text.match(/:\w+/g)),
    };
    cache.set(text, found);
  }
  for (const [used, given] of [
    [found.names, names],
    [found.values, values],
  ] as const) {
    const keys = Object.keys(given);
    const odd = keys.length === used.size ? keys.find((key) => !used.has(key)) : 'one too many or too few';
    if (odd !== undefined) throw new Error(`placeholders do not match (${odd}): ${text} ${Object.keys(given)}`);
  }
  for (const [name, value] of Object.entries(values)) {
    const empty = value instanceof Set && value.size === 0;
    if (empty || value === undefined || Number.isNaN(value)) throw new Error(`${name} has no value: ${String(value)}`);
  }
  return [found.changes, found.condition];
}

function parseUpdate(expression: string): Change[] {
  if (expression === '') return [];
  const clauses = expression.split(/(?<=^|\s)(?=(?:SET|REMOVE|ADD) )/);
  const changes = clauses.flatMap((clause): Change[] => {
    const [, action = '', list = ''] = /^(SET|REMOVE|ADD) (.*?)\s*$/.exec(clause) ?? [];
    return list.split(/, (?![^(]*\))/).map((part): Change => {
      const [, kept, placeholder] = /^(#\w+) = if_not_exists\(\1, (:\w+)\)$/.exec(part) ?? [];
      if (action === 'SET' && kept !== undefined && placeholder !== undefined) {
        return { action, attribute: kept, value: placeholder, keeps: true };
      }
      const form = { SET: /^(#\w+) = (:\w+)$/, ADD: /^(#\w+) (:\w+)$/, REMOVE: /^(#\w+)$/ }[action];
      const [, attribute, value] = form?.exec(part) ?? [];
      if (attribute === undefined) throw new Error(`unknown in an update: ${expression}`);
      return { action: action as Change['action'], attribute, ...(value === undefined ? {} : { value }) };
    });
  });
  if (new Set(changes.map(({ attribute }) => attribute)).size !== changes.length) {
    throw new Error(`paths overlap: ${expression}`);
  }
  return changes;
}

/** OR of ANDs of comparisons, with parentheses. */
function parseCondition(expression: string): Condition {
  const tokens = expression.match(/[#:]\w+|[A-Za-z_]+|<=|>=|<>|\S/g) ?? [];
  let at = 0;
  const unknown = () => new Error(`unknown in a condition: ${tokens[at]} in ${expression}`);
  const take = (token: string) => {
    if (tokens[at++] !== token) throw unknown();
  };
  const placeholder = (sign: '#' | ':'): string => {
    const token = tokens[at++];
    if (token?.[0] !== sign) throw unknown();
    return token;
  };

  function list(separator: string, next: () => Condition, join: (parts: Condition[]) => Condition): Condition {
    const parts = [next()];
    while (tokens[at] === separator) {
      at++;
      parts.push(next());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : join(parts);
  }
  const or = (): Condition =>
    list(
      'OR',
      and,
      (parts) =>
        (...of) =>
          parts.some((part) => part(...of)),
    );
  const and = (): Condition =>
    list(
      'AND',
      comparison,
      (parts) =>
        (...of) =>
          parts.every((part) => part(...of)),
    );

  function comparison(): Condition {
    if (tokens[at] === '(') {
      at++;
      const inner = or();
      take(')');
      return inner;
    }
    if (tokens[at] === 'attribute_not_exists') {
      at++;
      take('(');
      const absent = placeholder('#');
      take(')');
      return (item, names) => !((names[absent] as string) in item);
    }
    const name = placeholder('#');
    const comparator = tokens[at++] ?? '';
    const bound = placeholder(':');
    if (comparator === 'BETWEEN') {
      take('AND');
      const upper = placeholder(':');
      return (item, names, values) => {
        const value = item[names[name] as string];
        return compare(value, '>=', values[bound]) && compare(value, '<=', values[upper]);
      };
    }
    if (!['=', '<', '<=', '>', '>='].includes(comparator)) throw unknown();
    return (item, names, values) => compare(item[names[name] as string], comparator, values[bound]);
  }

  const condition = or();
  if (at !== tokens.length) throw unknown();
  return condition;
}

/** An attribute that is absent, or of another type, compares to nothing. */
function compare(a: unknown, comparator: string, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return ordered(a, comparator, b);
  if (typeof a === 'string' && typeof b === 'string') return ordered(a, comparator, b);
  return false;
}

function ordered<T extends number | string>(a: T, comparator: string, b: T): boolean {
  switch (comparator) {
    case '=':
      return a === b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** What was read for an answer. */
export interface Consumed {
  requests: number;
  /** Entries of indexes that a Query looked at, and the read units that they cost. */
  entries: number;
  entryUnits: number;
  /** Items of the table that a BatchGetItem brought, and theirs. */
  items: number;
  itemUnits: number;
}

export type Meter = (answer: () => Promise<unknown>) => Promise<Consumed>;

interface Output {
  ScannedCount?: number;
  Responses?: Record<string, unknown[]>;
  ConsumedCapacity?: Capacity | Capacity[];
}

interface Capacity {
  CapacityUnits?: number;
}

/**
 * Reads the meter of a client over one answer. Else it is off: an engine reckons units only when it is asked for them,
 * and that would be part of the time.
 */
export function addMeter(client: DynamoDBDocumentClient): Meter {
  let consumed: Consumed | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      if (consumed === undefined) return next(args);
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ScannedCount, Responses = {}, ConsumedCapacity = [] } = result.output as Output;
      const units = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
      consumed.requests += 1;
      if (ScannedCount === undefined) {
        consumed.items += Object.values(Responses).flat().length;
        consumed.itemUnits += units;
      } else {
        consumed.entries += ScannedCount;
        consumed.entryUnits += units;
      }
      return result;
    },
    { step: 'initialize' },
  );
  return async (answer) => {
    const counted = { requests: 0, entries: 0, entryUnits: 0, items: 0, itemUnits: 0 };
    consumed = counted;
    try {
      await answer();
    } finally {
      consumed = undefined;
    }
    return counted;
  };
}

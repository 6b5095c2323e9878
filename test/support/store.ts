import type { Store } from '../../lib/streams/store.ts';

/** A store whose writes of sessions go through `around`, which calls `write`, or does not. */
export function aroundWrites(store: Store, around: (write: () => Promise<boolean>) => Promise<boolean>): Store {
  return {
    ...store,
    close: (...of) => around(() => store.close(...of)),
    save: (...of) => around(() => store.save(...of)),
    saveListing: (...of) => around(() => store.saveListing(...of)),
  };
}
